import { expect } from 'chai';
import type { EdgeSelector } from '../../../sdk/core/edges/selector.ts';
import {
  chosenBy,
  listingOf,
  measure,
  need,
  needShort,
  reasonsOf,
  selectorOf,
} from './edge-listings.ts';

const nowMs = 10_000;

/** A near edge, which is chosen, and one further away. */
function twoEdges(): EdgeSelector {
  const selector = selectorOf(['near', 'far']);
  measure(selector, 'near', 30, nowMs);
  measure(selector, 'far', 200, nowMs);
  expect(chosenBy(selector, nowMs)).to.equal('near');
  return selector;
}

function lookedAt(selector: EdgeSelector, atMs: number, by = need): string | undefined {
  return selector.look(by, atMs)?.edgeId;
}

function fail(selector: EdgeSelector, edgeId: string, times: number, atMs: number): void {
  for (let count = 0; count < times; count += 1) selector.failed(edgeId, atMs);
}

describe('an edge that fails', () => {
  it('is left after one failure, and not ejected', () => {
    const selector = twoEdges();
    fail(selector, 'near', 1, nowMs);
    expect(chosenBy(selector, nowMs)).to.equal('far');
    expect(reasonsOf(selector, nowMs)).to.deep.equal({ near: null, far: null });
    expect(selector.hasOther('far')).to.equal(true);
  });

  it('is ejected after two in a row, twice as long each time, a minute at most', () => {
    const selector = twoEdges();
    fail(selector, 'near', 1, nowMs);
    selector.answered('near', 30, nowMs);
    fail(selector, 'near', 1, nowMs);
    expect(reasonsOf(selector, nowMs).near, 'not in a row').to.equal(null);
    let atMs = nowMs;
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      fail(selector, 'near', 1, atMs);
      atMs += seconds * 1_000;
      expect(reasonsOf(selector, atMs - 1).near, `${seconds} s`).to.equal('ejected');
      expect(reasonsOf(selector, atMs).near, `${seconds} s`).to.equal('trial');
    }
    selector.answered('near', 30, atMs);
    expect(reasonsOf(selector, atMs).near, 'answered').to.equal(null);
    expect(chosenBy(selector, atMs)).to.equal('near');
    fail(selector, 'near', 2, atMs);
    expect(reasonsOf(selector, atMs + 2_000).near, 'from the beginning').to.equal('trial');
  });

  it('is left alone no longer for several reads that were under way', () => {
    const selector = twoEdges();
    fail(selector, 'near', 6, nowMs);
    fail(selector, 'near', 1, nowMs + 500);
    expect(reasonsOf(selector, nowMs + 2_000).near).to.equal('trial');
  });

  it('gets a trial by a small read when its time has come, and is not chosen before it has answered', () => {
    const selector = twoEdges();
    fail(selector, 'near', 2, nowMs);
    for (const atMs of [nowMs, nowMs + 1_999])
      expect(lookedAt(selector, atMs), 'too soon').to.equal('far');
    const atMs = nowMs + 2_000;
    expect(lookedAt(selector, atMs)).to.equal('near');
    expect(chosenBy(selector, atMs)).to.equal('far');
    expect(selector.other('far', need, atMs), 'as a second try').to.equal(null);
    selector.answered('near', 30, atMs);
    expect(chosenBy(selector, atMs)).to.equal('near');
  });

  it('waits longer for its trial where the buffer is short', () => {
    const selector = twoEdges();
    fail(selector, 'near', 2, nowMs);
    expect(lookedAt(selector, nowMs + 11_999, needShort)).to.equal('far');
    expect(lookedAt(selector, nowMs + 12_000, needShort)).to.equal('near');
  });

  it('has one trial at a time, and of the kind that failed', () => {
    const selector = twoEdges();
    fail(selector, 'near', 2, nowMs);
    const atMs = nowMs + 2_000;
    expect(selector.look(need, atMs, 'playlists')?.edgeId).to.equal('far');
    selector.answered('near', 30, atMs, 'playlists');
    expect(reasonsOf(selector, atMs).near, 'playlists say nothing of it').to.equal('trial');
    expect(lookedAt(selector, atMs)).to.equal('near');
    expect(lookedAt(selector, atMs + 1_499), 'while that is under way').to.equal('far');
    expect(lookedAt(selector, atMs + 1_500)).to.equal('near');
  });

  it('is ejected where one of each kind has failed, and tried by either', () => {
    for (const first of ['segments', 'playlists'] as const) {
      const selector = twoEdges();
      const second = first === 'segments' ? 'playlists' : 'segments';
      selector.failed('near', nowMs, first);
      expect(reasonsOf(selector, nowMs).near).to.equal(null);
      selector.failed('near', nowMs, second);
      expect(reasonsOf(selector, nowMs).near).to.equal('ejected');
      expect(selector.trial(need, nowMs + 1_999, first)).to.equal(null);
      expect(selector.trial(need, nowMs + 2_000, first)?.edgeId).to.equal('near');
      selector.answered('near', 30, nowMs + 2_000, first);
      expect(reasonsOf(selector, nowMs + 2_000).near).to.equal(null);
    }
  });

  it('is tried ten seconds after it has failed once, where nothing else would look at it', () => {
    const selector = twoEdges();
    fail(selector, 'near', 1, nowMs);
    for (const by of [need, needShort]) {
      const tried = (atMs: number) => selector.trial(by, atMs, 'segments')?.edgeId;
      const atMs = by === need ? nowMs + 10_000 : nowMs + 20_000;
      expect(selector.trial(by, atMs, 'playlists'), 'which did not fail').to.equal(null);
      expect([tried(nowMs + 9_999), tried(atMs), tried(atMs + 1)]).to.deep.equal([
        undefined,
        'near',
        undefined,
      ]);
    }
    selector.answered('near', 30, nowMs + 22_000);
    expect(selector.trial(need, nowMs + 60_000, 'segments')).to.equal(null);
  });

  it('is on no trial where all are ejected, which come in turn', () => {
    const selector = twoEdges();
    for (const edgeId of ['near', 'far']) fail(selector, edgeId, 2, nowMs);
    expect(reasonsOf(selector, nowMs + 2_000)).to.deep.equal({ near: 'trial', far: 'trial' });
    expect(selector.trial(need, nowMs + 2_000, 'segments')).to.equal(null);
  });

  it('is not turned to while another has failed once only', () => {
    const selector = twoEdges();
    fail(selector, 'near', 2, nowMs);
    expect(selector.hasOther('far')).to.equal(false);
    fail(selector, 'far', 1, nowMs + 10_000);
    expect(chosenBy(selector, nowMs + 10_000)).to.equal('far');
  });
});

