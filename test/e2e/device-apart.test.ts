import { expect } from 'chai';
import type { Frame } from 'playwright-core';
import { useLive } from './support/live.ts';
import type { Stack, Viewer } from './support/stack.ts';
import { allPlay, type Reading, readAll, sleep, startMeasuring, until } from './support/watch.ts';

const low = 0;
const high = 1;

/** Bytes of segments that edges gave, by rendition. */
function segmentBytes(stack: Stack, rendition: string): number {
  return stack.edges
    .flatMap((edge) => Object.entries(edge.counters().segments))
    .filter(([path]) => path.includes(`/${rendition}/`))
    .reduce((sum, [, { bytesSent }]) => sum + bytesSent, 0);
}

function copiesMax(stack: Stack): number {
  const copies = new Map<string, number>();
  for (const edge of stack.edges)
    for (const [path, each] of Object.entries(edge.counters().segments))
      copies.set(path, (copies.get(path) ?? 0) + each.copies);
  return Math.max(...copies.values());
}

const rolesOf = (all: readonly Reading[]) => all.map(({ stats }) => stats.deviceRole).join();

async function haveRoles(viewers: readonly Viewer[], roles: string): Promise<Reading[]> {
  return await until(
    `their roles are ${roles}`,
    () => readAll(viewers),
    (all) => rolesOf(all) === roles,
    20_000,
  );
}

