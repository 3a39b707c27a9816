import { limits, type ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';

const reconnectMinMs = 500;
/** Long enough that a dead server is not hammered, short enough that nobody notices its return. */
const reconnectMaxMs = 10_000;
/** Token, socket and welcome: a server or proxy that takes longer accepts connections and does not serve them. */
const joinWithinMs = 10_000;

/** When to connect to the signaling server, and when a connection is no good any more. */
export class SignalingConnection {
  #context: Context;
  #describe: () => { resumeKey: string | null; profile: ViewerProfile };
  /** Told when a connection is given up from this side. */
  #gaveUp: () => void;
  #state: 'closed' | 'joining' | 'joined' | 'stopped' = 'closed';
  #attempts = 0;
  #connectAtMs: number | null = null;
  #startedAtMs = 0;
  #heardAtMs = 0;
  heartbeatIntervalMs: number = limits.heartbeatIntervalMs;

  constructor(
    context: Context,
    describe: () => { resumeKey: string | null; profile: ViewerProfile },
    gaveUp: () => void,
  ) {
    this.#context = context;
    this.#describe = describe;
    this.#gaveUp = gaveUp;
  }

  get isJoined(): boolean {
    return this.#state === 'joined';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  connect(): void {
    const { nowMs } = this.#context;
    this.#connectAtMs = null;
    this.#state = 'joining';
    this.#startedAtMs = nowMs;
    this.#context.emit({ type: 'connectSignaling', ...this.#describe() });
    this.#context.wakeAt(nowMs + joinWithinMs);
  }

  joined(heartbeatIntervalMs: number): void {
    this.#state = 'joined';
    this.#attempts = 0;
    this.#connectAtMs = null;
    this.heartbeatIntervalMs = heartbeatIntervalMs;
  }

  heard(): void {
    this.#heardAtMs = this.#context.nowMs;
  }

  /** The server said when to come back; its socket closes next. */
  comeBackAfter(delayMs: number): void {
    this.#attempts = 0;
    this.#connectLater(delayMs);
  }

  closed(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'closed';
    // A goodbye or a refusal has said already when to come back.
    if (this.#connectAtMs !== null) return;
    const backoffMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#connectLater(backoffMs * (0.5 + this.#context.options.random()));
  }

  /** For good. */
  stop(): void {
    this.#state = 'stopped';
    this.#connectAtMs = null;
    this.#context.emit({ type: 'disconnectSignaling' });
  }

  tick(): void {
    const { nowMs } = this.#context;
    if (this.#connectAtMs !== null) {
      if (nowMs >= this.#connectAtMs) this.connect();
      else this.#context.wakeAt(this.#connectAtMs);
    }
    if (this.#state === 'joining') this.#giveUpAt(this.#startedAtMs + joinWithinMs);
    // Half-open sockets stay silent for minutes; the server answers every report.
    const silenceMs = this.heartbeatIntervalMs * (limits.heartbeatsMissedMax + 0.5);
    if (this.#state === 'joined') this.#giveUpAt(this.#heardAtMs + silenceMs);
  }

  #giveUpAt(atMs: number): void {
    if (this.#context.nowMs < atMs) return this.#context.wakeAt(atMs);
    this.#context.emit({ type: 'disconnectSignaling' });
    this.#gaveUp();
  }

  #connectLater(delayMs: number): void {
    this.#connectAtMs = this.#context.nowMs + Math.max(100, delayMs);
    this.#context.wakeAt(this.#connectAtMs);
  }
}
