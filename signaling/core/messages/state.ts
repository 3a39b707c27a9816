import type { Limits, Message, MessageHeader, SenderRole } from '../../protocol/index.ts';
import { type Allowance, fullAllowance, type Rate } from '../allowance.ts';
import type { MessagesEffect, MessagesMetric } from './events.ts';

export interface Viewer {
  readonly connectionId: string;
  readonly room: Room;
  readonly subject: string;
  readonly role: SenderRole;
  readonly name: string | undefined;
}

/** A message with its size as JSON in UTF-8. */
export interface SizedMessage {
  message: Message;
  bytes: number;
}

export interface Room {
  readonly name: string;
  readonly viewers: Set<Viewer>;
  /** Taken, and not told yet. */
  pending: SizedMessage[];
  /** Ids of messages that were told, and are to be taken back. */
  pendingRemovals: string[];
  /** Told, oldest first: for newcomers. */
  history: SizedMessage[];
  historyBytes: number;
  /** When the first of the history ends; infinite when none does. */
  nextEndMs: number;
  /** Whose the last reactions were, oldest first: nobody is told them again, but they may be taken back. */
  readonly reactions: Map<string, Pick<MessageHeader, 'from' | 'role'>>;
  /** Ids of the last removed ones, oldest first. */
  removed: Set<string>;
  /** Bytes of messages. */
  readonly allowance: Allowance;
  /** Viewers are told nothing before this. */
  restsUntilMs: number;
  /** Since when nobody is there. */
  emptySinceMs: number;
}

export interface Repeat {
  messageId: string;
  sentAtMs: number;
}

/** What every part works on during one `handle`. Maps and sets are in the order in which their entries came last. */
export interface Context {
  readonly limits: Limits;
  readonly rooms: Map<string, Room>;
  readonly viewers: Map<string, Viewer>;
  /** Rooms with something to tell, or that rest after it. */
  readonly busy: Set<Room>;
  /** Sum of the viewers of `busy`, as of the last look. */
  busyViewers: number;
  /** Rooms with a history, the longest quiet first. */
  readonly remembering: Set<Room>;
  /** Rooms without viewers, the longest empty first. */
  readonly empty: Set<Room>;
  keptBytes: number;
  keptCount: number;
  /** By room and subject, the longest silent first. */
  readonly senders: Map<string, Allowance>;
  /** By room, subject and reference, the oldest first. */
  readonly repeats: Map<string, Repeat>;
  effects: MessagesEffect[];
  nowMs: number;
}

export function count(context: Context, metric: MessagesMetric, value = 1): void {
  context.effects.push({ type: 'count', metric, value });
}

export function roomOf(context: Context, name: string): Room {
  const known = context.rooms.get(name);
  if (known) return known;
  const room: Room = {
    ...{ name, viewers: new Set(), pending: [], pendingRemovals: [], history: [], historyBytes: 0 },
    nextEndMs: Number.POSITIVE_INFINITY,
    reactions: new Map(),
    removed: new Set(),
    allowance: fullAllowance(roomRate(context, 1), context.nowMs),
    ...{ restsUntilMs: 0, emptySinceMs: context.nowMs },
  };
  context.rooms.set(name, room);
  return room;
}

/** Bytes of messages that a room may be sent: all that are busy share the process. */
export function roomRate({ limits, busyViewers }: Context, viewerCount: number): Rate {
  const share = limits.messagesFanOutBytesPerSecond / Math.max(1, busyViewers, viewerCount);
  const perSecond = Math.min(limits.messagesBytesPerSecond, share);
  return { perSecond, burst: 2 * perSecond };
}

/** The room has something to tell. */
export function markBusy(context: Context, room: Room): void {
  if (context.busy.has(room)) return;
  context.busy.add(room);
  context.busyViewers += room.viewers.size;
}
