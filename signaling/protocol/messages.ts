import * as v from 'valibot';
import { count } from './border.ts';
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
  /** In characters. */
  textLength?: number | undefined;
  sentAtMs: number;
  priority: MessagePriority;
  /** Nobody needs it after this. */
  expiresAtMs?: number | undefined;
}

/** What an app sends; all else of a header is the server's word. */
export interface MessageDraft {
  /** 1 to 2,000 characters, not blank, no control characters but newline and tab. Of a reaction one emoji or its name, `:tada:`. */
  text: string;
  /** Default `chat`. Announcements are for hosts and moderators. A reaction needs `replyTo`, and is not kept for newcomers. */
  kind?: MessageKind | undefined;
  to?: string | undefined;
  mentions?: string[] | undefined;
  replyTo?: string | undefined;
  thread?: string | undefined;
  /** Default `normal`. `high` is for hosts and moderators. */
  priority?: MessagePriority | undefined;
  /** Nobody needs it after so long: 5 s to a day. Default: for ever. */
  lifetimeMs?: number | undefined;
}

/** Who somebody is to the others of the room, by its token. */
export interface MessageSender {
  from: string;
  role: SenderRole;
  /** To show; absent where the token has none. */
  name?: string | undefined;
}

export interface Message {
  header: MessageHeader;
  /** Of the sender, as its token has it. */
  name?: string | undefined;
  text: string;
}

/** Why a message, or the removal of one, was refused. Nothing has changed, and the connection stays. */
export const messageRefusalCodes = [
  'message_invalid',
  'message_too_large',
  'message_not_allowed',
  'message_rate_limited',
  'message_unknown',
] as const;
export type MessageRefusalCode = (typeof messageRefusalCodes)[number];

/** A message to the room. */
export interface MessageFrame extends MessageDraft {
  type: 'message';
  /** Told with the answer. The same one of the same subject within a minute is the same message, sent again. */
  reference: string;
}

/** Takes a message back, as its author, a moderator or a host. */
export interface RemoveMessageFrame {
  type: 'removeMessage';
  reference: string;
  /** Of the message. */
  id: string;
}

/** Messages of the room, in the order in which the server took them. */
export interface MessagesFrame {
  type: 'messages';
  messages: Message[];
  /** The last ones before this viewer came, or came back: right after its welcome. */
  isHistory: boolean;
}

/** The message is on its way to all viewers, its sender too, or is removed. */
export interface MessageAcceptedFrame {
  type: 'messageAccepted';
  reference: string;
  /** What was sent; absent where one was removed. */
  message?: Message | undefined;
}

/** What was asked changed nothing. */
export interface MessageRefusedFrame {
  type: 'messageRefused';
  reference: string;
  code: MessageRefusalCode;
  /** When it may be sent again. */
  retryAfterMs?: number | undefined;
}

/** Are to be shown no more; whoever comes back is told the last ones after its history. */
export interface MessagesRemovedFrame {
  type: 'messagesRemoved';
  ids: string[];
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
  textLength: v.optional(count),
  sentAtMs: unixMs,
  priority: v.picklist(['normal', 'high']),
  expiresAtMs: v.optional(unixMs),
};

const headerSchema = v.object(headerEntries);

const displayNamePattern = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u;
const displayName = v.pipe(
  v.string(),
  v.maxLength(limits.displayNameLengthMax),
  v.regex(displayNamePattern),
);

export const senderSchema = v.object({
  from: subject,
  role: v.picklist(senderRoles),
  name: v.optional(displayName),
});

export const messageSchema = v.object({
  header: headerSchema,
  name: v.optional(displayName),
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(limits.messageTextLengthMax)),
});

/** What a client may say: there is no place for a sender, a role or a time. */
export const draftEntries = {
  text: v.pipe(
    v.string(),
    v.maxLength(limits.messageTextLengthMax),
    v.regex(/\S/),
    v.regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])+$/u),
  ),
  kind: v.optional(v.picklist(messageKinds)),
  to: v.optional(subject),
  mentions: headerEntries.mentions,
  replyTo: v.optional(messageId),
  thread: v.optional(messageId),
  priority: v.optional(v.picklist(['normal', 'high'])),
  lifetimeMs: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(limits.messageLifetimeMsMin),
      v.maxValue(limits.messageLifetimeMsMax),
    ),
  ),
};

/** A checked copy of a header, without whatever else the object has; null for anything that is no header. Never throws. */
export function parseMessageHeader(value: unknown): MessageHeader | null {
  try {
    const parsed = v.safeParse(headerSchema, value, { abortEarly: true });
    return parsed.success ? (parsed.output as MessageHeader) : null;
  } catch {
    return null; // a property that throws when it is read
  }
}

const draftSchema = v.object(draftEntries);

/** A checked copy of what an app is about to send; null where it cannot be sent. Never throws. */
export function parseMessageDraft(value: unknown): MessageDraft | null {
  try {
    const parsed = v.safeParse(draftSchema, value, { abortEarly: true });
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // as above
  }
}

export function isSenderRole(value: unknown): value is SenderRole {
  return senderRoles.some((role) => role === value);
}

/** 1 to 64 characters. */
export function isMessageId(value: unknown): value is string {
  return v.safeParse(messageId, value).success;
}

/** 1 to 128 characters. */
export function isSubject(value: unknown): value is string {
  return v.safeParse(subject, value).success;
}

/** 1 to 64 characters on one line, not blank. */
export function isDisplayName(value: unknown): value is string {
  return v.safeParse(displayName, value).success;
}
