/** Things that several end-to-end tests look at. */
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
    peerShare: 1 - edgeBytes / grown(({ mediaBytes }) => mediaBytes),
    copiesPerSegment: meanCopiesPerSegment(...edges.map((edge) => edge.counters())),
    fatalErrors: after.flatMap(({ fatalErrors }) => fatalErrors),
    playedSeconds: after.map(
      ({ currentTime }, index) => currentTime - (before[index]?.currentTime ?? 0),
    ),
  };
}
