import type { EdgeNeeds, IceServer, ViewerProfile } from '../../signaling/protocol/index.ts';
import type { Effect } from './events.ts';
import type { IntegrityMode } from './swarm/trust.ts';

/** Settings of one viewer's core; all have been checked by the caller. */
export interface CoreOptions {
  profile: ViewerProfile;
  /** What the app asks of edges; absent where it asks nothing. */
  edgeNeeds?: EdgeNeeds | undefined;
  /** Why the profile has no peers, when it has none. */
  noPeersReason: 'webrtc_missing' | 'peers_not_allowed';
  /** Null takes those that the signaling server names. */
  iceServers: IceServer[] | null;
  /** The app has named the device: its viewers may be in several browsers, on several machines. */
  isSite: boolean;
  uploadBytesPerSecondMax: number;
  memoryBytesMax: number;
  /** Share by which playback may slow while media runs out, 0 to 0.05. */
  slowdownMax: number;
  /** 0 keeps nothing behind memory. */
  storageBytesMax: number;
  /** Media of peers is measured by no less than this. */
  integrityMin: IntegrityMode;
  /** Uniform in [0, 1); seeded in simulations. */
  random: () => number;
}

/** What the parts of the core share: the time of the current event and the effects it causes. */
export class Context {
  readonly options: CoreOptions;
  nowMs = 0;
  #effects: Effect[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #armedAtMs = Number.POSITIVE_INFINITY;
  #lastId = 0;

  constructor(options: CoreOptions) {
    this.options = options;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Asks for a `woke` event; a time that has come already would be a busy loop. */
  wakeAt(atMs: number): void {
    assert(atMs > this.nowMs, 'wakeAt must lie in the future');
    if (atMs < this.#wakeAtMs) this.#wakeAtMs = atMs;
  }

  nextId(): number {
    this.#lastId = (this.#lastId + 1) % 0xffff_ffff;
    return this.#lastId;
  }

  /**
   * Returns whether everything must look at what is due. A timer may fire a little early, and an event may come
   * just before it: both count as the wake-up that was asked for, after which everything asks anew.
   */
  begin(nowMs: number, woke: boolean): boolean {
    // Clocks of event sources may differ by a little; time never goes back inside the core.
    this.nowMs = Math.max(nowMs, this.nowMs);
    if (!woke && this.nowMs < this.#armedAtMs) return false;
    this.#armedAtMs = Number.POSITIVE_INFINITY;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    return true;
  }

  /** The effects since `begin`, with at most one `wakeAt`. */
  end(): Effect[] {
    if (this.#wakeAtMs < this.#armedAtMs) {
      this.#armedAtMs = this.#wakeAtMs;
      this.#effects.push({ type: 'wakeAt', atMs: this.#wakeAtMs });
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}
