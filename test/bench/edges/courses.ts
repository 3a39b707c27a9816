import type { Course } from './play.ts';
import { type Throughput, type ThroughputSet, type Traces, transferMs } from './traces.ts';

/** Slices are counted from 1, as the files are. */
export interface Slices {
  from: number;
  to: number;
}

/** Parameters were chosen on the first, and are judged on the second. */
export const tuningSlices: Slices = { from: 1, to: 100 };
export const reportSlices: Slices = { from: 101, to: 160 };

export const edgeCount = 8;
/** One segment to a slice. How long a slice was is not recorded; the figures hardly depend on it. */
const intervalMs = 5_000;

interface Draw {
  traces: Traces;
  slices: Slices;
  random: () => number;
}

/** One host as viewer, eight others as edges. */
function hostsOf({ traces, slices, random }: Draw) {
  const hosts = traces.seattleMs[0]?.length ?? 0;
  const draw = () => Math.floor(random() * hosts);
  const viewer = draw();
  const edges = new Set<number>();
  while (edges.size < edgeCount) {
    const edge = draw();
    if (edge !== viewer) edges.add(edge);
  }
  const ids = [...edges];
  return (edge: number, nowMs: number): number => {
    const slice =
      slices.from - 1 + Math.min(slices.to - slices.from, Math.floor(nowMs / intervalMs));
    return Math.max(1, traces.seattleMs[slice]?.[viewer]?.[ids[edge] ?? 0] ?? 0);
  };
}

/** Round-trip times alone: what a read takes is its first byte. */
export function roundTripCourse(draw: Draw): Course {
  const firstByteMs = hostsOf(draw);
  const { slices } = draw;
  return {
    ...{ edgeCount, intervalMs, decisionCount: slices.to - slices.from + 1, bytes: 0 },
    read: (edge, nowMs) => ({ firstByteMs: firstByteMs(edge, nowMs), bytes: 0, transferMs: 0 }),
  };
}

/** Segments of 4 s at 2 Mbit/s. */
const segmentBytes = 1_000_000;
/** An edge fails about every five minutes, for twenty seconds. */
const failureEveryMs = 300_000;
const failureMs = 20_000;

/** Round-trip times of one set, throughput of another, failures invented: each edge its own. */
export function composedCourse(draw: Draw, set: ThroughputSet): Course {
  const firstByteMs = hostsOf(draw);
  const { slices, random, traces } = draw;
  const decisionCount = slices.to - slices.from + 1;
  const isTuning = slices.from < reportSlices.from;
  // Half of the traces to choose parameters on, half to judge by.
  const pool = traces.throughput[set].filter((_, index) => (index % 2 === 0) === isTuning);
  const paths = Array.from({ length: edgeCount }, () => ({
    trace: pool[Math.floor(random() * pool.length)] as Throughput,
    fromS: Math.floor(random() * 600),
    failures: failuresOf(decisionCount * intervalMs, random),
  }));
  return {
    ...{ edgeCount, intervalMs, decisionCount, bytes: segmentBytes },
    read(edge, nowMs, bytes) {
      const path = paths[edge] as (typeof paths)[number];
      const failing = path.failures.find(({ atMs, untilMs }) => nowMs >= atMs && nowMs < untilMs);
      const answerMs = firstByteMs(edge, nowMs);
      if (failing) return { failure: failing.kind, afterMs: answerMs };
      const fromS = path.fromS + (nowMs + answerMs) / 1_000;
      return {
        ...{ firstByteMs: answerMs, bytes },
        transferMs: transferMs(path.trace, fromS, bytes),
      };
    },
  };
}

function failuresOf(lengthMs: number, random: () => number) {
  const failures: { atMs: number; untilMs: number; kind: 'silent' | 'status' }[] = [];
  const exponential = (meanMs: number) => -Math.log(1 - random()) * meanMs;
  for (let atMs = exponential(failureEveryMs); atMs < lengthMs; ) {
    const untilMs = atMs + exponential(failureMs);
    failures.push({ atMs, untilMs, kind: random() < 0.5 ? 'silent' : 'status' });
    atMs = untilMs + exponential(failureEveryMs);
  }
  return failures;
}
