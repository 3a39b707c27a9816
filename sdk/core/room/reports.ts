import type { ReportFrame, ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { SignalingConnection } from './connection.ts';
import type { Room } from './room.ts';
import type { RoomListener } from './room-listener.ts';

/** Tells the server how the viewer does: at every heartbeat, and at once what it should know at once. */
export class Reports {
  #context: Context;
  #connection: SignalingConnection;
  #read: () => Omit<ReportFrame, 'type'>;
  #takeEdges: RoomListener['takeEdges'];
  #atMs: number | null = null;
  #last = '';

  constructor(
    context: Context,
    connection: SignalingConnection,
    read: () => Omit<ReportFrame, 'type'>,
    takeEdges: RoomListener['takeEdges'],
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#read = read;
    this.#takeEdges = takeEdges;
  }

  /** The server knows the profile; what the player uses by now is news to it. */
  start(profile: ViewerProfile): void {
    this.#last = urgentOf({ profile, edgeHealth: 'healthy', plays: [] });
    this.#later();
    this.now();
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
    const { lostMembers, accusedMembers, missedMaster } = facts;
    const urgent = urgentOf(facts);
    const isTime = this.#atMs !== null && this.#context.nowMs >= this.#atMs;
    const losses = lostMembers.length + accusedMembers.length + (missedMaster ? 1 : 0);
    const isNews = urgent !== this.#last || losses > 0;
    if (!isDue && !isTime && !isNews) return;
    this.#last = urgent;
    this.#context.emit({
      type: 'sendFrame',
      frame: { type: 'report', ...facts, ...this.#takeEdges() },
    });
    this.#later();
  }

  #later(): void {
    this.#atMs = this.#context.nowMs + this.#connection.heartbeatIntervalMs;
    this.#context.wakeAt(this.#atMs);
  }
}

/** What the server is told of the room. Who has been lost or accused is told once. */
export function readFacts(room: Room, nowMs: number) {
  const { epoch, profile, edgeHealth, edgeSeenAtMs, bufferMs, uplinkBytesPerSecond, links } = room;
  return {
    ...{ epoch, profile, edgeHealth, bufferMs, uplinkBytesPerSecond },
    edgeSeenMs: edgeSeenAtMs === null ? undefined : Math.max(0, nowMs - edgeSeenAtMs),
    neighbourCount: links.open.size,
    lostMembers: links.takeLost(),
    accusedMembers: links.takeAccused(),
  };
}

type Urgent = Pick<ReportFrame, 'profile' | 'edgeHealth' | 'plays'>;

/** What the server is told at once when it changes. */
function urgentOf({ profile, edgeHealth, plays }: Urgent): string {
  return JSON.stringify([profile, edgeHealth, plays]);
}
