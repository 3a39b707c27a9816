import type { EdgeHealth } from '../../../signaling/protocol/index.ts';
import type { FetchFailure } from '../events.ts';
import * as edgeThresholds from './edge-thresholds.ts';

/** The two kinds of requests: one of them may fail alone. */
export type Resource = 'segments' | 'playlists';

/** What became of requests of one kind. */
export interface Lane {
  /** In a row. */
  failures: number;
  /** Of the newest, whether they failed. */
  outcomes: boolean[];
  succeededAtMs: number;
  failedAtMs: number;
  /** Not before; of a lane that is down its turns count instead. */
  nextAttemptAtMs: number;
  /** May be tried once although it is down: the other has just been answered. */
  halfOpen: boolean;
}

/** What health follows from. */
export interface Evidence {
  segments: Lane;
  playlists: Lane;
  /** In a row. */
  successes: number;
  /** Others have failed lately. */
  isSuspected: boolean;
  /** A sign that it gives less than is needed; null without one. */
  strain: string | null;
  health: EdgeHealth;
  /** Of the newest failure, and whether the edge said so itself. */
  failure: string;
  isAnswered: boolean;
}

export function newLane(): Lane {
  return {
    failures: 0,
    outcomes: [],
    succeededAtMs: Number.NEGATIVE_INFINITY,
    failedAtMs: Number.NEGATIVE_INFINITY,
    nextAttemptAtMs: 0,
    halfOpen: false,
  };
}

export function otherOf(resource: Resource): Resource {
  return resource === 'segments' ? 'playlists' : 'segments';
}

/** No request of this kind is worth more than a probe. */
export function isDown(evidence: Evidence, resource: Resource): boolean {
  return evidence.health === 'dark' || isFailing(evidence, resource);
}

/** Its last word, or a later one to the other kind of request, was no. */
export function isDoubtful(evidence: Evidence, resource: Resource): boolean {
  const { failures, failedAtMs } = evidence[otherOf(resource)];
  const { succeededAtMs } = evidence[resource];
  const isOutdated = failures > 0 && succeededAtMs < failedAtMs;
  return evidence[resource].failures > 0 || isOutdated || isDown(evidence, resource);
}

/** What it gives, if anything, is not enough to play. */
export function hasLostEdge(health: EdgeHealth): boolean {
  return health === 'dark' || health === 'partial';
}

/** The state and what it is for. */
export function judge(evidence: Evidence, nowMs: number): [EdgeHealth, string] {
  const { failure } = evidence;
  const failing = (['segments', 'playlists'] as const).filter((each) => isFailing(evidence, each));
  const [first] = failing;
  if (first) {
    const other = evidence[otherOf(first)];
    const answers = failing.length === 1 && nowMs - other.succeededAtMs < edgeThresholds.evidenceMs;
    return answers ? ['partial', `${first}: ${failure}`] : ['dark', failure];
  }
  const { health, successes, segments, playlists, strain } = evidence;
  // Who is fed by others asks for little itself: what failed long ago must not hang on to its edge.
  const doubtful = [segments, playlists].filter(
    ({ failedAtMs }) => nowMs - failedAtMs < edgeThresholds.doubtMs,
  );
  const failed = doubtful.flatMap(({ outcomes }) => outcomes).filter((each) => each).length;
  const failedMax =
    health === 'strained'
      ? edgeThresholds.outcomesToHealthy
      : edgeThresholds.outcomesToStrained - 1;
  const isBack = health === 'dark' || health === 'recovering';
  if (isBack && successes < edgeThresholds.successesToHealthy)
    return successes > 0 ? ['recovering', 'answers again'] : [health, failure];
  if (!isBack && failed > failedMax) return ['strained', `some requests: ${failure}`];
  if (doubtful.some(({ failures }) => failures > 0)) return ['strained', failure];
  return strain === null ? ['healthy', 'answers reliably'] : ['strained', strain];
}

function isFailing(evidence: Evidence, resource: Resource): boolean {
  const { failures } = evidence[resource];
  if (failures === 0) return false;
  const inARow = failures + evidence[otherOf(resource)].failures;
  return inARow >= failuresToDark(evidence, resource);
}

function failuresToDark(evidence: Evidence, resource: Resource): number {
  const { outcomes } = evidence[resource];
  // It has answered since it failed: it is not gone.
  const answered = outcomes.lastIndexOf(false);
  const isFlaky = outcomes.indexOf(true) < answered && outcomes.includes(true);
  if (isFlaky) return edgeThresholds.failuresToDarkFlaky;
  if (evidence.isAnswered) return edgeThresholds.failuresToDarkAnswered;
  return evidence.isSuspected
    ? edgeThresholds.failuresToDarkSuspected
    : edgeThresholds.failuresToDark;
}

/** The edge answered that the resource is not there, or not for this viewer. */
export function isAbsent(failure: FetchFailure): boolean {
  const { status } = failure;
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
