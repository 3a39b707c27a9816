import type { ReportFrame } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { SignalingConnection } from './connection.ts';

/** Tells the server how the viewer does: at every heartbeat, and at once what it should know at once. */
export class Reports {
  #context: Context;
  #connection: SignalingConnection;
  #read: () => Omit<ReportFrame, 'type'>;
  #atMs: number | null = null;
  #last = '';

  constructor(
    context: Context,
    connection: SignalingConnection,
    read: () => Omit<ReportFrame, 'type'>,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#read = read;
  }

  start(): void {
    this.#last = '';
    this.#later();
  }

  stop(): void {
    this.#atMs = null;
  }

  tick(): void {
    if (this.#atMs !== null && this.#context.nowMs >= this.#atMs) this.now();
    else if (this.#atMs !== null) this.#context.wakeAt(this.#atMs);
  }

  /** Reports if there is news, or `isDue`. */
  now(isDue = false): void {
    if (!this.#connection.isJoined) return;
    const facts = this.#read();
    const { profile, edgeHealth, plays, lostMembers, accusedMembers } = facts;
    const urgent = JSON.stringify([profile, edgeHealth, plays]);
    const isTime = this.#atMs !== null && this.#context.nowMs >= this.#atMs;
    const isNews = urgent !== this.#last || lostMembers.length + accusedMembers.length > 0;
    if (!isDue && !isTime && !isNews) return;
    this.#last = urgent;
    this.#context.emit({ type: 'sendFrame', frame: { type: 'report', ...facts } });
    this.#later();
  }

  #later(): void {
    this.#atMs = this.#context.nowMs + this.#connection.heartbeatIntervalMs;
    this.#context.wakeAt(this.#atMs);
  }
}
