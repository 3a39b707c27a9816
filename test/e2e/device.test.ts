import { expect } from 'chai';
import { BarePage } from './support/bare-page.ts';
import { useLive } from './support/live.ts';
import type { Stack, Viewer } from './support/stack.ts';
import { allPlay, type Reading, readAll, sleep, startMeasuring, until } from './support/watch.ts';

interface Readable {
  read(): Promise<Reading>;
}

const tabsOf = (viewers: readonly Readable[]) =>
  Promise.all(viewers.map((viewer) => viewer.read()));

/** The first leads, the second stands by, and all the others are fed by it. */
async function areOneDevice(viewers: readonly Readable[]): Promise<void> {
  const isOne = (all: Reading[]) =>
    all.every(({ stats }, index) => {
      const role = ['master', 'secondary'][index] ?? 'slave';
      return stats.deviceRole === role && (index === 0 || stats.bytesFromDevice > 0);
    });
  await until('they are one device', () => tabsOf(viewers), isOne, 20_000);
}

/** What each edge was asked for in full, by path. */
function copiesOf(stack: Stack): [path: string, copies: number][] {
  return stack.edges.flatMap((edge) =>
    Object.entries(edge.counters().segments).map(
      ([path, { copies }]) => [path, copies] as [string, number],
    ),
  );
}

/** No segment is lost or played twice, and the timeline has no hole. */
function expectSeamless(all: readonly Reading[]): void {
  for (const { sequences, buffered, fatalErrors } of all) {
    const first = sequences[0] ?? 0;
    expect(sequences).to.deep.equal(sequences.map((_, index) => first + index));
    expect(buffered).to.have.length(1);
    expect(fatalErrors).to.deep.equal([]);
  }
}

describe('five tabs of one browser profile', function () {
  this.timeout(90_000);
  const live = useLive();

  async function openTabs(count: number): Promise<Viewer[]> {
    const first = await live.join();
    for (let index = 1; index < count; index += 1) await live.join({ context: first.context });
    await allPlay(live.viewers);
    await areOneDevice(live.viewers);
    return live.viewers;
  }

  /** While this happens and for a while after, all but the first play on, at the cost of one segment at most. */
  async function surviveIt(happens: (master: Viewer) => Promise<unknown>): Promise<Reading[]> {
    const [master, ...others] = live.viewers as [Viewer, ...Viewer[]];
    await startMeasuring(others, live.stack.edges);
    await happens(master);
    await until(
      'the second leads',
      () => readAll(others),
      (all) => all[0]?.stats.deviceRole === 'master' && all[1]?.stats.deviceRole === 'secondary',
      5_000,
    );
    await sleep(8_000);
    const after = await readAll(others);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    expectSeamless(after);
    const copies = copiesOf(live.stack);
    const extra = copies.reduce((sum, [, each]) => sum + Math.max(0, each - 1), 0);
    expect(extra, JSON.stringify(copies)).to.be.at.most(1);
    expect(copies.length).to.be.greaterThan(2);
    return after;
  }

  it('have one stream sent, and are told so', async () => {
    const tabs = await openTabs(5);
    const before = await startMeasuring(tabs, live.stack.edges);
    await sleep(10_000);
    const after = await readAll(tabs);
    for (const [path, copies] of copiesOf(live.stack)) expect(copies, path).to.be.at.most(1);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.equal(0);
    expectSeamless(after);
    const [master, ...slaves] = after;
    for (const [index, { stats, requestCount }] of slaves.entries()) {
      const was = before[index + 1];
      // Neither playlists nor segments, and no peers: all comes from inside the browser.
      expect(requestCount).to.equal(was?.requestCount);
      expect(stats.neighbours).to.deep.equal([]);
      expect(stats.withheld).to.deep.equal(['high/playlist.m3u8']);
      const grown = stats.bytesFromDevice - (was?.stats.bytesFromDevice ?? 0);
      expect(grown).to.be.greaterThan(1_000_000);
    }
    expect(master?.stats.withheld).to.deep.equal([]);
    // Each is a viewer of its own.
    expect(new Set(after.map(({ stats }) => stats.viewerId)).size).to.equal(5);
  });

  it('play on when the master’s tab is closed', async () => {
    await openTabs(5);
    await surviveIt((master) => master.page.close());
  });

  it('play on when the master’s tab crashes', async () => {
    await openTabs(5);
    await surviveIt(async ({ page, context }) => {
      const session = await context.newCDPSession(page);
      const crashed = new Promise((resolve) => page.once('crash', resolve));
      void session.send('Page.crash').catch(() => {});
      await crashed;
    });
    await live.viewers[0]?.page.close();
    live.viewers.shift();
  });

  it('play on when the master’s tab alone has no network', async () => {
    await openTabs(5);
    await surviveIt(async ({ page, context }) => {
      const session = await context.newCDPSession(page);
      await session.send('Network.enable');
      await session.send('Network.emulateNetworkConditions', {
        offline: true,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      });
    });
  });

  it('play on when the master’s tab hangs, which stands last when it goes on', async () => {
    const [master] = (await openTabs(5)) as [Viewer];
    let hung: Promise<unknown> | undefined;
    await surviveIt(async ({ page }) => {
      hung = page.evaluate(() => {
        const endMs = performance.now() + 6_000;
        while (performance.now() < endMs);
      });
    });
    await hung;
    await until(
      'it is a slave',
      () => master.read(),
      ({ stats }) => stats.deviceRole === 'slave',
      10_000,
    );
    const before = await master.read();
    await sleep(6_000);
    const after = await master.read();
    expect(after.stats.bytesFromDevice).to.be.greaterThan(before.stats.bytesFromDevice);
  });
});

describe('tabs of one browser profile whose master is frozen in the background', function () {
  this.timeout(90_000);
  const live = useLive();

  it('play on, and it stands last when it is back', async () => {
    const tabs: BarePage[] = [];
    for (let index = 0; index < 3; index += 1) {
      const tab = await BarePage.open(live.stack.browser, await live.stack.viewerUrl());
      // A tab that nobody sees draws no frames.
      if (index > 0) await tab.send('Emulation.setFocusEmulationEnabled', { enabled: true });
      tabs.push(tab);
      await sleep(1_000);
    }
    await areOneDevice(tabs);
    const [master, ...others] = tabs as [BarePage, ...BarePage[]];
    live.stack.edge(0).resetCounters();
    for (const tab of others) await tab.evaluate('window.viewer.resetFrozen()');
    await master.send('Page.setWebLifecycleState', { state: 'frozen' });
    await sleep(10_000);
    const after = await tabsOf(others);
    expect(after.map(({ stats }) => stats.deviceRole)).to.deep.equal(['master', 'secondary']);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    expectSeamless(after);
    const extra = copiesOf(live.stack).reduce((sum, [, each]) => sum + Math.max(0, each - 1), 0);
    expect(extra).to.be.at.most(1);
    await master.send('Page.setWebLifecycleState', { state: 'active' });
    await until(
      'it is back',
      () => master.read(),
      ({ stats }) => stats.deviceRole === 'slave' && stats.status === 'joined',
      10_000,
    );
    await Promise.all(tabs.map((tab) => tab.close()));
  });
});
