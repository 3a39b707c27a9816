import { expect } from 'chai';
import fc from 'fast-check';
import { CoreDriver } from './core-driver.ts';
import { type Step, stepKinds } from './core-values.ts';

const number = fc.integer({ min: 0, max: 63 });

/** What happens all the time in a room that works; everything else once in a while. */
const frequent: readonly string[] = [
  ...Array<string>(20).fill('message'),
  ...Array<string>(10).fill('partReceived'),
  ...['wait', 'wantSegment', 'fetchPart', 'partSent', 'linkOpened', 'hello'].flatMap((kind) =>
    Array<string>(6).fill(kind),
  ),
  ...['fetchHeaders', 'fetchEnded', 'playlistFetched', 'wantPlaylist'].flatMap((kind) =>
    Array<string>(4).fill(kind),
  ),
];

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...stepKinds, ...frequent),
  peer: number,
  a: number,
  b: number,
  flag: fc.boolean(),
});

/** Joined, linked and greeted: where most of what can go wrong begins. */
const opening: Step[] = [
  { kind: 'welcome', peer: 0, a: 0, b: 1, flag: false },
  ...[0, 1, 2, 3, 4, 5].flatMap((peer) => [
    { kind: 'linkOpened', peer, a: 0, b: 0, flag: true },
    { kind: 'hello', peer, a: 0, b: 0, flag: true },
  ]),
  { kind: 'wantPlaylist', peer: 0, a: 0, b: 0, flag: false },
  { kind: 'playlistFetched', peer: 0, a: 0, b: 0, flag: false },
  { kind: 'wantPlaylist', peer: 0, a: 0, b: 0, flag: true },
  { kind: 'playlistFetched', peer: 0, a: 0, b: 0, flag: true },
];

function stepOf(kind: string, a: number, b: number): Step {
  return { kind, peer: 0, a, b, flag: true };
}

function run(steps: readonly Step[], seed: number): CoreDriver {
  let state = seed >>> 0;
  const driver = new CoreDriver(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
  for (const each of steps) driver.step(each);
  return driver;
}

describe('the core, whatever happens', () => {
  it('keeps its promises from the first event on', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.nat(), (steps, seed) => {
        run(steps, seed);
      }),
      { numRuns: 400 },
    );
  }).timeout(60_000);

  it('keeps its promises in a linked room', () => {
    let asked = 0;
    let sent = 0;
    let delivered = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 100, maxLength: 400, size: 'max' }),
        fc.nat(),
        (steps, seed) => {
          for (const { type } of run([...opening, ...steps], seed).effects) {
            if (type === 'expectPart') asked += 1;
            if (type === 'sendPart') sent += 1;
            if (type === 'deliverSegment') delivered += 1;
          }
        },
      ),
      { numRuns: 3_000 },
    );
    // Else the steps would prove nothing.
    expect(asked, 'parts asked for').to.be.above(3_000);
    expect(sent, 'parts sent').to.be.above(100);
    expect(delivered, 'segments delivered').to.be.above(300);
  }).timeout(120_000);

  it('keeps its promises with edges to choose from, and uses them', () => {
    const hosts = new Map<string, number>();
    let hedged = 0;
    let parts = 0;
    const read = ['wantPlaylist', 'playlistFetched'].map((kind) => stepOf(kind, 0, 0));
    // Long enough to have something to spend, with little in the buffer.
    const past = [...Array(55).fill(read).flat(), stepOf('buffer', 5, 0)];
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 100, maxLength: 400, size: 'max' }),
        fc.nat(),
        number,
        (steps, seed, a) => {
          const begun = [stepOf('edges', a - (a % 5), 0), ...past, ...opening];
          for (const effect of run([...begun, ...steps], seed).effects) {
            if (effect.type !== 'fetchSegment') continue;
            const { hostname } = new URL(effect.url);
            hosts.set(hostname, (hosts.get(hostname) ?? 0) + 1);
            if (effect.hedge) hedged += 1;
            if (effect.partTo === 0) parts += 1;
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(hosts.size, 'edges that were read from').to.equal(8);
    expect(Math.min(...hosts.values())).to.be.above(30);
    expect(hedged, 'second requests').to.be.above(300);
    expect(parts, 'single parts').to.be.above(30);
  }).timeout(120_000);

  it('does the same again for the same events', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.nat(), (steps, seed) => {
        const all = [...opening, ...steps];
        expect(run(all, seed).effects).to.deep.equal(run(all, seed).effects);
      }),
      { numRuns: 100 },
    );
  }).timeout(60_000);
});
