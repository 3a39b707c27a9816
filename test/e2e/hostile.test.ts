import { expect } from 'chai';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  measure,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

const attacks = {
  'not JSON': 'peer_message_invalid',
  'unknown version': 'peer_version_unsupported',
  'message before hello': 'peer_message_invalid',
  'unknown message': 'peer_message_invalid',
  'field out of range': 'peer_message_invalid',
  'oversized message': 'peer_message_invalid',
  'unasked chunk': 'peer_chunk_invalid',
  'garbage bytes': 'peer_chunk_invalid',
  'not a playlist': 'peer_message_invalid',
  flood: 'peer_rate_limited',
} as const;

/** What these do to a viewer might show only later; and they come back for more. */
const watchedFor5s: readonly string[] = ['flood', 'garbage bytes'];

describe('a hostile member', function () {
  this.timeout(90_000);
  let stack: Stack;
  const viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start();
    for (let index = 0; index < 2; index += 1) viewers.push(await stack.join());
    await allPlay(viewers);
    await allLinked(viewers);
  });

  after(async () => {
    await stack?.close();
  });

  for (const [attack, code] of Object.entries(attacks)) {
    it(`is refused with ${code} by all and disturbs nobody: ${attack}`, async () => {
      const before = await startMeasuring(viewers, stack.edges);
      const counts = (readings: typeof before) =>
        readings.map(({ stats }) => stats.refusals[code] ?? 0);
      const hostile = await stack.joinHostile(attack);
      const after = await until(
        'both refuse it',
        () => readAll(viewers),
        (readings) =>
          counts(readings).every((count, index) => count > (counts(before)[index] ?? 0)),
        10_000,
      );
      if (watchedFor5s.includes(attack)) {
        await sleep(5_000);
        const { attacked, retried } = await hostile.read();
        expect(retried, 'it offered again').to.be.at.least(1);
        expect(attacked, 'one link to each of two, and no second').to.equal(2);
      }
      await hostile.close();
      const measured = await measure(viewers, before, stack.edges);
      expect(measured.longestFreezeMs).to.be.below(500);
      expect(measured.fatalErrors).to.deep.equal([]);
      for (const { stats } of after) expect(stats.neighbours.length).to.be.at.least(1);
      await allLinked(viewers);
    });
  }
});
