import { expect } from 'chai';
import { steer } from '../../../signaling/core/edges/steering.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { ask, listing, parse, quick, SteeredPlayer, viewOf } from './steering-viewer.ts';

/** In which all viewers of these tests are, past their first request. */
const room = 'room=arena&v=seed1';
const base = (name: string) => `${name}@https://${name}.example/live/`;

describe('content steering: the order', () => {
  it('is that of the predicted time of a segment', () => {
    const edges = [
      quick('slow', 500),
      quick('fast', 4_000),
      listing('unknown'),
      quick('full', 4_000, { load: 1 }),
    ];
    expect(ask(room, viewOf(edges))['PATHWAY-PRIORITY']).to.deep.equal([
      ...['fast', 'full', 'unknown', 'slow'],
    ]);
  });

  it('goes by what an edge says of itself where nobody has measured', () => {
    const edges = [
      listing('far', { kpis: { responseTimeMs: 900, bandwidthBitsPerSecond: 50e6 } }),
      listing('near', { kpis: { responseTimeMs: 10, bandwidthBitsPerSecond: 50e6 } }),
    ];
    expect(ask(room, viewOf(edges))['PATHWAY-PRIORITY']).to.deep.equal(['near', 'far']);
  });

  it('puts a dear edge first only if it is quicker by more than a fifth', () => {
    const edges = (bytesPerMs: number) => [
      quick('dear', bytesPerMs, { costPerGigabyte: 0.08 }),
      quick('cheap', 1_000, { costPerGigabyte: 0 }),
    ];
    expect(ask(room, viewOf(edges(1_050)))['PATHWAY-PRIORITY'][0]).to.equal('cheap');
    expect(ask(room, viewOf(edges(1_400)))['PATHWAY-PRIORITY'][0]).to.equal('dear');
  });

  it('leaves a viewer where it is unless another edge is better by a fifth', () => {
    const turnsUntilMoved = (bytesPerMs: number, admits = 1) => {
      const view = viewOf([quick('a', 1_000), quick('b', bytesPerMs, { admits })]);
      const turns = Array.from({ length: 20 }, (_, index) => index + 1);
      return turns.find(
        (turn) => ask(`${room}&n=${turn}&_HLS_pathway=a`, view)['PATHWAY-PRIORITY'][0] === 'b',
      );
    };
    expect(turnsUntilMoved(1_240), 'better by 19 %').to.equal(undefined);
    expect(turnsUntilMoved(1_270), 'better by 21 %').to.be.within(1, 8);
    expect(turnsUntilMoved(9_000, 0), 'much better, and full').to.equal(undefined);
  });

  it('holds a newcomer nowhere, nor believes a throughput that it cannot have measured', () => {
    const edges = [quick('a', 1_000), quick('b', 1_200)];
    // hls.js says 500 kbit/s before it has read anything.
    const query = 'room=arena&_HLS_pathway=a&_HLS_throughput=500000';
    const manifest = ask(query, viewOf(edges));
    expect(manifest['PATHWAY-PRIORITY']).to.deep.equal(['b', 'a']);
    expect(manifest['RELOAD-URI']).to.equal('steering?room=arena&v=fresh&n=1');
  });

  it('sends a viewer away from an edge that gives it less than the bitrate', () => {
    const view = viewOf([quick('a', 2_000), quick('b', 1_500)]);
    const query = `${room}&bitrate=3000000&_HLS_pathway=a&_HLS_throughput=`;
    expect(ask(`${query}3100000`, view)['PATHWAY-PRIORITY']).to.deep.equal(['a', 'b']);
    const away = ask(`${query}2900000`, view);
    expect(away['PATHWAY-PRIORITY']).to.deep.equal(['b', 'a']);
    expect(away['RELOAD-URI']).to.contain('&slow=a');
    expect(away.TTL).to.be.within(5, 15);
  });

  it('lets a viewer on a slow line try each edge once, and then stay', () => {
    const view = viewOf([quick('a', 5_000), quick('b', 5_000), quick('c', 5_000)]);
    const player = new SteeredPlayer('room=arena&bitrate=3000000', 'a', 'seed9');
    player.poll(view, 500_000);
    const moves = Array.from({ length: 40 }, () => player.poll(view, 1_000_000));
    expect(moves.filter(Boolean)).to.have.length(2);
    expect(moves.slice(0, 2)).to.deep.equal([true, true]);
    expect(player.manifest?.TTL, 'it is in no hurry').to.be.above(20);
    // The line is quick again: no edge is held to have been slow, nor is there a reason to move.
    expect(player.poll(view, 9_000_000)).to.equal(false);
    expect(player.manifest?.['RELOAD-URI']).not.to.contain('slow');
  });

  it('does not move a viewer because others on its network have a quicker line', () => {
    const view = viewOf([quick('a', 5_000), quick('b', 5_400)]);
    const player = new SteeredPlayer('room=arena&bitrate=3000000', 'a', 'seed2');
    player.poll(view, 500_000);
    expect(Array.from({ length: 20 }, () => player.poll(view, 4_000_000))).not.to.include(true);
  });
});

