import { Activity } from '../../sdk/core/messages/activity.ts';
import type { HashedHeader } from '../../sdk/core/messages/events.ts';
import { type FeatureName, featureNames, featuresOf } from '../../sdk/core/messages/features.ts';
import type { RecordedChat, RecordedMessage } from './chat-files.ts';

/** A viewer counts as there for so long after it wrote: that covers 87 % of the replies. */
const presentMs = 15 * 60_000;
/** What names somebody so soon after a message of that one counts as a reply to it, where nobody annotated. */
const replyWithinMs = 10 * 60_000;
export const width = featureNames.length;

/** Pairs of a message and somebody who was there and did not write it. */
export class Pairs {
  count = 0;
  userCount = 0;
  /** `width` of each pair. */
  features = new Float32Array(width << 16);
  /** 1 where this user replied to the message. */
  labels = new Uint8Array(1 << 16);
  users = new Int32Array(1 << 16);
  /** Since 1970. */
  days = new Int32Array(1 << 16);
  /** Lines that the log of this user's device had by then. */
  logged = new Int32Array(1 << 16);
  /** 1 for Gitter, 0 for IRC. */
  isGitter = new Uint8Array(1 << 16);

  add(
    features: Float64Array,
    user: number,
    atMs: number,
    logged: number,
    isGitter: boolean,
  ): number {
    if (this.count === this.labels.length) this.#grow();
    const index = this.count++;
    this.features.set(features, index * width);
    this.users[index] = user;
    this.days[index] = Math.floor(atMs / 86_400_000);
    this.logged[index] = logged;
    this.isGitter[index] = isGitter ? 1 : 0;
    return index;
  }

  /** Value of one feature of one pair. */
  value(index: number, name: FeatureName): number {
    return this.features[index * width + featureNames.indexOf(name)] as number;
  }

  #grow(): void {
    this.features = grown(this.features, new Float32Array(this.features.length * 2));
    this.labels = grown(this.labels, new Uint8Array(this.labels.length * 2));
    this.users = grown(this.users, new Int32Array(this.users.length * 2));
    this.days = grown(this.days, new Int32Array(this.days.length * 2));
    this.logged = grown(this.logged, new Int32Array(this.logged.length * 2));
    this.isGitter = grown(this.isGitter, new Uint8Array(this.isGitter.length * 2));
  }
}

function grown<Values extends Float32Array | Uint8Array | Int32Array>(
  from: Values,
  to: Values,
): Values {
  to.set(from);
  return to;
}

/** Each device sees what is written while its user is there, and nothing else. */
export function pairsOf(chats: readonly RecordedChat[], onChat: (done: number) => void): Pairs {
  const pairs = new Pairs();
  const userIds = new Map<string, number>();
  for (const [index, chat] of chats.entries()) {
    replay(chat, pairs, userIds);
    onChat(index + 1);
  }
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
    const place: Place = places.get(room) ?? { present: new Map(), lastOf: new Map(), open: [] };
    places.set(room, place);
    const header = headerOf(message);
    if (!repliers) labelReplies(place, message, pairs.labels);
    const opened: OpenMessage = { message, pairs: new Map() };
    for (const [user, wroteAtMs] of place.present) {
      const device = devices.get(user);
      if (!device || user === from || atMs - wroteAtMs > presentMs) continue;
      if (!repliers || message.answers !== null) {
        const features = featuresOf(header, device.activity, atMs);
        const index = pairs.add(features, device.user, atMs, device.logged, !repliers);
        opened.pairs.set(user, index);
        if (repliers?.get(message.line)?.has(user)) pairs.labels[index] = 1;
      }
      record(device, 'seen', header, atMs);
    }
    if (!repliers) place.open.push(opened);
    place.present.set(from, atMs);
    const writer = devices.get(from) ?? newDevice(from, `${source} ${from}`, userIds);
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

function newDevice(name: string, key: string, userIds: Map<string, number>): Device {
  const user = userIds.get(key) ?? userIds.size;
  userIds.set(key, user);
  return { user, activity: new Activity(name), logged: 0 };
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
