/**
 * Faults that the origin and the edges can be given while they run. One middleware for both:
 * the server asks the gate before it answers and before it writes each chunk.
 */
import * as v from 'valibot';
import { OriginError } from './errors.ts';
import { originLimits } from './limits.ts';

/** Which answers a fault concerns. `segments` includes init segments. Default `all`. */
export type FaultPaths = 'segments' | 'playlists' | 'all';

export type Fault =
  | { kind: 'none' }
  /** Every open connection is reset, and every new one at once. */
  | { kind: 'refuse' }
  /** Connections are accepted and never answered; transfers under way stop. */
  | { kind: 'black-hole'; paths?: FaultPaths | undefined }
  /** A share of the requests, `ratio` (0 to 1, default 1), is answered with `status` (default 503). */
  | {
      kind: 'error';
      status?: number | undefined;
      ratio?: number | undefined;
      paths?: FaultPaths | undefined;
    }
  /** All connections together get this rate. */
  | { kind: 'throttle'; bytesPerSecond: number; paths?: FaultPaths | undefined }
  /** Every answer's head waits this long. */
  | { kind: 'slow-first-byte'; delayMs: number; paths?: FaultPaths | undefined };

export type ResourceKind = 'playlist' | 'init' | 'segment';

const paths = v.optional(v.picklist(['segments', 'playlists', 'all']));
const faultSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('none') }),
  v.strictObject({ kind: v.literal('refuse') }),
  v.strictObject({ kind: v.literal('black-hole'), paths }),
  v.strictObject({
    kind: v.literal('error'),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))),
    ratio: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
    paths,
  }),
  v.strictObject({
    kind: v.literal('throttle'),
    bytesPerSecond: v.pipe(
      v.number(),
      v.minValue(originLimits.throttleBytesPerSecondMin),
      v.maxValue(originLimits.throttleBytesPerSecondMax),
    ),
    paths,
  }),
  v.strictObject({
    kind: v.literal('slow-first-byte'),
    delayMs: v.pipe(v.number(), v.minValue(0), v.maxValue(originLimits.faultDelayMsMax)),
    paths,
  }),
]);

/** @throws OriginError `fault_invalid`. */
export function parseFault(value: unknown): Fault {
  const parsed = v.safeParse(faultSchema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const path = v.getDotPath(issue);
  throw new OriginError(
    'fault_invalid',
    `${path ? `${path}: ` : ''}${issue.message}`.slice(0, 200),
  );
}

/** What to do with a request: `reset` ends its connection without an answer. */
export type Admission = { type: 'serve' } | { type: 'error'; status: number } | { type: 'reset' };

export class FaultGate {
  readonly #random: () => number;
  /** What it does comes on top. */
  readonly #outer: FaultGate | null;
  #fault: Fault = { kind: 'none' };
  /** Aborted when the fault changes, so that nothing waits for a fault that is over. */
  #changed = new AbortController();
  /** Throttle: when the next byte may go out. */
  #freeAtMs = 0;

  constructor(random: () => number, outer: FaultGate | null = null) {
    this.#random = random;
    this.#outer = outer;
  }

  get fault(): Fault {
    return this.#fault;
  }

  /** Nobody may connect. */
  get isRefusing(): boolean {
    return this.#fault.kind === 'refuse' || this.#outer?.isRefusing === true;
  }

  /** @throws OriginError `fault_invalid`. */
  setFault(fault: Fault): void {
    this.#fault = parseFault(fault);
    this.#freeAtMs = 0;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** Called before a request is answered. A request in a black hole is reset once the fault is over. */
  async admit(kind: ResourceKind, signal: AbortSignal): Promise<Admission> {
    const outer = await this.#outer?.admit(kind, signal);
    if (outer && outer.type !== 'serve') return outer;
    const fault = this.#fault;
    if (fault.kind === 'refuse') return { type: 'reset' };
    if (fault.kind === 'none' || !concerns(fault.paths, kind)) return { type: 'serve' };
    switch (fault.kind) {
      case 'black-hole':
        await wait(null, this.#changed.signal, signal);
        return { type: 'reset' };
      case 'error':
        if (this.#random() >= (fault.ratio ?? 1)) return { type: 'serve' };
        return { type: 'error', status: fault.status ?? 503 };
      case 'slow-first-byte':
        await wait(fault.delayMs, this.#changed.signal, signal);
        return { type: 'serve' };
      case 'throttle':
        return { type: 'serve' };
    }
  }

  /** How much to write at once: small enough under a throttle for several connections to share it evenly. */
  chunkBytes(kind: ResourceKind): number {
    const fault = this.#fault;
    const bytesMax = this.#outer?.chunkBytes(kind) ?? originLimits.chunkBytes;
    if (fault.kind !== 'throttle' || !concerns(fault.paths, kind)) return bytesMax;
    return Math.max(256, Math.min(bytesMax, Math.floor(fault.bytesPerSecond / 20)));
  }

  /** Called before each chunk. False when the transfer must end with a reset. */
  async pace(kind: ResourceKind, byteCount: number, signal: AbortSignal): Promise<boolean> {
    if (this.#outer && !(await this.#outer.pace(kind, byteCount, signal))) return false;
    const fault = this.#fault;
    if (fault.kind === 'refuse') return false;
    if (fault.kind === 'black-hole' && concerns(fault.paths, kind)) {
      await wait(null, this.#changed.signal, signal);
      return false;
    }
    if (fault.kind === 'throttle' && concerns(fault.paths, kind)) {
      const nowMs = performance.now();
      // Time that nobody used is lost: there is no burst, so that a short measurement sees the same rate.
      const startMs = Math.max(nowMs, this.#freeAtMs);
      this.#freeAtMs = startMs + (byteCount / fault.bytesPerSecond) * 1_000;
      await wait(this.#freeAtMs - nowMs, this.#changed.signal, signal);
    }
    return !signal.aborted;
  }
}

function concerns(faultPaths: FaultPaths | undefined, kind: ResourceKind): boolean {
  if (faultPaths === undefined || faultPaths === 'all') return true;
  return (faultPaths === 'playlists') === (kind === 'playlist');
}

/** Ends after `delayMs` (null: never) or when a signal aborts. Never rejects; leaves no timer or listener. */
export function wait(delayMs: number | null, ...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = delayMs === null ? undefined : setTimeout(end, delayMs);
    for (const signal of signals) signal.addEventListener('abort', end);
    if (signals.some((signal) => signal.aborted)) end();
  });
}