describe('content steering: pathways', () => {
  const spare = quick('spare', 3_000, { name: 'a', baseUrl: 'https://spare.example/live/' });

  it('names only pathways that the playlist has, and clones', () => {
    const manifest = ask(
      `${room}&pathways=${base('a')},${base('b')}`,
      viewOf([spare, quick('b', 1_000)]),
    );
    expect(manifest['PATHWAY-CLONES']).to.deep.equal([
      {
        'BASE-ID': 'a',
        ID: 'spare.example',
        'URI-REPLACEMENT': { HOST: 'spare.example' },
      },
    ]);
    expect(manifest['PATHWAY-PRIORITY'], 'the one that is gone is the last').to.deep.equal([
      ...['spare.example', 'b', 'a'],
    ]);
  });

  it('knows the clone again when the player uses it', () => {
    const query = `${room}&pathways=${base('a')},${base('b')}&_HLS_pathway=spare.example`;
    const manifest = ask(query, viewOf([spare, quick('b', 3_300)]));
    expect(manifest['PATHWAY-PRIORITY']).to.deep.equal(['spare.example', 'b', 'a']);
    expect(manifest.TTL).to.be.above(20);
  });

  it('takes an edge by its URL, whatever the playlist calls it', () => {
    const query = `${room}&pathways=cdn-1@https://a.example:443/live/,cdn-2@https://B.example/live/`;
    const manifest = ask(query, viewOf([quick('a', 1_000), quick('b', 2_000)]));
    expect(manifest['PATHWAY-PRIORITY']).to.deep.equal(['cdn-2', 'cdn-1']);
    expect(manifest).not.to.have.property('PATHWAY-CLONES');
  });

  it('makes no clone where more than the host differs', () => {
    for (const baseUrl of [
      'http://c.example/live/',
      'https://c.example:8443/live/',
      'https://c.example/',
    ]) {
      const manifest = ask(
        `${room}&pathways=${base('a')}`,
        viewOf([quick('a', 1_000), quick('c', 9_000, { baseUrl })]),
      );
      expect(manifest['PATHWAY-PRIORITY'], baseUrl).to.deep.equal(['a']);
      expect(manifest).not.to.have.property('PATHWAY-CLONES');
    }
    const fits = quick('c', 9_000, { baseUrl: 'https://c.example:8443/live/' });
    const query = `${room}&pathways=${base('a')},b@https://b.example:8443/live/`;
    expect(ask(query, viewOf([fits]))['PATHWAY-CLONES']?.[0]?.['BASE-ID']).to.equal('b');
    const dash = ask(`${query}&_DASH_pathway=a`, viewOf([fits]));
    expect(dash, 'dash.js loses the port').not.to.have.property('PATHWAY-CLONES');
  });

  it('tells of eight edges, and of those that the playlist has or the player uses', () => {
    const edges = Array.from({ length: 30 }, (_, index) => quick(`e${index}`, 100 * (30 - index)));
    const query = `${room}&pathways=${base('e29')}&_HLS_pathway=e20.example`;
    const manifest = ask(query, viewOf(edges));
    const priority = manifest['PATHWAY-PRIORITY'];
    expect(priority).to.have.length(9).and.to.include.members(['e29', 'e20.example']);
    expect(manifest['PATHWAY-CLONES']).to.have.length(8);
    expect(ask(room, viewOf(edges))['PATHWAY-PRIORITY']).to.have.length(8);
  });

  it('keeps the order of the playlist where no edge is offered, and the player where it is', () => {
    const none = viewOf([]);
    expect(ask(`${room}&pathways=a,b`, none)['PATHWAY-PRIORITY']).to.deep.equal(['a', 'b']);
    expect(ask(`${room}&pathways=a,b&_HLS_pathway=b`, none)['PATHWAY-PRIORITY']).to.deep.equal([
      'b',
      'a',
    ]);
    expect(ask(`${room}&_HLS_pathway=b`, none)['PATHWAY-PRIORITY']).to.deep.equal(['b']);
    expect(ask(room, none)['PATHWAY-PRIORITY']).to.deep.equal(['.']);
  });

  it('says the same to DASH, by both names of the list', () => {
    const view = viewOf([quick('a', 1_000), quick('b', 2_000)]);
    const dash = ask(`${room}&_DASH_pathway=%22a%22&_DASH_throughput=8000000`, view);
    expect(dash['SERVICE-LOCATION-PRIORITY']).to.deep.equal(dash['PATHWAY-PRIORITY']);
    const hls = ask(`${room}&_HLS_pathway=a&_HLS_throughput=8000000`, view);
    expect(hls['PATHWAY-PRIORITY']).to.deep.equal(dash['PATHWAY-PRIORITY']);
    expect(hls).not.to.have.property('SERVICE-LOCATION-PRIORITY');
  });
});

