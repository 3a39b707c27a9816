import { Conversation } from './conversation.ts';
import type { LogEventType, LoggedHeader, Pseudonym } from './events.ts';
import { asHabit, type FadingCount, inConversation } from './fading.ts';
import { RecentMap } from './recent-map.ts';

/** Senders, rooms and threads that are remembered; the longest unheard of is forgotten first. */
const sendersMax = 4_096;
const roomsMax = 256;
const threadsMax = 1_024;
/** People of a room that are told apart. */
const peopleMax = 32;
/** Messages whose sender is remembered, to know whom an answer addresses. */
const messagesMax = 2_048;
/** A message of somebody of whom fewer were seen is that of a newcomer. */
const newcomerSeenMax = 2;

/** What tells nothing of the user's own messages, though apps may tell it of all that they show. */
const ofOthers: readonly LogEventType[] = ['seen', 'viewed', 'reacted'];

/** Of messages of one sender, in one room or thread. */
interface Tally {
  seen: FadingCount;
  /** Or reacted to. */
  viewed: FadingCount;
  replied: FadingCount;
}

export interface SenderActivity extends Tally {
  seenShort: FadingCount;
  lastSeenAtMs: number;
  repliedAtMs: number;
  conversation: Conversation;
}

/** Messages of one kind, and how many of them this user replied to. */
interface Share {
  seen: FadingCount;
  replied: FadingCount;
}

export interface RoomActivity extends Tally {
  seenShort: FadingCount;
  lastAtMs: number;
  /** Who wrote lately, and when last. */
  people: RecentMap<number>;
  lastFrom: Pseudonym | null;
  /** Messages of others since this user's own. */
  countSinceMine: number;
  lastMineAtMs: number;
  mine: FadingCount;
  mineShort: FadingCount;
  mineToNobodyShort: FadingCount;
  toNobody: Share;
  toOthers: Share;
  ofNewcomers: Share;
}

export interface ThreadActivity extends Tally {
  lastMineAtMs: number;
}

const never = Number.NEGATIVE_INFINITY;
const newTally = (): Tally => ({ seen: asHabit(), viewed: asHabit(), replied: asHabit() });
const newShare = (): Share => ({ seen: asHabit(), replied: asHabit() });

const newSender = (): SenderActivity => ({
  ...newTally(),
  seenShort: inConversation(),
  lastSeenAtMs: never,
  repliedAtMs: never,
  conversation: new Conversation(),
});

const newRoom = (): RoomActivity => ({
  ...newTally(),
  seenShort: inConversation(),
  lastAtMs: never,
  people: new RecentMap(peopleMax),
  lastFrom: null,
  countSinceMine: 0,
  lastMineAtMs: never,
  mine: asHabit(),
  mineShort: inConversation(),
  mineToNobodyShort: inConversation(),
  toNobody: newShare(),
  toOthers: newShare(),
  ofNewcomers: newShare(),
});

const newThread = (): ThreadActivity => ({ ...newTally(), lastMineAtMs: never });

/** What is told of somebody, a room or a thread that was never heard of. */
const unknownSender = newSender();
const unknownRoom = newRoom();
const unknownThread = newThread();

/**
 * What the log says of senders, rooms and threads, kept up to date by each event: the cost of one does not depend on
 * how many there were. The same events give the same state.
 */
export class Activity {
  readonly me: Pseudonym;
  #senders = new RecentMap<SenderActivity>(sendersMax);
  #rooms = new RecentMap<RoomActivity>(roomsMax);
  #threads = new RecentMap<ThreadActivity>(threadsMax);
  /** By message. */
  #authors = new RecentMap<Pseudonym>(messagesMax);

  constructor(me: Pseudonym) {
    this.me = me;
  }

  sender(id: Pseudonym): SenderActivity {
    return this.#senders.peek(id) ?? unknownSender;
  }

  room(id: Pseudonym): RoomActivity {
    return this.#rooms.peek(id) ?? unknownRoom;
  }