describe('slaves of a device that play something else', function () {
  this.timeout(120_000);
  const live = useLive();

  const keep = (viewer: Viewer, level: number) =>
    viewer.page.evaluate((to) => {
      window.viewer.hls.nextLevel = to;
    }, level);

  it('are given another rendition through the master, which ends when they converge', async () => {
    const first = await live.join({ hls: { startLevel: high } });
    await keep(first, high);
    const { context } = first;
    for (const startLevel of [low, low])
      await keep(await live.join({ context, hls: { startLevel } }), low);
    await allPlay(live.viewers);
    await haveRoles(live.viewers, 'master,secondary,slave');
    await sleep(3_000);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(8_000);
    const apart = await readAll(live.viewers);
    expect(apart.map(({ level }) => level)).to.deep.equal([high, low, low]);
    // Both are sent, each once.
    expect(segmentBytes(live.stack, 'high')).to.be.greaterThan(0);
    expect(segmentBytes(live.stack, 'low')).to.be.greaterThan(0);
    expect(copiesMax(live.stack)).to.be.at.most(1);
    expect(apart[1]?.stats.withheld).to.have.members(['high/playlist.m3u8', 'low/playlist.m3u8']);
    for (const viewer of live.viewers.slice(1)) await keep(viewer, high);
    await until(
      'all play the same',
      () => readAll(live.viewers),
      (all) => all.every(({ level }) => level === high),
      20_000,
    );
    await sleep(3_000);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(8_000);
    const together = await readAll(live.viewers);
    expect(segmentBytes(live.stack, 'low')).to.equal(0);
    expect(copiesMax(live.stack)).to.be.at.most(1);
    expect(Math.max(...together.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    await until(
      'the other stream is withheld no more',
      () => readAll(live.viewers),
      (all) => all[1]?.stats.withheld.join() === 'high/playlist.m3u8',
      10_000,
    );
  });

  it('are given what the master has kept when they go back', async () => {
    const first = await live.join();
    const second = await live.join({ context: first.context, hls: { backBufferLength: 0 } });
    await allPlay(live.viewers);
    await haveRoles(live.viewers, 'master,secondary');
    await sleep(10_000);
    const before = await second.read();
    await startMeasuring(live.viewers, live.stack.edges);
    await second.page.evaluate(() => {
      const { video, hls } = window.viewer;
      // Of what left the playlist's window the player would jump back to the live edge.
      const oldestSeconds = (hls.latestLevelDetails?.fragmentStart ?? 0) + 1;
      video.currentTime = Math.max(oldestSeconds, video.currentTime - 8);
    });
    await sleep(3_000);
    const after = await second.read();
    expect(after.currentTime).to.be.below(before.currentTime);
    expect(after.stats.bytesFromEdge).to.equal(before.stats.bytesFromEdge);
    expect(copiesMax(live.stack)).to.be.at.most(1);
    expect(after.fatalErrors).to.deep.equal([]);
  });
});

describe('viewers that are not in one browser profile', function () {
  this.timeout(120_000);
  const live = useLive();

  it('are two devices with a master each, which feed one another', async () => {
    const first = await live.join();
    await live.join({ context: first.context });
    const other = await live.join();
    await live.join({ context: other.context });
    await allPlay(live.viewers);
    const isLinked = (all: Reading[]) =>
      rolesOf(all) === 'master,secondary,master,secondary' &&
      all.map(({ stats }) => stats.neighbours.length).join() === '1,0,1,0';
    await until('two devices', () => readAll(live.viewers), isLinked, 20_000);
    await sleep(3_000);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(8_000);
    const after = await readAll(live.viewers);
    expect(copiesMax(live.stack)).to.be.at.most(1.05);
    for (const index of [1, 3]) {
      expect(after[index]?.stats.bytesFromPeers).to.equal(0);
      expect(after[index]?.stats.bytesFromDevice).to.be.greaterThan(1_000_000);
    }
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
  });

  /** A viewer in a frame of a page of another site, or of the same. */
  async function frameIn(viewer: Viewer, topHost: string): Promise<Frame> {
    const page = await viewer.context.newPage();
    const top = new URL(live.stack.pageUrl.replace('index.html', 'frame.html'));
    top.hostname = topHost;
    await page.goto(top.href);
    const url = await live.stack.viewerUrl();
    await page.evaluate((src) => {
      const frame = document.createElement('iframe');
      frame.allow = 'autoplay';
      frame.src = src;
      document.body.append(frame);
    }, url);
    const [frame] = await until(
      'the frame is there',
      async () => page.frames().slice(1),
      ([found]) => found?.url() === url,
      10_000,
    );
    if (!frame) throw new Error('no frame');
    await frame.waitForFunction(() => window.viewer !== undefined);
    return frame;
  }

  it('are found out in a frame whose storage the browser keeps apart, and only there', async () => {
    const first = await live.join();
    await allPlay(live.viewers);
    const near = await frameIn(first, '127.0.0.1');
    const far = await frameIn(first, 'localhost');
    const read = (frame: Frame) => frame.evaluate(() => window.viewer.read());
    const [nearReading, farReading] = await until(
      'both play',
      () => Promise.all([read(near), read(far)]),
      (all) => all.every(({ currentTime, stats }) => currentTime > 1 && stats.deviceRole !== null),
      20_000,
    );
    expect(nearReading?.stats.deviceRole).to.equal('secondary');
    expect(farReading?.stats.deviceRole).to.equal('master');
    await until(
      'the one inside is fed',
      () => read(near),
      ({ stats }) => stats.bytesFromDevice > 300_000,
      10_000,
    );
  });

  it('are found out where two machines have the id of one', async () => {
    const initScript = "localStorage.setItem('holdfast.deviceId', 'c'.repeat(32));";
    const [first, second] = [await live.join({ initScript }), await live.join({ initScript })];
    // Its id is kept, and not written again by the script of this test.
    await allPlay(live.viewers);
    await haveRoles([first, second], 'master,master');
    const kept = await second.page.evaluate(() => localStorage.getItem('holdfast.deviceId'));
    expect(kept)
      .to.match(/^[0-9a-f]{32}$/)
      .and.not.equal('c'.repeat(32));
    const after = await readAll(live.viewers);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    expect(after.map(({ fatalErrors }) => fatalErrors)).to.deep.equal([[], []]);
  });
});
