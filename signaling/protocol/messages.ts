import * as v from 'valibot';
import * as limits from './limits.ts';

/** What the token of the sender grants. A host runs the room, a moderator keeps order in it. */
export type SenderRole = 'viewer' | 'moderator' | 'host';
export const senderRoles: readonly SenderRole[] = ['viewer', 'moderator', 'host'];

export type MessageKind = 'chat' | 'announcement' | 'reaction';
export const messageKinds: readonly MessageKind[] = ['chat', 'announcement', 'reaction'];

export type MessagePriority = 'normal' | 'high';

/** What is known of a message without reading it. Times are Unix milliseconds of the server's clock. */
export interface MessageHeader {
  /** Given by the server; at most 64 characters. */
  id: string;
  room: string;
  /** Who sent it: `sub` of its token. */
  from: string;
  /** As its token grants it. */
  role: SenderRole;
  kind: MessageKind;
  /** Whom it is addressed to, of those who are there: `from` of that one's messages. Everybody gets it all the same. */
  to?: string | undefined;
  /** Who else is named in it. */
  mentions?: string[] | undefined;
  /** Id of the message that it answers. */
  replyTo?: string | undefined;
  /** Id of the thread that it belongs to, where the app has threads. */
  thread?: string | undefined;
  sentAtMs: number;
  priority: MessagePriority;
  /** Nobody needs it after this. */
  expiresAtMs?: number | undefined;
}

export const messageId = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.idLengthMax));
/** A person in a room, by `sub` of the token. */
export const subject = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.subjectLengthMax));
const unixMs = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(limits.unixMsMax));

export const headerEntries = {
  id: messageId,
  room: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.roomNameLengthMax)),
  from: subject,
  role: v.picklist(senderRoles),
  kind: v.picklist(messageKinds),
  to: v.optional(subject),
  mentions: v.optional(v.pipe(v.array(subject), v.maxLength(limits.mentionsMax))),
  replyTo: v.optional(messageId),
  thread: v.optional(messageId),
  sentAtMs: unixMs,
  priority: v.picklist(['normal', 'high']),
  expiresAtMs: v.optional(unixMs),
};

const headerSchema = v.object(headerEntries);

/** A checked copy of a header, without whatever else the object has; null for anything that is no header. Never throws. */
export function parseMessageHeader(value: unknown): MessageHeader | null {
  try {
    const parsed = v.safeParse(headerSchema, value, { abortEarly: true });
    return parsed.success ? (parsed.output as MessageHeader) : null;
  } catch {
    return null; // a property that throws when it is read
  }
}
