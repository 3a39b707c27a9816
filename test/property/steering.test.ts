import { expect } from 'chai';
import fc from 'fast-check';
import { createSteering } from '../../signaling/adapters/steering.ts';
import type { SteeringManifest, SteeringView } from '../../signaling/core/edges/steering.ts';
import { type EdgeListing, limits } from '../../signaling/protocol/index.ts';

const seed = 20_260_102;

const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'c.example', '.') },
  { weight: 1, arbitrary: fc.stringMatching(/^[\w.:-]{1,64}$/) },
);
const amount = fc.oneof(
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1, 1_250, Number.MAX_VALUE, Number.MIN_VALUE),
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const usualUrl = fc.constantFrom('a', 'b', 'c', 'd').map((host) => `https://${host}.example/live/`);
const unusualUrl = fc
  .tuple(
    fc.constantFrom('http', 'https', 'HTTPS'),
    fc.constantFrom(
      'a.example',
      'b.example',
      'c.example',
      'D.example',
      '[::1]',
      '127.0.0.1',
      'x'.repeat(90),
    ),
    fc.constantFrom('', ':443', ':80', ':8080'),
    fc.constantFrom('/', '/live/', '/a/b,c/', '/%zz@/'),
  )
  .map(([scheme, host, port, path]) => `${scheme}://${host}${port}${path}`);

const baseUrl = fc.oneof({ weight: 3, arbitrary: usualUrl }, { weight: 1, arbitrary: unusualUrl });

const listing: fc.Arbitrary<EdgeListing> = fc.record({
  edgeId: name,
  name,
  baseUrl,
  region: fc.constant(null),
  kpis: fc.record(
    { bandwidthBitsPerSecond: amount, responseTimeMs: amount },
    { requiredKeys: [], noNullPrototype: true },
  ),
  load: orNull(fc.double({ min: 0, max: 1, noNaN: true })),
  costPerGigabyte: orNull(amount),
  prior: orNull(fc.record({ firstByteMs: amount, bytesPerMs: amount })),
  admits: fc.double({ min: 0, max: 1, noNaN: true }),
  validForMs: fc.nat(),
});
const view: fc.Arbitrary<SteeringView> = fc.record({
  edges: fc.array(listing, { maxLength: 3 * limits.edgesPerRoomMax }),
  excluded: fc.array(
    fc.record({
      edgeId: name,
      baseUrl: fc.constant('https://e.example/'),
      reason: fc.constantFrom('draining' as const, 'spare' as const),
      kpi: fc.constant(null),
    }),
    { maxLength: 3 },
  ),
  weights: fc.record({
    version: fc.nat(),
    load: fc.double({ min: -limits.edgeWeightMax, max: limits.edgeWeightMax, noNaN: true }),
    age: fc.constant(0),
  }),
});

const pathway = fc.oneof(
  name,
  fc.tuple(name, baseUrl).map(([each, url]) => `${each}@${url}`),
  fc.tuple(name, fc.webUrl()).map(([each, url]) => `${each}@${url}`),
);
const listed = (item: fc.Arbitrary<string>) =>
  fc.array(item, { maxLength: 12 }).map((items) => items.join(','));
const number = fc.oneof(
  fc.nat().map(String),
  amount.map(String),
  fc.constantFrom('-1294967296', 'NaN', 'Infinity', '1e309', '0x10', ' 5', '٣', ''),
);
const encoded = (text: fc.Arbitrary<string>) =>
  text.map((each) => encodeURIComponent(each.replace(/\p{Cs}/gu, '')));
const parameter = fc.oneof(
  encoded(listed(pathway)).map((text) => `pathways=${text}`),
  encoded(
    fc.oneof(
      listed(name),
      name.map((each) => `"${each}"`),
    ),
  ).map((text) => `_HLS_pathway=${text}`),
  encoded(number).map((text) => `_HLS_throughput=${text}`),
  encoded(
    fc.oneof(
      listed(name),
      listed(name).map((each) => `"${each}"`),
    ),
  ).map((text) => `_DASH_pathway=${text}`),
  encoded(listed(number)).map((text) => `_DASH_throughput=${text}`),
  encoded(listed(name)).map((text) => `slow=${text}`),
  encoded(number).map((text) => `bitrate=${text}`),
  encoded(number).map((text) => `n=${text}`),
  fc.constantFrom(
    'v=seed',
    'v=',
    'v=%00',
    'room=other',
    'room',
    '&',
    '=',
    '__proto__=1',
    'constructor=1',
  ),
  encoded(fc.string({ unit: 'binary', maxLength: 40 })).map((text) => `v=${text}`),
);

