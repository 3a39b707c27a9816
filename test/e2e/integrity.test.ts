import { expect } from 'chai';
import { collectDigests, onlyTrueBytes } from './support/digests.ts';
import { useLive } from './support/live.ts';
import { type Reading, readAll, sleep, until } from './support/watch.ts';

describe('an attested room', function () {
  this.timeout(120_000);
  const live = useLive();

  for (const attack of ['wrong bytes', 'wrong part', 'replay', 'too long']) {
    it(`plays no byte of a forger and drops it: ${attack}`, async () => {
      const room = `forged ${attack}`;
      const viewers = await live.fill(3, { room });
      for (const viewer of viewers) await viewer.page.evaluate(collectDigests);
      const forger = await live.stack.open('forger.html', { attack }, room);
      const blames = (all: Reading[]) =>
        all.filter(
          ({ stats }) => stats.refusals.peer_part_forged || stats.refusals.peer_chunk_invalid,
        );
      await live.playsOn(async () => {
        await until(
          'somebody finds it out',
          () => readAll(viewers),
          (all) => blames(all).length > 0,
          30_000,
        );
        await sleep(5_000);
      });
      const { partsSent } = await forger.evaluate(() => window.forger);
      expect(partsSent).to.be.within(1, 3 * 8);
      await onlyTrueBytes(viewers);
      // The honest ones still feed one another.
      for (const { stats } of await readAll(viewers))
        expect(stats.neighbours.length).to.be.at.least(2);
      await forger.context().close();
    });
  }

  for (const attack of ['silence', 'slow drip', 'false holdings']) {
    it(`soon leaves alone who gives nothing, and bans nobody for it: ${attack}`, async () => {
      const room = `barren ${attack}`;
      const viewers = await live.fill(3, { room });
      const forger = await live.stack.open('forger.html', { attack }, room);
      const asked = () => forger.evaluate(() => window.forger.asked);
      let early = 0;
      const measured = await live.playsOn(async () => {
        await until('somebody asks it', asked, (count) => count > 0, 20_000);
        await sleep(8_000);
        early = await asked();
        await sleep(6_000);
      });
      const late = (await asked()) - early;
      expect(measured.peerShare).to.be.at.least(0.4);
      expect(late, 'of some 75 parts that three viewers want in 6 s').to.be.at.most(12);
      for (const { stats } of await readAll(viewers)) {
        expect(stats.refusals).to.deep.equal({});
        expect(stats.neighbours).to.have.length(3);
      }
      await forger.context().close();
    });
  }
});
