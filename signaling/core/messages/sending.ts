import { utf8Bytes } from '../../protocol/identity.ts';
import type { Message, MessageFrame, MessageRefusalCode } from '../../protocol/index.ts';
import { fullAllowance, waitMs } from '../allowance.ts';
import { trim } from '../state.ts';
import { isKeeper, refusalOf } from './rules.ts';
import { type Context, count, markBusy, roomRate, type Viewer } from './state.ts';

/** Takes a message for the room, or refuses it; the same one again gets the same answer. */
export function send(
  context: Context,
  viewer: Viewer,
  frame: MessageFrame,
  messageId: string,
): void {
  const { limits, nowMs } = context;
  const key = JSON.stringify([viewer.room.name, viewer.subject, frame.reference]);
  const earlier = context.repeats.get(key);
  if (earlier && nowMs - earlier.sentAtMs < limits.messageRepeatMs) {
    count(context, 'repeated');
    return accept(context, viewer, frame.reference, messageOf(viewer, frame, earlier));
  }
  const { room } = viewer;
  const taken = { messageId, sentAtMs: Math.floor(nowMs) };
  const message = messageOf(viewer, frame, taken);
  const bytes = utf8Bytes(JSON.stringify(message));
  const code =
    refusalOf(frame, viewer.role) ?? (bytes > limits.messageBytesMax ? 'message_too_large' : null);
  if (code) return refuse(context, viewer, frame.reference, code);
  const retryAfterMs = spend(context, viewer, Math.max(bytes, limits.messageCostBytesMin));
  if (retryAfterMs > 0)
    return refuse(context, viewer, frame.reference, 'message_rate_limited', retryAfterMs);
  context.repeats.delete(key);
  context.repeats.set(key, taken);
  trim(context.repeats, limits.messageRepeatsMax);
  room.pending.push({ message, bytes });
  markBusy(context, room);
  count(context, 'accepted');
  accept(context, viewer, frame.reference, message);
}

function messageOf(
  { room, subject, role, name }: Viewer,
  frame: MessageFrame,
  { messageId, sentAtMs }: { messageId: string; sentAtMs: number },
): Message {
  const { text, kind = 'chat', priority = 'normal', lifetimeMs } = frame;
  const { to, mentions, replyTo, thread } = frame;
  const expiresAtMs = lifetimeMs === undefined ? undefined : sentAtMs + lifetimeMs;
  return {
    header: {
      ...{ id: messageId, room: room.name, from: subject, role, kind, to, mentions },
      ...{ replyTo, thread, textLength: text.length, sentAtMs, priority, expiresAtMs },
    },
    name,
    text,
  };
}

/** Takes the cost from what the sender and the room have left; else says how long to wait, and takes nothing. */
export function spend(context: Context, viewer: Viewer, bytes: number): number {
  const { limits, nowMs, senders } = context;
  const { room, role } = viewer;
  const key = JSON.stringify([room.name, viewer.subject]);
  const ownRate = isKeeper(role)
    ? { perSecond: limits.keeperMessagesPerSecond, burst: limits.keeperMessagesBurst }
    : { perSecond: limits.messagesPerSecond, burst: limits.messagesBurst };
  const own = senders.get(key) ?? fullAllowance(ownRate, nowMs);
  markBusy(context, room);
  const rate = roomRate(context, room.viewers.size);
  // However much viewers write, who keeps order is heard.
  const reserve = isKeeper(role) ? 0 : rate.burst / 2;
  const wait = Math.max(
    waitMs(own, ownRate, nowMs),
    waitMs(room.allowance, rate, nowMs, bytes, reserve),
  );
  // Put back, it is the last that was heard.
  senders.delete(key);
  senders.set(key, own);
  trim(senders, limits.messageSendersMax);
  if (wait > 0) return wait;
  own.left -= 1;
  room.allowance.left -= bytes;
  return 0;
}

function accept(context: Context, viewer: Viewer, reference: string, message: Message): void {
  const frame = { type: 'messageAccepted', reference, message } as const;
  context.effects.push({ type: 'answer', connectionId: viewer.connectionId, frame });
}

export function refuse(
  context: Context,
  { connectionId }: Viewer,
  reference: string,
  code: MessageRefusalCode,
  retryAfterMs?: number,
): void {
  const frame = { type: 'messageRefused', reference, code, retryAfterMs } as const;
  context.effects.push(
    { type: 'answer', connectionId, frame },
    { type: 'refused', connectionId, code },
  );
}
