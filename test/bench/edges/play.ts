import * as limits from '../../../signaling/protocol/limits.ts';
import type { Policy, Read } from './policies.ts';

/** What one viewer meets: all that it may choose from, at any time. */
export interface Course {
  edgeCount: number;
  decisionCount: number;
  /** Between two decisions. */
  intervalMs: number;
  bytes: number;
  /** A read that begins now; a failure takes until the deadline where it is silent. */
  read(
    edge: number,
    nowMs: number,
    bytes: number,
  ): Read | { failure: 'silent' | 'status'; afterMs: number };
}

export interface Outcome {
  tookMs: number;
  oracleMs: number;
  /** Of the media, to learn. */
  probedBytes: number;
}

/** Times that a policy tries before a read counts as lost. */
const triesMax = 16;

/** One small read before each decision that a policy wants it for, of no cost to the time that a segment takes. */
export function play(policy: Policy, course: Course): Outcome[] {
  const outcomes: Outcome[] = [];
  const edges = Array.from({ length: course.edgeCount }, (_, edge) => edge);
  policy.start(edges.map((edge) => firstByteOf(course, edge, 0) ?? 3_000));
  for (let decision = 0; decision < course.decisionCount; decision += 1) {
    const nowMs = decision * course.intervalMs;
    const looked = policy.look(nowMs);
    if (looked !== null) policy.looked(looked, firstByteOf(course, looked, nowMs), nowMs);
    const oracleMs = Math.min(
      ...edges.flatMap((edge) => {
        const read = course.read(edge, nowMs, course.bytes);
        return 'failure' in read ? [] : [read.firstByteMs + read.transferMs];
      }),
    );
    const { tookMs, probedBytes } = readOnce(policy, course, nowMs);
    // Where nothing answers there is nothing to choose.
    if (Number.isFinite(oracleMs)) outcomes.push({ tookMs, oracleMs, probedBytes });
  }
  return outcomes;
}

/** Tries until one edge gives it. */
function readOnce(
  policy: Policy,
  course: Course,
  beganMs: number,
): Pick<Outcome, 'tookMs' | 'probedBytes'> {
  const without = new Set<number>();
  let nowMs = beganMs;
  let { bytes } = course;
  const probed = policy.probe(nowMs);
  const probedBytes = probed === null ? 0 : limits.partBytes;
  if (probed !== null) {
    const read = course.read(probed, nowMs, probedBytes);
    nowMs += timeOf(policy, probed, read, nowMs);
    if ('failure' in read) policy.failed(probed, nowMs);
    else bytes -= probedBytes;
  }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const edge = policy.choose(nowMs, without);
    const read = course.read(edge, nowMs, bytes);
    nowMs += timeOf(policy, edge, read, nowMs);
    if (!('failure' in read)) break;
    policy.failed(edge, nowMs);
    without.add(edge);
    if (without.size === course.edgeCount) without.clear();
  }
  return { tookMs: nowMs - beganMs, probedBytes };
}

/** Tells the policy what it took, if it came. */
function timeOf(
  policy: Policy,
  edge: number,
  read: ReturnType<Course['read']>,
  nowMs: number,
): number {
  if ('failure' in read)
    return read.failure === 'silent' ? policy.deadlineMs(edge, nowMs) : read.afterMs;
  policy.completed(edge, read, nowMs);
  return read.firstByteMs + read.transferMs;
}

function firstByteOf(course: Course, edge: number, nowMs: number): number | null {
  const read = course.read(edge, nowMs, 0);
  return 'failure' in read ? null : read.firstByteMs;
}

/** By how much longer than with hindsight it took in all. */
export function regretOf(outcomes: readonly Outcome[]): number {
  let took = 0;
  let oracle = 0;
  for (const each of outcomes) {
    took += each.tookMs;
    oracle += each.oracleMs;
  }
  return took / oracle - 1;
}
