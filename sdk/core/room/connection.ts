import { limits, type ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { AwayReason } from '../events.ts';

const reconnectMinMs = 500;
/** Long enough that a dead server is not hammered, short enough that nobody notices its return. */
const reconnectMaxMs = 10_000;
/** Token, socket and welcome: a server or proxy that takes longer accepts connections and does not serve them. */
const joinWithinMs = 10_000;
/** After the network changed or the page stood still the socket may be dead; an answer takes a round trip. */
const answerWithinMs = 3_000;

/** When to connect to the signaling server, and when a connection is no good any more. */
export class SignalingConnection {
  #context: Context;
  #describe: () => { resumeKey: string | null; profile: ViewerProfile };
  /** Told when a connection is given up from this side. */
  #gaveUp: () => void;
  #state: 'closed' | 'joining' | 'joined' | 'stopped' = 'closed';
  #attempts = 0;
  #connectAtMs: number | null = null;
  #away = new Set<AwayReason>();
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

  /** For good, or until `back`. */
  get isStopped(): boolean {
    return this.#state === 'stopped' || this.#away.size > 0;
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
    if (this.isStopped) return;
    this.#state = 'closed';
    // A goodbye or a refusal has said already when to come back.
    if (this.#connectAtMs !== null) return;
    const backoffMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#connectLater(backoffMs * (0.5 + this.#context.options.random()));
  }

  /** Leaves this connection for another. */
  renew(): void {
    this.#context.emit({ type: 'disconnectSignaling' });
    this.connect();
  }

  /** For good. */
  stop(): void {
    this.#rest('stopped');
  }

  /** Until `back`. Returns false when it has been left before. */
  away(reason: AwayReason): boolean {
    const wasHere = !this.isStopped;
    this.#away.add(reason);
    if (!wasHere) return false;
    // Others take over at once instead of waiting for what will not come.
    if (this.isJoined) this.#context.emit({ type: 'sendFrame', frame: { type: 'leave' } });
    this.#rest('closed');
    return true;
  }

  /** Connects when nothing else keeps the viewer away. */
  back(reason: AwayReason): boolean {
    if (!this.#away.delete(reason) || this.isStopped) return false;
    this.#attempts = 0;
    this.connect();
    return true;
  }

  /** Whether it still works is to be known soon. */
  doubt(): void {
    if (this.#state === 'joined') {
      this.#heardAtMs = this.#context.nowMs + answerWithinMs - this.#silenceMs;
      this.#context.wakeAt(this.#context.nowMs + answerWithinMs);
    } else if (this.#connectAtMs !== null) this.comeBackAfter(0);
  }

  tick(): void {
    const { nowMs } = this.#context;
    if (this.#connectAtMs !== null) {
      if (nowMs >= this.#connectAtMs) this.connect();
      else this.#context.wakeAt(this.#connectAtMs);
    }
    if (this.#state === 'joining') this.#giveUpAt(this.#startedAtMs + joinWithinMs);
    // Half-open sockets stay silent for minutes; the server answers every report.
    if (this.#state === 'joined') this.#giveUpAt(this.#heardAtMs + this.#silenceMs);
  }

  get #silenceMs(): number {
    return this.heartbeatIntervalMs * (limits.heartbeatsMissedMax + 0.5);
  }

  #rest(state: 'closed' | 'stopped'): void {
    this.#state = state;
    this.#connectAtMs = null;
    this.#context.emit({ type: 'disconnectSignaling' });
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
