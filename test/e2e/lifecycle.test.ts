import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { BarePage } from './support/bare-page.ts';
import { useLive } from './support/live.ts';
import { Stack, type Viewer } from './support/stack.ts';
import { allPlay, type Reading, readAll, sleep, until } from './support/watch.ts';

/** Live players fetch playlists and a buffer's worth of segments when they come back; a storm is hundreds. */
const requestsMax = 30;
const ballastBytes = 128 * 1_048_576;

interface Readable {
  read(): Promise<Reading>;
}

describe('a viewer whose page stands still', function () {
  this.timeout(120_000);
  const live = useLive({
    start: () => Stack.start({}, { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
  });
  const { viewers } = live;

  /** The one that a test is about comes first, so that it is master. */
  async function joinOthers(first: Readable, room: string): Promise<void> {
    for (let index = 0; index < 3; index += 1) await live.join({ room });
    await allPlay(viewers);
    const everyone = [first, ...viewers];
    await until(
      'everyone is linked, the first is master',
      () => Promise.all(everyone.map((viewer) => viewer.read())),
      (all) =>
        all.every(({ stats }) => stats.neighbours.length === 3) &&
        all[0]?.stats.groupRole === 'master',
      20_000,
    );
  }

  /** Within a fraction of the two seconds that a lost socket keeps its roles. */
  async function isHandedOver(): Promise<void> {
    const isOut = (all: Reading[]) =>
      all.every(({ stats }) => stats.neighbours.length === 2) &&
      all.filter(({ stats }) => stats.groupRole === 'master').length >= 2;
    await until('the others go on without it', () => readAll(viewers), isOut, 1_000);
  }

  /** It plays, is in the room under its old name, and has asked for no more than it needed. */
  async function isBack(viewer: Readable, before: Reading): Promise<void> {
    await until(
      'it is back in the room',
      () => viewer.read(),
      ({ stats }) => stats.status === 'joined' && stats.neighbours.length === 3,
      15_000,
    );
    const isPlaying = ({ steadyMs }: Reading) => steadyMs >= 1_000;
    const after = await until('it plays again', () => viewer.read(), isPlaying, 15_000);
    expect(after.stats.viewerId).to.equal(before.stats.viewerId);
    expect(after.fatalErrors).to.deep.equal([]);
    expect(after.requestCount - before.requestCount, 'requests').to.be.below(requestsMax);
    // Nothing of the time that it stood still is taken for a slow or dead edge.
    expect(after.stats.edgeHealth).to.equal('healthy');
  }

  const statuses = (page: BarePage) =>
    page.evaluate<string[]>(
      "window.viewer.log.filter(({ name }) => name === 'status').map(({ event }) => event.reason)",
    );

  it('hands over before it is frozen, and comes back to its place', async () => {
    const room = 'freeze';
    const frozen = await BarePage.open(live.stack.browser, await live.stack.viewerUrl({ room }));
    await joinOthers(frozen, room);
    const before = await frozen.read();
    await live.playsOn(async () => {
      await frozen.send('Page.setWebLifecycleState', { state: 'frozen' });
      await isHandedOver();
      await sleep(20_000);
    });
    await frozen.send('Page.setWebLifecycleState', { state: 'active' });
    // Freezing hid it; the user looks at it again. Browsers pause what they freeze.
    await frozen.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    await frozen.evaluate('window.viewer.video.play()');
    await isBack(frozen, before);
    expect(await statuses(frozen)).to.include('page_frozen');
    await frozen.close();
  });

  it('hands over when it is left, is kept by the browser, and comes back with it', async () => {
    const room = 'bfcache';
    const left = await BarePage.open(live.stack.browser, await live.stack.viewerUrl({ room }));
    await joinOthers(left, room);
    const before = await left.read();
    await left.evaluate(
      "addEventListener('pageshow', ({ persisted }) => { window.wasKept = persisted; })",
    );
    await live.playsOn(async () => {
      await left.send('Page.navigate', { url: live.stack.pageUrl.replace('index', 'plain') });
      await isHandedOver();
      await sleep(5_000);
    });
    await left.evaluate('history.back()');
    await until(
      'it is shown again',
      () => left.evaluate<boolean | undefined>('window.wasKept'),
      (wasKept) => wasKept === true,
      5_000,
    );
    await isBack(left, before);
    await left.close();
  });

  it('that slept without a word is replaced, and comes back without a storm', async () => {
    const room = 'sleep';
    const asleep = await live.stack.join({ room });
    await joinOthers(asleep, room);
    const before = await asleep.read();
    const processId = await processOf(asleep, live.stack);
    try {
      await live.playsOn(async () => {
        process.kill(processId, 'SIGSTOP');
        await sleep(20_000);
      });
    } finally {
      process.kill(processId, 'SIGCONT');
    }
    viewers.push(asleep);
    await isBack(asleep, before);
  });
});

/** The renderer that grows when the page does: how much of the processor it gets depends on all others. */
async function processOf(viewer: Viewer, { browser }: Stack): Promise<number> {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  await cdp.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const before = await Promise.all(renderers.map(residentBytes));
  const ballast = await viewer.page.evaluateHandle(
    (bytes) => new Uint8Array(bytes).fill(1),
    ballastBytes,
  );
  const after = await Promise.all(renderers.map(residentBytes));
  await ballast.dispose();
  const grown = renderers.filter(
    (_, index) => (after[index] ?? 0) - (before[index] ?? 0) > ballastBytes / 2,
  );
  if (grown.length !== 1) throw new Error(`${grown.length} renderers have grown`);
  return grown[0] as number;
}

async function residentBytes(processId: number): Promise<number> {
  const pages = (await readFile(`/proc/${processId}/statm`, 'utf8')).split(' ')[1];
  return Number(pages) * 4_096;
}