  thread(id: Pseudonym | null): ThreadActivity {
    return (id !== null && this.#threads.peek(id)) || unknownThread;
  }

  /** Whom a message addresses: who is named in it, and whose message it answers. */
  addressed(header: LoggedHeader): Pseudonym[] {
    const addressed = header.to === null ? [] : [header.to];
    for (const named of header.mentions) if (!addressed.includes(named)) addressed.push(named);
    const answered = header.replyTo === null ? undefined : this.#authors.peek(header.replyTo);
    if (answered !== undefined && answered !== header.from && !addressed.includes(answered))
      addressed.unshift(answered);
    return addressed;
  }

  /** Reactions are no part of a conversation, and change nothing; nor does a user who looks at its own messages. */
  record(type: LogEventType, header: LoggedHeader, atMs: number): void {
    if (header.kind === 'reaction' || (header.from === this.me && ofOthers.includes(type))) return;
    if (type === 'seen') this.#seen(header, atMs);
    else if (type === 'sent') this.#sent(header, atMs);
    else if (type === 'replied') this.#replied(header, atMs);
    else if (type === 'viewed' || type === 'reacted') {
      for (const tally of this.#tallies(header)) tally.viewed.add(atMs);
    }
  }

  #tallies({ from, room, thread }: LoggedHeader): Tally[] {
    const tallies: Tally[] = [
      this.#senders.touch(from, newSender),
      this.#rooms.touch(room, newRoom),
    ];
    if (thread !== null) tallies.push(this.#threads.touch(thread, newThread));
    return tallies;
  }

  #seen(header: LoggedHeader, atMs: number): void {
    const sender = this.#senders.touch(header.from, newSender);
    const room = this.#rooms.touch(header.room, newRoom);
    const addressed = this.addressed(header);
    for (const share of this.#shares(header, addressed, room, atMs)) share.seen.add(atMs);
    for (const tally of this.#tallies(header)) tally.seen.add(atMs);
    sender.seenShort.add(atMs);
    sender.lastSeenAtMs = atMs;
    sender.conversation.countSinceFromMe += 1;
    this.#authors.set(header.message, header.from);
    this.#address(header, addressed, atMs);
    room.seenShort.add(atMs);
    room.countSinceMine += 1;
    room.lastAtMs = atMs;
    room.people.set(header.from, atMs);
    room.lastFrom = header.from;
  }

  #sent(header: LoggedHeader, atMs: number): void {
    const room = this.#rooms.touch(header.room, newRoom);
    this.#authors.set(header.message, this.me);
    room.mine.add(atMs);
    room.mineShort.add(atMs);
    if (header.thread !== null) this.#threads.touch(header.thread, newThread).lastMineAtMs = atMs;
    const addressed = this.addressed(header);
    if (addressed.length === 0) {
      room.mineToNobodyShort.add(atMs);
      // Who spoke just before is often who is meant.
      if (room.lastFrom !== null && room.lastFrom !== this.me)
        this.#senders.touch(room.lastFrom, newSender).conversation.perhapsHearsFromMe(atMs);
    }
    this.#address(header, addressed, atMs);
    room.lastMineAtMs = atMs;
    room.countSinceMine = 0;
    room.lastAtMs = atMs;
    room.lastFrom = this.me;
  }

  #replied(header: LoggedHeader, atMs: number): void {
    const room = this.#rooms.touch(header.room, newRoom);
    for (const share of this.#shares(header, this.addressed(header), room, atMs))
      share.replied.add(atMs);
    for (const tally of this.#tallies(header)) tally.replied.add(atMs);
    const sender = this.#senders.touch(header.from, newSender);
    sender.repliedAtMs = atMs;
  }

  #address(header: LoggedHeader, addressed: readonly Pseudonym[], atMs: number): void {
    const { me } = this;
    const from = this.#senders.touch(header.from, newSender).conversation;
    if (addressed.length === 0) from.speaksToNobody(atMs);
    for (const id of addressed) {
      if (id === header.from) continue;
      const to = this.#senders.touch(id, newSender).conversation;
      from.speaksTo(id, id === me, atMs);
      to.hearsFrom(header.from, header.from === me, atMs);
    }
  }

  /** The kinds of messages that this one belongs to. */
  #shares(
    header: LoggedHeader,
    addressed: readonly Pseudonym[],
    room: RoomActivity,
    atMs: number,
  ): Share[] {
    const shares: Share[] = [];
    if (addressed.length === 0) shares.push(room.toNobody);
    else if (!addressed.includes(this.me)) shares.push(room.toOthers);
    if (this.sender(header.from).seen.at(atMs) < newcomerSeenMax) shares.push(room.ofNewcomers);
    return shares;
  }
}
