import { Activity } from '../../sdk/core/messages/activity.ts';
import type { HashedHeader } from '../../sdk/core/messages/events.ts';
import { featureNames, featuresOf } from '../../sdk/core/messages/features.ts';
import type { RecordedChat, RecordedMessage } from './chat-files.ts';

/** A viewer counts as there for so long after it wrote: that covers 87 % of the replies. */
const presentMs = 15 * 60_000;
/** What names somebody so soon after a message of that one counts as a reply to it, where nobody annotated. */
const replyWithinMs = 10 * 60_000;
export const width = featureNames.length;

/** Pairs of a message and somebody who was there and did not write it, in order of time in each chat. */
export interface Pairs {
  count: number;
  /** `width` of each pair. */
  features: Float32Array;
  /** 1 where this user replied to the message. */
  labels: Uint8Array;
  users: Int32Array;
  days: Int32Array;
  /** Lines that the log of this user's device had by then. */
  logged: Int32Array;
  userCount: number;
}

/** Each device sees what is written while its user is there, and nothing else. */
export function pairsOf(chats: readonly RecordedChat[], pairsMax: number): Pairs {
  const pairs: Pairs = {
    count: 0,
    features: new Float32Array(pairsMax * width),
    labels: new Uint8Array(pairsMax),
    users: new Int32Array(pairsMax),
    days: new Int32Array(pairsMax),
    logged: new Int32Array(pairsMax),
    userCount: 0,
  };
  const userIds = new Map<string, number>();
  for (const chat of chats) replay(chat, pairs, userIds);
  pairs.userCount = userIds.size;
  return pairs;
}

interface Device {
  user: number;
  activity: Activity;
  logged: number;
}

interface OpenMessage {
  message: RecordedMessage;
  /** Pair of each user, by its name. */
  pairs: Map<string, number>;
}

interface Place {
  /** When each user wrote last. */
  present: Map<string, number>;
  lastOf: Map<string, HashedHeader>;
  /** Messages that may still be answered. */
  open: OpenMessage[];
}

function replay(
  { source, messages }: RecordedChat,
  pairs: Pairs,
  userIds: Map<string, number>,
): void {
  const devices = new Map<string, Device>();
  const places = new Map<string, Place>();
  const repliers = source === 'irc' ? repliersOf(messages) : null;
  const record = (
    device: Device,
    type: 'seen' | 'sent' | 'replied',
    header: HashedHeader,
    atMs: number,
  ) => {
    device.activity.record(type, header, atMs);
    device.logged += 1;
  };
  for (const message of messages) {
    const { room, from, atMs } = message;
    const place = places.get(room) ?? { present: new Map(), lastOf: new Map(), open: [] };
    places.set(room, place);
    const header = headerOf(message);
    if (!repliers) labelReplies(place, message, pairs.labels);
    const opened: OpenMessage = { message, pairs: new Map() };
    for (const [user, wroteAtMs] of place.present) {
      const device = devices.get(user);
      if (!device || user === from || atMs - wroteAtMs > presentMs) continue;
      if (!repliers || message.answers !== null) {
        const index = addPair(pairs, device, featuresOf(header, device.activity, atMs), atMs);
        opened.pairs.set(user, index);
        if (repliers?.get(message.line)?.has(user)) pairs.labels[index] = 1;
      }
      record(device, 'seen', header, atMs);
    }
    if (!repliers) place.open.push(opened);
    place.present.set(from, atMs);
    const writer = devices.get(from) ?? newDevice(from, userIds);
    devices.set(from, writer);
    record(writer, 'sent', header, atMs);
    for (const named of namedIn(header)) {
      const last = place.lastOf.get(named);
      // Whose last message it names somebody after: known the moment that it is written.
      if (last && atMs - last.sentAtMs <= replyWithinMs) record(writer, 'replied', last, atMs);
    }
    place.lastOf.set(from, header);
  }
}

const namedIn = ({ to, mentions }: HashedHeader) =>
  new Set(to === null ? mentions : [to, ...mentions]);

function newDevice(name: string, userIds: Map<string, number>): Device {
  const user = userIds.get(name) ?? userIds.size;
  userIds.set(name, user);
  return { user, activity: new Activity(name), logged: 0 };
}

function addPair(pairs: Pairs, device: Device, features: Float64Array, atMs: number): number {
  const index = pairs.count++;
  pairs.features.set(features, index * width);
  pairs.users[index] = device.user;
  pairs.days[index] = Math.floor(atMs / 86_400_000);
  pairs.logged[index] = device.logged;
  return index;
}

/** Who replied to each line, as the annotators say. */
function repliersOf(messages: readonly RecordedMessage[]): Map<number, Set<string>> {
  const repliers = new Map<number, Set<string>>();
  for (const { from, answers } of messages)
    for (const line of answers ?? []) {
      const known = repliers.get(line) ?? new Set();
      repliers.set(line, known.add(from));
    }
  return repliers;
}

function labelReplies(place: Place, reply: RecordedMessage, labels: Uint8Array): void {
  place.open = place.open.filter(({ message }) => reply.atMs - message.atMs <= replyWithinMs);
  for (const { message, pairs } of place.open) {
    const pair = pairs.get(reply.from);
    if (pair !== undefined && reply.mentions.includes(message.from)) labels[pair] = 1;
  }
}

function headerOf(message: RecordedMessage): HashedHeader {
  const { room, from, to, mentions, textLength, atMs, line } = message;
  return {
    message: `${line}`,
    from,
    room,
    thread: null,
    role: 'viewer',
    kind: 'chat',
    priority: 'normal',
    to,
    mentions,
    replyTo: null,
    textLength,
    sentAtMs: atMs,
    expiresAtMs: null,
  };
}
