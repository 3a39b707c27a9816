import { originOf } from '../../../signaling/protocol/identity.ts';
import type { EdgeHealth } from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { FetchFailure } from '../events.ts';

/** Every threshold of edge health, each with its reason. */
export const edgeThresholds = {
  /** One failure may be chance; two in a row are not. */
  failuresToDark: 2,
  /** Two answers in a row after that: a single one may be the last of a dying server. */
  successesToHealthy: 2,
  /** A viewer that others feed looks at its dark edge this often: once in two or three segments. */
  recheckDarkMs: 5_000,
  /** At an edge that answers again, or is strained, it looks sooner, to have it back before it is needed. */
  recheckMs: 1_000,
  /** New samples weigh a quarter: a change shows within three or four segments. */
  sampleWeight: 0.25,
  /** First guess of throughput, 4 Mbit/s, until one segment was read. */
  bytesPerMsUnknown: 500,
  firstByteMsUnknown: 150,
  /** Slower than this times the usual first byte is a sign of strain, and the first-byte deadline. */
  firstByteSlack: 6,
  firstByteWithinMsMin: 1_000,
  firstByteWithinMsMax: 2_500,
  /** With nobody else to ask, giving up early helps no one: as hls.js's own default. */
  firstByteAloneMs: 10_000,
} as const;

interface EdgeState {
  health: EdgeHealth;
  failures: number;
  successes: number;
  firstByteMs: number;
  /** In a row, without a byte. */
  timeouts: number;
  bytesPerMs: number;
  sampled: boolean;
  nextAttemptAtMs: number;
}

/** What this viewer sees of each edge (by scheme and host), and when it may be asked again. */
export class Edges {
  #context: Context;
  #states = new Map<string, EdgeState>();
  /** Called when the health of the edge last used changes. */
  #changed: (health: EdgeHealth, reason: string) => void;

  constructor(context: Context, changed: (health: EdgeHealth, reason: string) => void) {
    this.#context = context;
    this.#changed = changed;
  }

  /** How long after the last try an edge that was given up is looked at again; null when all is well. */
  recheckMs(url: string): number | null {
    const { health } = this.#state(url);
    if (health === 'healthy') return null;
    return health === 'dark' ? edgeThresholds.recheckDarkMs : edgeThresholds.recheckMs;
  }

  /** The last attempt failed: others go first. */
  isDoubtful(url: string): boolean {
    return this.#state(url).failures > 0;
  }

  /** Earliest time for a further attempt; the past when nothing is wrong. */
  nextAttemptAtMs(url: string): number {
    return this.#state(url).nextAttemptAtMs;
  }

  /** Puts off the next attempt, so that of a group only some members probe an edge that is dark. */
  attempted(url: string, rank: number): void {
    const state = this.#state(url);
    if (state.health !== 'dark') return;
    const spread = 1 + 0.2 * this.#context.options.random();
    state.nextAttemptAtMs =
      this.#context.nowMs + limits.edgeProbeIntervalMs * Math.min(4, 1 + rank) * spread;
  }

  /** Predicted time to read so many bytes. */
  estimateMs(url: string, bytes: number): number {
    const state = this.#state(url);
    return state.firstByteMs + bytes / state.bytesPerMs;
  }

  /** How long to wait for an edge's answer; `alone` when no peer could help meanwhile. */
  firstByteWithinMs(url: string, alone: boolean): number {
    if (alone) return edgeThresholds.firstByteAloneMs;
    const { firstByteMs, timeouts } = this.#state(url);
    const { firstByteWithinMsMin, firstByteWithinMsMax, firstByteAloneMs } = edgeThresholds;
    const usualMs = firstByteMs * edgeThresholds.firstByteSlack;
    const withinMs = Math.min(firstByteWithinMsMax, Math.max(firstByteWithinMsMin, usualMs));
    // An edge that is only slow would else be cut off every time and never be measured.
    return Math.min(firstByteAloneMs, withinMs * 2 ** timeouts);
  }

  firstByte(url: string, tookMs: number): void {
    const state = this.#state(url);
    state.timeouts = 0;
    state.firstByteMs = average(state.firstByteMs, tookMs, state.sampled);
  }

  succeeded(url: string, bytes: number, tookMs: number): void {
    const state = this.#state(url);
    if (bytes >= limits.chunkBytes) {
      state.bytesPerMs = average(state.bytesPerMs, bytes / Math.max(1, tookMs), state.sampled);
      state.sampled = true;
    }
    state.failures = 0;
    state.timeouts = 0;
    state.successes += 1;
    state.nextAttemptAtMs = 0;
    if (state.health === 'dark') this.#set(state, 'recovering', 'answers again');
    else if (state.health !== 'healthy' && state.successes >= edgeThresholds.successesToHealthy) {
      this.#set(state, 'healthy', 'answers reliably');
    }
  }

  failed(url: string, failure: FetchFailure): void {
    const state = this.#state(url);
    const reason = failure.status === null ? failure.reason : `status ${failure.status}`;
    // A page that is offline, or a resource that is not there, says nothing about the edge.
    if (failure.reason === 'offline' || isAbsent(failure)) return;
    state.successes = 0;
    if (failure.reason === 'first_byte_timeout') state.timeouts = Math.min(4, state.timeouts + 1);
    state.failures += 1;
    const dark = state.failures >= edgeThresholds.failuresToDark;
    const backoffMs = dark ? limits.edgeProbeIntervalMs : limits.edgeProbeIntervalMs / 4;
    state.nextAttemptAtMs =
      this.#context.nowMs + backoffMs * (0.8 + 0.4 * this.#context.options.random());
    this.#set(state, dark ? 'dark' : 'strained', reason);
  }

  #set(state: EdgeState, health: EdgeHealth, reason: string): void {
    if (state.health === health) return;
    state.health = health;
    this.#changed(health, reason);
  }

  #state(url: string): EdgeState {
    const origin = originOf(url);
    let state = this.#states.get(origin);
    if (!state) {
      state = {
        health: 'healthy',
        failures: 0,
        timeouts: 0,
        successes: 0,
        firstByteMs: edgeThresholds.firstByteMsUnknown,
        bytesPerMs: edgeThresholds.bytesPerMsUnknown,
        sampled: false,
        nextAttemptAtMs: 0,
      };
      this.#states.set(origin, state);
      if (this.#states.size > limits.edgesPerRoomMax) this.#forgetOldest(origin);
    }
    return state;
  }

  #forgetOldest(kept: string): void {
    const oldest = this.#states.keys().next().value;
    if (oldest !== undefined && oldest !== kept) this.#states.delete(oldest);
  }
}

/** The edge answered that the resource is not there, or not for this viewer. */
export function isAbsent(failure: FetchFailure): boolean {
  const { status } = failure;
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function average(before: number, sample: number, sampled: boolean): number {
  return sampled ? before + (sample - before) * edgeThresholds.sampleWeight : sample;
}