interface Mutation {
  at: number;
  length: number;
  text: string;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat({ max: 400 }),
  length: fc.nat({ max: 8 }),
  text: fc.oneof(
    fc.constantFrom(
      '%',
      '%0',
      '%ff',
      '%00',
      '%ud800',
      ',',
      '@',
      '"',
      '&',
      '=',
      '+',
      '#',
      '\ud800',
      '🎥',
    ),
    fc.string({ maxLength: 6 }),
    fc.constant('x'.repeat(5_000)),
  ),
});
const request = fc
  .tuple(
    fc.constantFrom('room=arena', 'room=arena', 'room=%F0%9F%8E%A5', 'room=%ff', 'room=', ''),
    fc.array(parameter, { maxLength: 9 }),
    fc.array(mutation, { maxLength: 3 }),
  )
  .map(([room, parameters, mutations]) =>
    mutations.reduce(
      (query, { at, length, text }) => query.slice(0, at) + text + query.slice(at + length),
      [room, ...parameters].join('&'),
    ),
  );

function answerTo(query: string, told: SteeringView, method = 'GET') {
  const steering = createSteering({
    survey: () => told,
    limits,
    random: () => 0.5,
    refused: () => {},
  });
  return steering(method, new URL(`http://server/steering?${query}`), 'network');
}

/** What the player, the site or the directory has named. */
function knownNames(url: URL, told: SteeringView, clones: readonly { ID: string }[]): Set<string> {
  const known = new Set([
    '.',
    ...clones.map(({ ID }) => ID),
    ...told.edges.map((edge) => edge.name),
  ]);
  for (const [key, value] of url.searchParams) {
    if (key !== 'pathways' && !key.endsWith('_pathway')) continue;
    for (const item of value.replace(/^"|"$/g, '').split(',')) known.add(item.split('@')[0] ?? '');
  }
  return known;
}

describe('content steering: property', () => {
  it('answers 10,000 broken requests with a manifest that a player can use, or a code', function () {
    this.timeout(120_000);
    const counts = { manifests: 0, clones: 0, refusals: 0 };
    fc.assert(
      fc.property(request, view, (query, told) => {
        const { status, body, headers } = answerTo(query, told);
        expect(headers['access-control-allow-origin']).to.equal('*');
        expect(headers['cache-control']).to.equal('no-store');
        if (status !== 200) {
          counts.refusals += 1;
          expect(status).to.equal(400);
          expect(JSON.parse(body).code).to.be.oneOf(['room_missing', 'room_invalid']);
          return;
        }
        counts.manifests += 1;
        const manifest = JSON.parse(body) as SteeringManifest;
        const { TTL, 'PATHWAY-PRIORITY': priority, 'PATHWAY-CLONES': clones = [] } = manifest;
        counts.clones += clones.length;
        expect(manifest.VERSION).to.equal(1);
        expect(TTL).to.satisfy(Number.isInteger).and.to.be.within(5, 3_600);
        expect(priority).not.to.have.length(0);
        expect(new Set(priority).size, 'no duplicates').to.equal(priority.length);
        expect(priority.length).to.be.at.most(2 * limits.edgesPerRoomMax + 1);
        const url = new URL(`http://server/steering?${query}`);
        const known = knownNames(url, told, clones);
        for (const each of priority) expect(known.has(each), each).to.equal(true);
        const ids = clones.map(({ ID }) => ID);
        expect(priority).to.include.members(ids);
        expect(new Set(ids).size).to.equal(ids.length);
        for (const clone of clones) expect(ids).not.to.include(clone['BASE-ID']);

        const again = new URL(manifest['RELOAD-URI'], url);
        expect(again.pathname).to.equal('/steering');
        expect(again.searchParams.get('room')).to.equal(url.searchParams.get('room'));
        const next = answerTo(again.search.slice(1), told);
        expect(next.status).to.equal(200);
        expect(answerTo(again.search.slice(1), told).body, 'equal requests').to.equal(next.body);
      }),
      { numRuns: 10_000, seed },
    );
    expect(counts.manifests).to.be.above(5_000);
    expect(counts.clones).to.be.above(1_000);
    expect(counts.refusals).to.be.above(500);
  });

  it('answers other methods without a manifest', () => {
    const none: SteeringView = {
      edges: [],
      excluded: [],
      weights: { version: 0, load: 1, age: 0 },
    };
    expect(answerTo('', none, 'OPTIONS').status).to.equal(204);
    expect(answerTo('room=arena', none, 'HEAD').status).to.equal(200);
    const refused = answerTo('room=arena', none, 'POST');
    expect(refused.status).to.equal(405);
    expect(refused.headers.allow).to.equal('GET, HEAD, OPTIONS');
  });
});