describe('edges that have each failed once', () => {
  it('are asked in turn, by every viewer', () => {
    for (let viewer = 0; viewer < 50; viewer += 1) {
      const selector = selectorOf(['a', 'b', 'c'], { viewerId: `v${viewer}` });
      const turns: (string | undefined)[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const edgeId = chosenBy(selector, nowMs + turn) ?? '';
        turns.push(edgeId);
        fail(selector, edgeId, 1, nowMs + turn);
      }
      expect(new Set(turns.slice(0, 3)).size).to.equal(3);
      expect(turns[3]).to.equal(turns[0]);
    }
  });
});

describe('a look at edges', () => {
  it('is at the chosen one where the buffer is short', () => {
    const selector = selectorOf([listingOf('near', { kpis: { responseTimeMs: 10 } }), 'unknown']);
    measure(selector, 'near', 60, nowMs);
    expect(chosenBy(selector, nowMs)).to.equal('near');
    expect(lookedAt(selector, nowMs), 'with time').to.equal('unknown');
    expect(lookedAt(selector, nowMs, needShort)).to.equal('near');
  });

  it('is not at one that failed a moment ago', () => {
    for (let viewer = 0; viewer < 20; viewer += 1) {
      const selector = selectorOf(['a', 'b', 'c'], { viewerId: `v${viewer}` });
      const chosen = chosenBy(selector, nowMs);
      const looks: (string | undefined)[] = [];
      for (let look = 0; look < 3; look += 1) {
        const atMs = nowMs + look * 30;
        const edgeId = lookedAt(selector, atMs) ?? '';
        looks.push(edgeId);
        if (edgeId !== chosen) fail(selector, edgeId, 1, atMs);
      }
      expect(new Set(looks.slice(0, looks.indexOf(chosen))).size, `${looks}`).to.equal(
        looks.indexOf(chosen),
      );
      expect(looks, 'in the end').to.include(chosen);
    }
  });

  it('is at one that might be better, not at one that is known not to be, and again when that is old', () => {
    const small = { bytes: 0, bufferMs: 20_000 };
    const selector = selectorOf(['near', 'far', 'unknown']);
    measure(selector, 'near', 60, nowMs);
    measure(selector, 'far', 400, nowMs, 200);
    expect(lookedAt(selector, nowMs, small)).to.equal('unknown');
    measure(selector, 'unknown', 300, nowMs);
    expect(lookedAt(selector, nowMs, small)).to.equal('near');
    const looks = new Set<string | undefined>();
    for (let atMs = nowMs; atMs < nowMs + 120_000; atMs += 2_000) {
      const edgeId = lookedAt(selector, atMs, small) ?? '';
      looks.add(edgeId);
      const firstByteMs = { near: 60, far: 400, unknown: 300 }[edgeId] ?? 0;
      selector.answered(edgeId, firstByteMs, atMs);
      selector.answered('near', 60, atMs);
    }
    expect([...looks].sort()).to.deep.equal(['far', 'near', 'unknown']);
  });
});

describe('where all edges are ejected', () => {
  it('each has its turn, and the first to answer is read from', () => {
    const selector = selectorOf(['a', 'b', 'c']);
    let atMs = nowMs;
    for (const edgeId of ['a', 'b', 'c']) {
      fail(selector, edgeId, 2, atMs);
      atMs += 100;
    }
    const turns: (string | undefined)[] = [];
    for (let turn = 0; turn < 9; turn += 1, atMs += 500) {
      const edgeId = chosenBy(selector, atMs) ?? '';
      turns.push(edgeId);
      fail(selector, edgeId, 1, atMs);
    }
    for (let from = 0; from < 9; from += 3)
      expect([...turns.slice(from, from + 3)].sort()).to.deep.equal(['a', 'b', 'c']);
    selector.answered('b', 80, atMs);
    expect(chosenBy(selector, atMs)).to.equal('b');
    expect(selector.hasOther('b')).to.equal(false);
  });

  it('nobody is told that another one could be asked instead', () => {
    const selector = selectorOf(['a', 'b']);
    for (const edgeId of ['a', 'b']) fail(selector, edgeId, 2, nowMs);
    for (const edgeId of ['a', 'b'])
      for (const atMs of [nowMs, nowMs + 60_000])
        expect(selector.hasOther(edgeId), `${edgeId} at ${atMs}`).to.equal(false);
  });
});