describe('content steering: after a restart', () => {
  const site = `${room}&pathways=${base('a')},${base('b')}&_HLS_pathway=b&n=9`;
  const first = (more: Parameters<typeof viewOf>[1], edges = [quick('a', 9_000)]) =>
    ask(site, viewOf(edges, more))['PATHWAY-PRIORITY'][0];

  it('holds a player on a pathway of the site whose edge may be back soon', () => {
    expect(first({})).to.equal('a');
    expect(first({ isSettling: true })).to.equal('b');
  });

  it('holds none where the edge is known, or the pathway is none of the site', () => {
    const b = { edgeId: 'x', baseUrl: 'https://B.example:443/live/', kpi: null };
    const excluded = [{ ...b, reason: 'draining' as const }];
    expect(first({ isSettling: true, excluded })).to.equal('a');
    const other = `${room}&pathways=${base('a')}&_HLS_pathway=b&n=9`;
    const view = viewOf([quick('a', 9_000)], { isSettling: true });
    expect(ask(other, view)['PATHWAY-PRIORITY'][0]).to.equal('a');
  });
});

describe('content steering: when to ask again', () => {
  const edges = [quick('a', 1_000), quick('b', 1_000)];
  const seeds = Array.from({ length: 300 }, (_, index) => `s${index}`);
  const ttls = (query: string, view = viewOf(edges)) =>
    seeds.map((seed) => ask(`room=arena&v=${seed}&${query}`, view).TTL);

  it('is in about 30 s, and for each viewer another', () => {
    const all = ttls('_HLS_pathway=a');
    expect(Math.min(...all)).to.equal(24);
    expect(Math.max(...all)).to.equal(36);
    expect(new Set(all).size).to.equal(13);
  });

  it('is soon while an edge of the viewer drains, is gone or is full', () => {
    const drained = { edgeId: 'b', baseUrl: 'https://b.example/', kpi: null };
    const draining = { excluded: [{ ...drained, reason: 'draining' as const }] };
    const full = [quick('a', 1_000, { load: 0.95 }), quick('b', 1_000)];
    for (const soon of [
      ttls('pathways=a,b&_HLS_pathway=a', viewOf([quick('a', 1_000)], draining)),
      ttls('pathways=a,b&_HLS_pathway=b', viewOf([quick('a', 1_000)])),
      ttls('_HLS_pathway=a', viewOf(full)),
    ]) {
      expect(Math.min(...soon)).to.equal(5);
      expect(Math.max(...soon)).to.equal(15);
    }
    const site = `pathways=${base('a')},${base('b')}`;
    const moved = { ...drained, edgeId: 'fra-2', baseUrl: 'https://b.example/live/' };
    const renamed = { excluded: [{ ...moved, reason: 'draining' as const }] };
    for (const query of [`${site}&_HLS_pathway=a`, `pathways=${base('a')}&_HLS_pathway=b.example`])
      expect(Math.max(...ttls(query, viewOf([quick('a', 1_000)], renamed)))).to.equal(15);
    // A drained edge that the viewer has nothing to do with is no reason.
    expect(Math.min(...ttls('pathways=a,c&_HLS_pathway=a', viewOf(edges, draining)))).to.equal(24);
  });

  it('is within 5 s and an hour whatever the configuration says', () => {
    for (const [steeringTtlMs, ttl] of [
      [1, 5],
      [1e12, 3_600],
      [5_000, 5],
    ] as const) {
      const configured = { ...limits, steeringTtlMs };
      expect(steer(parse('room=arena&v=s1'), viewOf(edges), configured).TTL).to.equal(ttl);
    }
  });
});
