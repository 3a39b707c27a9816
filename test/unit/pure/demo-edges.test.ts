import { expect } from 'chai';
import { ChoiceWatch } from '../../../demo/page/edge-choice.ts';
import { isOffered } from '../../../demo/page/edge-needs.ts';
import { edgesSentence, viewEdges } from '../../../demo/page/edge-rows.ts';
import { type EdgesSeen, whyMoved } from '../../../demo/page/edge-words.ts';

type Stats = EdgesSeen['edges'][number];

const offers = { bandwidthBitsPerSecond: 40e6, responseTimeMs: 20, availabilityShare: 0.999 };
const heard = { offers, load: 0.1, silentMs: 1_000 };
const all = { 'edge-a': heard, 'edge-b': heard, 'edge-c': heard, 'edge-d': heard };

function stats(edgeId: string, facts: Partial<Stats> = {}, name = edgeId): Stats {
  return {
    listing: {
      ...{ edgeId, name, baseUrl, region: null, kpis: offers, load: 0.05 },
      ...{ costPerGigabyte: null, prior: null, admits: 1, validForMs: 12_000 },
    },
    ...{ predictedMs: 100, scoreMs: 120, firstByteMs: 22, bytesPerMs: 4_000 },
    ...{ failures: 0, isChosen: false, reason: null },
    ...facts,
  };
}

const chosen = { isChosen: true };
const baseUrl = 'http://127.0.0.1/';
const spare = { edgeId: 'edge-c', baseUrl, reason: 'spare', kpi: null } as const;
const unmet = { edgeId: 'edge-d', baseUrl, reason: 'kpi_unmet', kpi: 'bandwidth' } as const;

function view(seen: EdgesSeen, facts: Partial<Parameters<typeof viewEdges>[0]> = {}) {
  return viewEdges({ edges: all, seen, masters: [], ...facts });
}

function seenOf(edges: Stats[], edgesExcluded: EdgesSeen['edgesExcluded'] = []): EdgesSeen {
  return { edges, edgesExcluded };
}

describe('what the demo shows of edges', () => {
  it('tells of each what it offers, what was measured, and how the choice stands', () => {
    const slower = { predictedMs: 1_200, scoreMs: 240, firstByteMs: null, bytesPerMs: null };
    const edges = [stats('edge-a', chosen), stats('edge-b', slower)];
    const rows = view(seenOf(edges, [spare, unmet]));
    const [a, b, c, d] = rows;
    expect(a).to.include({ offers: '40 Mbit/s, 20 ms', measured: '22 ms, 32 Mbit/s' });
    expect(a).to.include({ health: '99.9 % available, load 5\u00a0%', predicted: '100 ms' });
    expect(a).to.include({ state: 'chosen', words: '', code: '', scoreShare: 0.25, score: '120' });
    expect(b).to.include({ state: 'ready', measured: 'nothing yet', predicted: '1.2 s' });
    expect(b?.scoreShare).to.equal(0.5);
    expect(c).to.include({ state: 'out', code: 'spare', measured: '–', scoreShare: null });
    expect(d).to.include({ state: 'out', code: 'kpi_unmet: bandwidth' });
    expect(d?.words).to.equal('less bandwidth than asked for');
  });

  it('names those that read for the room, whoever is looked at', () => {
    const masters = [
      { number: 1, edge: 'edge-a' },
      { number: 4, edge: 'edge-b' },
      { number: 6, edge: 'edge-b' },
    ] as const;
    const rows = view(seenOf([stats('edge-a', chosen), stats('edge-b')]), { masters });
    expect(rows.map(({ state }) => state)).to.deep.equal(['chosen', 'shared', 'out', 'out']);
    expect(rows[1]?.masters).to.deep.equal([4, 6]);
    expect(edgesSentence(rows)).to.equal(
      'Viewer 1 reads for the room from edge A, viewers 4 and 6 from edge B.',
    );
    expect(edgesSentence(view(seenOf([])))).to.match(/^No viewer of this page reads/);
  });

  it('tells one that does not answer, one that is left alone, and one that is gone', () => {
    const failing = { failures: 1, firstByteMs: null, scoreMs: 4_000 };
    const left = { ...failing, failures: 2, reason: 'ejected' } as const;
    const edges = [stats('edge-a', { ...failing, ...chosen }), stats('edge-b', left)];
    const silent = { ...heard, silentMs: 14_200 };
    const rows = view(seenOf(edges, [unmet]), { edges: { ...all, 'edge-c': silent } });
    expect(rows[0]).to.include({ state: 'failing', measured: 'no answer', code: 'failed' });
    expect(rows[1]).to.include({ state: 'failing', code: 'ejected' });
    expect(rows[2]).to.include({ state: 'gone', health: 'no heartbeat for 14 s', isSilent: true });
    // All that there is to compare with.
    expect(rows[0]?.scoreShare).to.equal(0.25);
  });

  it('says whose place a spare has taken', () => {
    const rows = view(seenOf([stats('edge-c', chosen, 'edge-a')]));
    expect(rows.map(({ standsInFor }) => standsInFor)).to.deep.equal([null, null, 'edge-a', null]);
  });

  it('says nothing of edges to a viewer that has not been told of any', () => {
    for (const { state, words } of view(seenOf([])))
      expect({ state, words }).to.deep.equal({ state: 'out', words: 'not told of yet' });
  });

  it('counts as offered what has a place and meets what the page asks for', () => {
    const state = { ...heard, place: 'edge-a' } as Parameters<typeof isOffered>[0];
    expect(isOffered(state)).to.equal(true);
    expect(isOffered({ ...state, place: null })).to.equal(false);
    expect(isOffered({ ...state, offers: { bandwidthBitsPerSecond: 1e6 } })).to.equal(false);
  });
});

describe('why a viewer of the demo has another edge', () => {
  const b = stats('edge-b', chosen);
  const because = (seen: EdgesSeen) => whyMoved('edge-a', 'edge-b', seen);

  it('is told of the one that it left', () => {
    expect(because(seenOf([b, stats('edge-a', { failures: 1 })]))).to.equal('A did not answer');
    expect(because(seenOf([b]))).to.equal('A is gone');
    const draining = { edgeId: 'edge-a', baseUrl, reason: 'draining', kpi: null } as const;
    expect(because(seenOf([b], [draining]))).to.equal('the server took A out of use');
  });

  it('or is that the other one is better', () => {
    const slow = stats('edge-a', { predictedMs: 900, scoreMs: 950 });
    expect(because(seenOf([b, slow]))).to.equal(
      'a segment is expected to take 100 ms there, and 900 ms from A',
    );
    const full = stats('edge-a', { predictedMs: 90, scoreMs: 400 });
    expect(because(seenOf([b, full]))).to.equal('B has the better score, 120 to 400');
  });

  it('is told once, of those who read for the room or did so until then', () => {
    const watch = new ChoiceWatch();
    const seen = seenOf([b]);
    const at = (edge: 'edge-a' | 'edge-b' | null, isMaster = true) =>
      watch.update([{ number: 3, isMaster, edge, seen }]);
    expect(at(null)).to.deep.equal([]);
    expect(at('edge-a'), 'its first').to.deep.equal([]);
    expect(at(null), 'between two').to.deep.equal([]);
    expect(at('edge-b')).to.deep.equal(['Viewer 3 reads from B now: A is gone']);
    expect(at('edge-b')).to.deep.equal([]);
    expect(at('edge-a', false), 'who had the role').to.have.length(1);
    expect(at('edge-b', false), 'a slave').to.deep.equal([]);
  });
});
