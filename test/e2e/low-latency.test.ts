import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { type Counters, meanCopiesPerSegment } from '../../demo/origin/counters.ts';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  type Reading,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

/** Low-latency parts only. */
function partsOf(counters: Counters): Counters {
  const parts = Object.entries(counters.segments).filter(([path]) => /\d+-\d+\.m4s$/.test(path));
  return { ...counters, segments: Object.fromEntries(parts) };
}

const latencyOf = (viewer: Viewer): Promise<number> =>
  viewer.page.evaluate(() => window.viewer.hls.latency);

describe('low-latency HLS', function () {
  this.timeout(150_000);
  let stack: Stack;
  let plain: Page;
  const viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start({ lowLatency: true });
    for (let index = 0; index < 4; index += 1) {
      const viewer = await stack.join({ hls: { startLevel: 1 } });
      await viewer.page.evaluate(() => {
        window.viewer.hls.nextLevel = 1;
      });
      viewers.push(viewer);
    }
    // From the origin itself, so that what the edges count is the room's.
    plain = await stack.openPlain(stack.origin.playlistUrl);
    await plain.waitForFunction(() => window.plain?.read().firstFrameMs !== null);
    await allPlay(viewers);
    await allLinked(viewers);
    await sleep(4_000);
  });

  after(async () => {
    await stack?.close();
  });

  it('goes through the room part by part: playlists and parts about once, and the latency stays low', async () => {
    const before = await Promise.all(viewers.map(latencyOf));
    await startMeasuring(viewers, stack.edges);
    await sleep(16_000);
    const after = await readAll(viewers);
    const latencies = await Promise.all(viewers.map(latencyOf));
    const counters = stack.edges.map((edge) => edge.counters());
    const copies = meanCopiesPerSegment(...counters.map(partsOf));
    const parts = new Set(counters.flatMap((each) => Object.keys(partsOf(each).segments)));
    const reads = counters.reduce((sum, { requests }) => sum + requests.playlist, 0);
    expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    expect(after.map(({ stats }) => stats.integrity)).to.not.include('none');
    // Three parts of 0.4 s are held back, and what a page takes to start: hls.js does not catch up by itself. Whole
    // segments would be six seconds behind.
    const plainLatency = await plain.evaluate(() => window.plain.hls.latency);
    expect(Math.max(...latencies), `plain ${plainLatency} s`).to.be.below(plainLatency + 2);
    for (const [index, latency] of latencies.entries())
      expect(latency - (before[index] ?? 0), 'more than before').to.be.below(0.5);
    expect(parts.size).to.be.at.least(35);
    expect(copies).to.be.at.most(1.3);
    // Each of 40 updates would be read by all four.
    expect(reads).to.be.at.most(1.6 * 40);
  });

  it('is handed on part by part inside a browser, at the latency of the tab that loads', async () => {
    const [, , , master] = viewers as [Viewer, Viewer, Viewer, Viewer];
    const slave = await stack.join({ context: master.context, hls: { startLevel: 1 } });
    const isFed = ({ stats }: Reading) =>
      stats.deviceRole === 'secondary' && stats.bytesFromDevice > 0;
    await until('another tab is fed', () => slave.read(), isFed, 20_000);
    await sleep(4_000);
    await startMeasuring([slave], stack.edges);
    const before = await slave.read();
    await sleep(8_000);
    const after = await slave.read();
    const counters = stack.edges.map((edge) => edge.counters());
    expect(after.requestCount).to.equal(before.requestCount);
    expect(after.fatalErrors).to.deep.equal([]);
    expect(after.frozenMs).to.be.below(500);
    expect(await latencyOf(slave)).to.be.below((await latencyOf(master)) + 1.5);
    expect(meanCopiesPerSegment(...counters.map(partsOf))).to.be.at.most(1.3);
    await slave.page.close();
  });

  it('is found again where an encoder starts over, which refuses to wait for what follows the old numbers', async () => {
    await stack.restartOrigin({ lowLatency: true, mediaSequenceBase: 1 });
    const isFollowed = (all: Reading[]) =>
      all.every(({ playlist }) => playlist !== null && playlist.last >= 10 && playlist.last < 100);
    await until('everyone follows the new encoder', () => readAll(viewers), isFollowed, 30_000);
    const after = await readAll(viewers);
    expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
  });
});
