/** Things that several end-to-end tests look at. */
import { expect } from 'chai';
import { meanCopiesPerSegment } from '../../../demo/origin/counters.ts';
import type { Edge } from '../../../demo/origin/edge.ts';
import type { Viewer } from './stack.ts';

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the condition holds; fails with what was seen last. */
export async function until<Value>(
  what: string,
  read: () => Promise<Value>,
  holds: (value: Value) => boolean,
  withinMs: number,
): Promise<Value> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > endMs)
      throw new Error(`not within ${withinMs} ms: ${what}; saw ${JSON.stringify(value)}`);
    await sleep(100);
  }
}

export type Reading = Awaited<ReturnType<Viewer['read']>>;

export const readAll = (viewers: readonly Viewer[]): Promise<Reading[]> =>
  Promise.all(viewers.map((viewer) => viewer.read()));

export async function allPlay(viewers: readonly Viewer[], withinMs = 15_000): Promise<void> {
  const isPlaying = (readings: Reading[]) => readings.every(({ currentTime }) => currentTime > 1);
  await until('everyone plays', () => readAll(viewers), isPlaying, withinMs);
}

/** Everyone linked to everyone. */
export async function allLinked(viewers: readonly Viewer[], withinMs = 15_000): Promise<void> {
  const isLinked = (readings: Reading[]) =>
    readings.every(({ stats }) => stats.neighbours.length === viewers.length - 1);
  await until('everyone is linked', () => readAll(viewers), isLinked, withinMs);
}

/** From now on freezes, bytes and copies count anew. */
export async function startMeasuring(
  viewers: readonly Viewer[],
  edges: readonly Edge[],
): Promise<Reading[]> {
  for (const edge of edges) edge.resetCounters();
  for (const viewer of viewers) await viewer.page.evaluate(() => window.viewer.resetFrozen());
  return readAll(viewers);
}

export interface Measured {
  longestFreezeMs: number;
  /** Of all standstills together, of the viewer that had most. */
  stoodMsMax: number;
  /** Share of media bytes that peers sent. */
  peerShare: number;
  copiesPerSegment: number;
  fatalErrors: string[];
  playedSeconds: number[];
}

export async function measure(
  viewers: readonly Viewer[],
  before: readonly Reading[],
  edges: readonly Edge[],
): Promise<Measured> {
  const after = await readAll(viewers);
  const grown = (read: (reading: Reading) => number) =>
    after.reduce((sum, reading, index) => sum + read(reading) - read(before[index] ?? reading), 0);
  const edgeBytes = edges.reduce((sum, edge) => sum + edge.counters().bytes.segment, 0);
  return {
    longestFreezeMs: Math.max(...after.map(({ frozenMs }) => frozenMs)),
    stoodMsMax: Math.max(...after.map(({ stoodMs }) => stoodMs)),
    peerShare: 1 - edgeBytes / grown(({ mediaBytes }) => mediaBytes),
    copiesPerSegment: meanCopiesPerSegment(...edges.map((edge) => edge.counters())),
    fatalErrors: after.flatMap(({ fatalErrors }) => fatalErrors),
    playedSeconds: after.map(
      ({ currentTime }, index) => currentTime - (before[index]?.currentTime ?? 0),
    ),
  };
}

/** Everyone has played all that the room held when its edges failed, which was when `before` was read. */
export function expectPlayedOut(before: readonly Reading[], dry: readonly Reading[]): void {
  for (const [index, reading] of dry.entries()) {
    const playedMs = (reading.currentTime - (before[index]?.currentTime ?? 0)) * 1_000;
    const bufferMs = before[index]?.stats.bufferMs ?? 0;
    expect(reading.frozenNowMs, 'has nothing more').to.be.above(1_000);
    expect(playedMs, 'played to the end of its buffer').to.be.above(bufferMs - 500);
    expect(reading.fatalErrors).to.deep.equal([]);
  }
  const horizonsMs = dry.map(({ playingDateMs }) => playingDateMs ?? 0);
  expect(Math.min(...horizonsMs), 'programme date').to.be.above(0);
  expect(Math.max(...horizonsMs) - Math.min(...horizonsMs), 'horizons').to.be.below(500);
}
