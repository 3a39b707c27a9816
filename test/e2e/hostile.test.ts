import { expect } from 'chai';
import { useLive } from './support/live.ts';
import { allLinked, readAll, sleep, until } from './support/watch.ts';

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
const watchedLonger: readonly string[] = ['flood', 'garbage bytes'];

describe('a hostile member', function () {
  this.timeout(90_000);
  const live = useLive({ keepsViewers: true });
  const { viewers } = live;

  before(() => live.fill(2));

  for (const [attack, code] of Object.entries(attacks)) {
    it(`is refused with ${code} by all and disturbs nobody: ${attack}`, async () => {
      const counts = async () =>
        (await readAll(viewers)).map(({ stats }) => stats.refusals[code] ?? 0);
      const before = await counts();
      const isRefused = (now: number[]) =>
        now.every((count, index) => count > (before[index] ?? 0));
      await live.playsOn(async () => {
        const hostile = await live.stack.joinHostile(attack);
        await until('both refuse it', counts, isRefused, 10_000);
        if (watchedLonger.includes(attack)) {
          // However late the page of the attacker, which is busy with its attack, finds out.
          const offersAgain = ({ retried }: Window['hostile']) => retried > 0;
          await until('it offers again', () => hostile.read(), offersAgain, 20_000);
          await sleep(3_000);
          const { attacked } = await hostile.read();
          expect(attacked, 'one link to each of two, and no second').to.equal(2);
        }
        await hostile.close();
      });
      // Whom they had banned they would never link to again.
      await allLinked(viewers);
    });
  }
});
