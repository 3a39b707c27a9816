import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { Stack, type Viewer } from './support/stack.ts';
import { allPlay, measure, sleep, startMeasuring, until } from './support/watch.ts';

/** Little memory, so that nearly everything lies behind it. */
const options = { memoryBytesMax: 65_536, storageBytesMax: 50_000_000 };
/** Four or five segments. */
const quotaBytes = 1_800_000;

describe('storage behind memory', function () {
  this.timeout(100_000);
  let stack: Stack;
  const viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start();
  });

  after(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await stack?.close();
  });

  async function join(room: string, context?: BrowserContext): Promise<Viewer> {
    const viewer = await stack.join({ room, options, ...(context && { context }) });
    viewers.push(viewer);
    await allPlay([viewer]);
    return viewer;
  }

  it('that is full keeps what is newest, says so once, and disturbs nobody', async () => {
    // Before anything is stored: Chromium goes on for half a minute by the room that it has once looked up.
    const context = await stack.browser.newContext();
    const cdp = await context.newCDPSession(await context.newPage());
    const { origin } = new URL(stack.pageUrl);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: quotaBytes });
    const viewer = await join('quota', context);
    const before = await startMeasuring([viewer], stack.edges);
    const errors = () =>
      viewer.page.evaluate(() =>
        window.viewer.log
          .filter(({ name }) => name === 'error')
          .map(({ event }) => (event as { code: string }).code),
      );
    await until('the browser has no more room', errors, (codes) => codes.length > 0, 20_000);
    await sleep(16_000);
    expect(await errors()).to.deep.equal(['storage_failed']);
    const measured = await measure([viewer], before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.fatalErrors).to.deep.equal([]);
    const sequences = async () =>
      (await storedKeys(viewer.page)).map(sequenceOf).filter((key) => key !== null);
    // What makes room for the newest is gone before that is there.
    const isFilled = ({ length }: number[]) => length >= 2 && length <= 6;
    const stored = await until('segments are stored', sequences, isFilled, 3_000);
    const { playlist, stats } = await viewer.read();
    // The newest is in memory, the one before it may be on its way.
    expect(Math.max(...stored)).to.be.at.least((playlist?.last ?? 0) - 2);
    const held = stats.segmentsHeld.map((id) => sequenceOf(['', id])).filter((key) => key !== null);
    expect(held.length - stored.length, 'held, and not stored').to.be.within(0, 2);
    await context.close();
  });

  it('that a dead page left behind goes with the next session, whatever its room', async () => {
    const dead = await join('dead');
    const ofRoom = async (page: Page, room: string) =>
      (await storedKeys(page)).filter(([sessionId]) => sessionId.startsWith(`${room} `)).length;
    await until(
      'it stores',
      () => ofRoom(dead.page, 'dead'),
      (count) => count > 0,
      15_000,
    );
    const witness = await dead.context.newPage();
    await witness.goto(stack.pageUrl.replace('index', 'visits'));
    const crash = dead.page.waitForEvent('crash', { timeout: 5_000 });
    await dead.page.goto('chrome://kill', { timeout: 2_000 }).catch(() => {});
    await crash;
    expect(await ofRoom(witness, 'dead')).to.be.above(0);
    const living = await join('living', dead.context);
    const stored = () => Promise.all([ofRoom(living.page, 'dead'), ofRoom(living.page, 'living')]);
    await until(
      'only the living is there',
      stored,
      ([gone, here]) => gone === 0 && here > 0,
      15_000,
    );
    await living.page.evaluate(() => window.viewer.session.close());
    expect(await storedKeys(living.page)).to.deep.equal([]);
  });
});

type Key = [sessionId: string, segmentId: string];

function storedKeys(page: Page): Promise<Key[]> {
  return page.evaluate(async () => {
    // Opening it would create it.
    const names = (await indexedDB.databases()).map(({ name }) => name);
    if (!names.includes('holdfast')) return [];
    return await new Promise<Key[]>((resolve, reject) => {
      const opening = indexedDB.open('holdfast');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const database = opening.result;
        const reading = database.transaction('segments').objectStore('segments').getAllKeys();
        reading.onsuccess = () => {
          database.close();
          resolve(reading.result as unknown as Key[]);
        };
      };
    });
  });
}

/** Null for init segments. */
function sequenceOf([, segmentId]: Key): number | null {
  const [, sequence] = /#(\d+)$/.exec(segmentId) ?? [];
  return sequence === undefined ? null : Number(sequence);
}
