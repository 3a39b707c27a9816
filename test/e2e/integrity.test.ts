import { createHash } from 'node:crypto';
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

/** Collects the digest of every segment that reaches hls.js. */
function collectDigests(): void {
  const digests: { url: string; digest: string }[] = [];
  Object.assign(window, { digests });
  window.viewer.hls.on(
    'hlsFragLoaded' as never,
    ((_: string, data: { frag: { url: string }; payload: ArrayBuffer }) => {
      const { url } = data.frag;
      void crypto.subtle.digest('SHA-256', data.payload.slice(0)).then((hash) => {
        const digest = [...new Uint8Array(hash)]
          .map((byte) => byte.toString(16).padStart(2, '0'))
          .join('');
        digests.push({ url, digest });
      });
    }) as never,
  );
}

describe('an attested room', function () {
  this.timeout(120_000);
  let stack: Stack;
  let viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start();
  });

  afterEach(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    viewers = [];
  });

  after(async () => {
    await stack?.close();
  });

  async function fill(room: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) viewers.push(await stack.join({ room }));
    await allPlay(viewers);
    await allLinked(viewers);
  }

  it('feeds as an unattested one does: at least 65 % from peers, at most 1.4 copies', async () => {
    await fill('steady', 4);
    const before = await startMeasuring(viewers, stack.edges);
    await sleep(20_000);
    const measured = await measure(viewers, before, stack.edges);
    for (const { stats } of await readAll(viewers)) expect(stats.integrity).to.equal('attested');
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.peerShare).to.be.at.least(0.65);
    expect(measured.copiesPerSegment).to.be.at.most(1.4);
  });

  for (const attack of ['wrong bytes', 'replay', 'too long']) {
    it(`plays no byte of a forger and drops it: ${attack}`, async () => {
      const room = `forged ${attack}`;
      await fill(room, 3);
      for (const viewer of viewers) await viewer.page.evaluate(collectDigests);
      const before = await startMeasuring(viewers, stack.edges);
      const forger = await stack.open('forger.html', { attack }, room);
      const blames = (all: typeof before) =>
        all.filter(
          ({ stats }) => stats.refusals.peer_part_forged || stats.refusals.peer_chunk_invalid,
        );
      await until(
        'somebody finds it out',
        () => readAll(viewers),
        (all) => blames(all).length > 0,
        30_000,
      );
      await sleep(8_000);
      const measured = await measure(viewers, before, stack.edges);
      expect(measured.longestFreezeMs).to.be.below(500);
      expect(measured.fatalErrors).to.deep.equal([]);
      const { partsSent } = await forger.evaluate(() => window.forger);
      expect(partsSent).to.be.within(1, 3 * 8);
      for (const viewer of viewers) {
        const digests = await viewer.page.evaluate(
          () => (window as unknown as { digests: { url: string; digest: string }[] }).digests,
        );
        expect(digests).to.have.length.above(2);
        for (const { url, digest } of digests) {
          const response = await fetch(url);
          if (!response.ok) continue;
          const true_ = createHash('sha256').update(new Uint8Array(await response.arrayBuffer()));
          expect(digest, url).to.equal(true_.digest('hex'));
        }
      }
      // The honest ones still feed one another.
      for (const { stats } of await readAll(viewers))
        expect(stats.neighbours.length).to.be.at.least(2);
      await forger.context().close();
    });
  }
});
