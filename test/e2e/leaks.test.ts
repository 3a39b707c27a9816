import { expect } from 'chai';
import type { CDPSession, Page } from 'playwright-core';
import { Stack, type Viewer } from './support/stack.ts';
import { allPlay, until } from './support/watch.ts';

const visitCount = 50;
/** Code and caches warm up in the first visits; what grows after that grows for ever. */
const warmUpCount = 5;
/** Of hls.js, the browser and the test itself, for 45 visits; one leaked session holds several MB of media. */
const heapGrowthBytesMax = 4_000_000;
const listenerGrowthMax = 20;

const classNames = ['RTCPeerConnection', 'RTCDataChannel', 'WebSocket', 'Worker', 'IDBDatabase'];

describe('a page that joins and leaves fifty times', function () {
  this.timeout(240_000);
  let stack: Stack;
  let resident: Viewer;

  before(async () => {
    stack = await Stack.start();
    resident = await stack.join({ room: 'leaks' });
    await allPlay([resident]);
  });

  after(async () => {
    await stack?.close();
  });

  it('leaves nothing behind: connections, workers, timers, listeners, databases, memory', async () => {
    const page = await stack.open('visits.html', {}, 'leaks');
    await page.waitForFunction(() => window.visits !== undefined);
    const cdp = await page.context().newCDPSession(page);
    const workersBefore = page.workers().length;
    let before: Snapshot | null = null;
    const seen = { linked: 0, fromPeers: 0, stored: 0 };
    for (let count = 0; count < visitCount; count += 1) {
      if (count === warmUpCount) before = await snapshot(page, cdp);
      // Little memory, so that segments go to the worker's database from the first.
      const visit = await page.evaluate((options) => window.visits.visit(options, 2_500), {
        memoryBytesMax: 65_536,
        storageBytesMax: 50_000_000,
      });
      for (const name of ['linked', 'fromPeers', 'stored'] as const)
        seen[name] += Number(visit[name]);
    }
    // Otherwise the test would look for the remains of what never was.
    expect(seen.linked).to.be.above(visitCount * 0.9);
    expect(seen.fromPeers).to.be.above(visitCount * 0.5);
    expect(seen.stored).to.be.above(visitCount * 0.5);
    const after = await snapshot(page, cdp);
    if (!before) throw new Error('no snapshot');
    expect(after.live).to.deep.equal(Object.fromEntries(classNames.map((name) => [name, 0])));
    expect(page.workers().length).to.equal(workersBefore);
    expect(after.pending).to.deep.equal(before.pending);
    expect(after.listeners - before.listeners, 'listeners').to.be.below(listenerGrowthMax);
    expect(after.heapBytes - before.heapBytes, 'heap').to.be.below(heapGrowthBytesMax);
    expect(await page.evaluate(() => window.visits.storedCount())).to.equal(0);
    expect(await page.evaluate(() => window.visits.isDatabaseFree())).to.equal(true);
    await page.context().close();
  });

  it('leaves nothing at the server, nor at who stayed', async () => {
    const { stats } = await until(
      'the other is alone again',
      () => resident.read(),
      (reading) => reading.stats.neighbours.length === 0,
      5_000,
    );
    expect(stats.status).to.equal('joined');
    const cdp = await resident.context.newCDPSession(resident.page);
    const { live } = await snapshot(resident.page, cdp);
    expect(live).to.include({ RTCPeerConnection: 0, RTCDataChannel: 0, WebSocket: 1 });
    expect(await gauges(stack)).to.include({
      rooms: 1,
      viewers: 1,
      viewers_connected: 1,
      sockets: 1,
    });
    await resident.close();
    const isEmpty = (counts: Record<string, number>) =>
      ['rooms', 'groups', 'viewers', 'viewers_connected', 'sockets'].every(
        (name) => counts[name] === 0,
      );
    await until('the server is empty', () => gauges(stack), isEmpty, 35_000);
  });
});

interface Snapshot {
  /** Objects that live after garbage was collected, by class; connections and sockets only while open. */
  live: Record<string, number>;
  listeners: number;
  heapBytes: number;
  pending: { timeouts: number; intervals: number } | null;
}

async function snapshot(page: Page, cdp: CDPSession): Promise<Snapshot> {
  // Closed connections go in a timer of simple-peer's, and what they held with the collection after that.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  for (let times = 0; times < 3; times += 1) await cdp.send('HeapProfiler.collectGarbage');
  const live: Record<string, number> = {};
  for (const name of classNames) live[name] = await countLive(cdp, name);
  // Media lies in buffers beside the heap.
  const { usedSize, backingStorageSize } = await cdp.send('Runtime.getHeapUsage');
  const { jsEventListeners } = await cdp.send('Memory.getDOMCounters');
  const pending = await page.evaluate(() => window.visits?.pending() ?? null);
  return { live, listeners: jsEventListeners, heapBytes: usedSize + backingStorageSize, pending };
}

async function countLive(cdp: CDPSession, name: string): Promise<number> {
  const { result } = await cdp.send('Runtime.evaluate', { expression: `${name}.prototype` });
  const { objects } = await cdp.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId ?? '',
    objectGroup: 'count',
  });
  const counted = await cdp.send('Runtime.callFunctionOn', {
    objectId: objects.objectId ?? '',
    functionDeclaration: 'function () { return this.length; }',
    returnByValue: true,
  });
  await cdp.send('Runtime.releaseObjectGroup', { objectGroup: 'count' });
  return counted.result.value;
}

/** Gauges of the signaling server by name, without their prefix. */
async function gauges({ signaling }: Stack): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${signaling.port}/metrics`)).text();
  const found = text.matchAll(
    /^holdfast_(rooms|groups|viewers|viewers_connected|sockets) (\d+)$/gm,
  );
  return Object.fromEntries([...found].map(([, name, value]) => [name, Number(value)]));
}
