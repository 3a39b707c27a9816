import type { MessagesFrame, MessagesRemovedFrame } from '../../protocol/index.ts';
import { trim } from '../state.ts';
import { type Context, count, type Room, type SizedMessage } from './state.ts';

/** What newcomers are told of: the last ones, as far as they have not ended and there is room for them. */
export function keep(context: Context, room: Room, told: readonly SizedMessage[]): void {
  const { limits, remembering } = context;
  // A reaction is of the moment.
  const kept = told.filter(({ message }) => message.header.kind !== 'reaction');
  for (const { message } of told) {
    const { id, kind, from, role } = message.header;
    if (kind === 'reaction') room.reactions.set(id, { from, role });
  }
  trim(room.reactions, limits.messageReactionsMax);
  if (kept.length === 0) return;
  room.history.push(...kept);
  for (const { message, bytes } of kept) {
    add(context, room, 1, bytes);
    room.nextEndMs = Math.min(room.nextEndMs, endOf(message));
  }
  remembering.delete(room);
  remembering.add(room);
  while (
    room.history.length > limits.messageHistoryMax ||
    room.historyBytes > limits.messageHistoryBytesMax
  )
    forgetOldest(context, room);
  for (const quietest of remembering) {
    if (context.keptBytes <= limits.messageHistoriesBytesMax) break;
    while (quietest.history.length > 0 && context.keptBytes > limits.messageHistoriesBytesMax)
      forgetOldest(context, quietest);
  }
}

/** Drops what has ended. */
export function expire(context: Context, room: Room): void {
  if (context.nowMs < room.nextEndMs) return;
  const lasting = room.history.filter(({ message }) => endOf(message) > context.nowMs);
  count(context, 'forgotten', room.history.length - lasting.length);
  replace(context, room, lasting);
}

export function takeOut(context: Context, room: Room, id: string): void {
  const rest = room.history.filter(({ message }) => message.header.id !== id);
  if (rest.length < room.history.length) replace(context, room, rest);
}

export function forgetAll(context: Context, room: Room): void {
  if (room.history.length > 0) count(context, 'forgotten', room.history.length);
  room.reactions.clear();
  replace(context, room, []);
}

function replace(context: Context, room: Room, history: SizedMessage[]): void {
  add(context, room, -room.history.length, -room.historyBytes);
  room.history = history;
  room.nextEndMs = Number.POSITIVE_INFINITY;
  for (const { message, bytes } of history) {
    add(context, room, 1, bytes);
    room.nextEndMs = Math.min(room.nextEndMs, endOf(message));
  }
  if (history.length === 0) context.remembering.delete(room);
}

function forgetOldest(context: Context, room: Room): void {
  const oldest = room.history.shift();
  if (!oldest) return;
  add(context, room, -1, -oldest.bytes);
  count(context, 'forgotten');
  if (room.history.length === 0) context.remembering.delete(room);
}

function add(context: Context, room: Room, messages: number, bytes: number): void {
  room.historyBytes += bytes;
  context.keptBytes += bytes;
  context.keptCount += messages;
}

export function endOf({ header }: SizedMessage['message']): number {
  return header.expiresAtMs ?? Number.POSITIVE_INFINITY;
}

/** As few frames as the limits of a frame allow. */
export function messageFrames(
  { limits }: Context,
  messages: readonly SizedMessage[],
  isHistory: boolean,
): MessagesFrame[] {
  const frames: MessagesFrame[] = [];
  let frame: MessagesFrame | null = null;
  let bytesLeft = 0;
  for (const { message, bytes } of messages) {
    const isFull = bytes + 1 > bytesLeft || frame?.messages.length === limits.messagesPerFrameMax;
    if (!frame || isFull) {
      frame = { type: 'messages', messages: [], isHistory };
      frames.push(frame);
      bytesLeft = limits.frameBytesMax - JSON.stringify(frame).length;
    }
    frame.messages.push(message);
    bytesLeft -= bytes + 1;
  }
  return frames;
}

export function removalFrames({ limits }: Context, ids: readonly string[]): MessagesRemovedFrame[] {
  const frames: MessagesRemovedFrame[] = [];
  for (let from = 0; from < ids.length; from += limits.messagesPerFrameMax) {
    const to = from + limits.messagesPerFrameMax;
    frames.push({ type: 'messagesRemoved', ids: ids.slice(from, to) });
  }
  return frames;
}
