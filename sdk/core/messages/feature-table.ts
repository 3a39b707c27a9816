import type { Activity, RoomActivity, SenderActivity } from './activity.ts';
import type { Conversation } from './conversation.ts';
import type { HashedHeader, Pseudonym } from './events.ts';
import type { FadingCount } from './fading.ts';
import { ago, count, flag, minutesMax, share, type Words } from './feature-words.ts';

/** All that a feature is computed from. */
export interface Moment {
  header: HashedHeader;
  nowMs: number;
  activity: Activity;
  sender: SenderActivity;
  /** Of the sender, of this user, and of the first who is addressed where this user is not. */
  theirs: Conversation;
  mine: Conversation;
  target: Conversation | null;
  targetId: Pseudonym | null;
  room: RoomActivity;
  addressed: readonly Pseudonym[];
  isToMe: boolean;
}

export interface Feature {
  words: Words;
  of(moment: Moment): number;
}

/** More than these make no difference. */
const countMax = 200;
const textLengthMax = 500;
/** Of a message of which the app does not say it. */
const textLengthUsual = 50;
/** Beyond the last place among partners. */
const noTarget = 9;

/**
 * The features, by the name that models use. Training and the page compute them here and nowhere else. What is said of
 * a time that never was is `minutesMax`; counts fade, those of a conversation with a half-life of ten minutes, those of a
 * habit with one of two weeks.
 */
export const features = {
  addressesMe: {
    words: flag('it addresses you', 'it does not address you'),
    of: ({ isToMe }) => (isToMe ? 1 : 0),
  },
  addressesNobody: {
    words: flag('it addresses nobody', 'it addresses somebody'),
    of: ({ addressed }) => (addressed.length === 0 ? 1 : 0),
  },
  othersAddressed: {
    words: count('others that it addresses, and not you'),
    of: ({ addressed, isToMe }) => (isToMe ? 0 : addressed.length),
  },
  othersBesideMe: {
    words: count('others that it addresses beside you'),
    of: ({ addressed, isToMe }) => (isToMe ? addressed.length - 1 : 0),
  },
  textLength: {
    words: count('its length in characters'),
    of: ({ header }) => Math.min(textLengthMax, header.textLength ?? textLengthUsual),
  },
  fromStaff: {
    words: flag('a host or moderator sent it', 'a viewer sent it'),
    of: ({ header }) => (header.role === 'viewer' ? 0 : 1),
  },

  minutesSinceToMe: {
    words: ago('the sender addressed you'),
    of: ({ theirs, nowMs }) => minutes(nowMs - theirs.toMeAtMs),
  },
  minutesSinceFromMe: {
    words: ago('you addressed the sender'),
    of: ({ theirs, nowMs }) => minutes(nowMs - theirs.fromMeAtMs),
  },
  minutesSinceFromOther: {
    words: ago('somebody else addressed the sender'),
    of: ({ theirs, nowMs }) => minutes(nowMs - theirs.fromOtherAtMs),
  },
  minutesSinceToNobody: {
    words: ago('the sender spoke to nobody in particular'),
    of: ({ theirs, nowMs }) => minutes(nowMs - theirs.toNobodyAtMs),
  },
  toMe: {
    words: count('times the sender has addressed you lately'),
    of: ({ theirs, nowMs }) => theirs.toMe.at(nowMs),
  },
  toOther: {
    words: count('times the sender has addressed others lately'),
    of: ({ theirs, nowMs }) => theirs.toOther.at(nowMs),
  },
  fromMe: {
    words: count('times you have addressed the sender lately'),
    of: ({ theirs, nowMs }) => theirs.fromMe.at(nowMs),
  },
  fromOther: {
    words: count('times others have addressed the sender lately'),
    of: ({ theirs, nowMs }) => theirs.fromOther.at(nowMs),
  },
  perhapsFromMe: {
    words: count('times you have spoken right after the sender lately'),
    of: ({ theirs, nowMs }) => theirs.perhapsFromMe.at(nowMs),
  },
  fromMeEver: {
    words: count('times you have addressed the sender'),
    of: ({ theirs, nowMs }) => theirs.fromMeEver.at(nowMs),
  },
  shareWithMe: {
    words: share('share of the talk of the sender that is with you'),
    of: ({ theirs, nowMs }) => shareWithMe(theirs, nowMs),
  },
  waiting: {
    words: count('messages of the sender that nobody has answered'),
    of: ({ theirs }) => Math.min(countMax, theirs.waiting),
  },
  countSinceFromMe: {
    words: count('messages of the sender since you addressed it'),
    of: ({ theirs }) => Math.min(countMax, theirs.countSinceFromMe),
  },

  senderPlace: {
    words: count('people you spoke with since the sender'),
    of: ({ mine, header }) => mine.placeOf(header.from),
  },
  partnersNow: {
    words: count('people you spoke with in the last 10 min'),
    of: ({ mine, nowMs }) => mine.partners.filter(({ atMs }) => nowMs - atMs < 600_000).length,
  },
  lastPartnerIsMe: {
    words: flag('the sender spoke with you last', 'the sender spoke with somebody else last'),
    of: ({ theirs, activity }) => (theirs.placeOf(activity.me) === 0 ? 1 : 0),
  },
  lastPartnerPlace: {
    words: count('people you spoke with since who spoke with the sender last'),
    of: ({ mine, theirs, activity }) => placeOfLast(mine, theirs, activity.me),
  },
  companyShared: {
    words: count('people whom you and the sender both talk with'),
    of: ({ mine, theirs, header, nowMs }) => theirs.shares(mine, header.from, nowMs),
  },
  targetPlace: {
    words: count('people you spoke with since who is addressed'),
    of: ({ mine, targetId }) => (targetId === null ? noTarget : mine.placeOf(targetId)),
  },
  targetCompanyShared: {
    words: count('people whom you and who is addressed both talk with'),
    of: ({ mine, target, targetId, nowMs }) =>
      target && targetId !== null ? target.shares(mine, targetId, nowMs) : -1,
  },
  minutesSinceTargetFromMe: {
    words: ago('you addressed who is addressed'),
    of: ({ target, nowMs }) => (target ? minutes(nowMs - target.fromMeAtMs) : minutesMax),
  },

  minutesSinceSeen: {
    words: ago('the sender wrote'),
    of: ({ sender, nowMs }) => minutes(nowMs - sender.lastSeenAtMs),
  },
  minutesSinceReplied: {
    words: ago('you replied to the sender'),
    of: ({ sender, nowMs }) => minutes(nowMs - sender.repliedAtMs),
  },
  senderSeen: {
    words: count('messages of the sender that you have seen'),
    of: ({ sender, nowMs }) => sender.seen.at(nowMs),
  },
  senderSeenLately: {
    words: count('messages of the sender that you have seen lately'),
    of: ({ sender, nowMs }) => sender.seenShort.at(nowMs),
  },
  senderViewed: {
    words: count('messages of the sender that you have looked at'),
    of: ({ sender, nowMs }) => sender.viewed.at(nowMs),
  },
  senderReplied: {
    words: count('messages of the sender that you have replied to'),
    of: ({ sender, nowMs }) => sender.replied.at(nowMs),
  },
  senderReplyShare: {
    words: share('share of its messages that you reply to'),
    of: ({ sender, nowMs }) => part(sender.replied, sender.seen, nowMs),
  },
  senderViewShare: {
    words: share('share of its messages that you look at'),
    of: ({ sender, nowMs }) => part(sender.viewed, sender.seen, nowMs),
  },

  minutesSinceMine: {
    words: ago('you wrote'),
    of: ({ room, nowMs }) => minutes(nowMs - room.lastMineAtMs),
  },
  countSinceMine: {
    words: count('messages of others since yours'),
    of: ({ room }) => Math.min(countMax, room.countSinceMine),
  },
  mineLately: {
    words: count('messages of yours lately'),
    of: ({ room, nowMs }) => room.mineShort.at(nowMs),
  },
  mineToNobodyLately: {
    words: count('messages of yours to nobody in particular lately'),
    of: ({ room, nowMs }) => room.mineToNobodyShort.at(nowMs),
  },
  mine: {
    words: count('messages of yours'),
    of: ({ room, nowMs }) => room.mine.at(nowMs),
  },
  roomSeenLately: {
    words: count('messages in the room lately'),
    of: ({ room, nowMs }) => room.seenShort.at(nowMs),
  },
  minutesSinceRoom: {
    words: ago('somebody wrote in the room'),
    of: ({ room, nowMs }) => minutes(nowMs - room.lastAtMs),
  },
  peopleLately: {
    words: count('people who wrote in the last 10 min'),
    of: ({ room, nowMs }) => room.people.count((atMs) => nowMs - atMs < 600_000),
  },
  roomViewShare: {
    words: share('share of messages in the room that you look at'),
    of: ({ room, nowMs }) => part(room.viewed, room.seen, nowMs),
  },
  roomReplyShare: {
    words: share('share of messages in the room that you reply to'),
    of: ({ room, nowMs }) => part(room.replied, room.seen, nowMs),
  },
  toNobodyReplyShare: {
    words: share('share of messages to nobody that you reply to'),
    of: ({ room: { toNobody }, nowMs }) => part(toNobody.replied, toNobody.seen, nowMs),
  },
  toOthersReplyShare: {
    words: share('share of messages to others that you reply to'),
    of: ({ room: { toOthers }, nowMs }) => part(toOthers.replied, toOthers.seen, nowMs),
  },
  newcomerReplyShare: {
    words: share('share of messages of newcomers that you reply to'),
    of: ({ room: { ofNewcomers }, nowMs }) => part(ofNewcomers.replied, ofNewcomers.seen, nowMs),
  },
  repliesPerMessage: {
    words: share('share of your messages that are replies'),
    of: ({ room, nowMs }) => part(room.replied, room.mine, nowMs),
  },
  followsSameSender: {
    words: flag('the sender wrote the message before', 'somebody else wrote the message before'),
    of: ({ room, header }) => (room.lastFrom === header.from ? 1 : 0),
  },
  followsMine: {
    words: flag('you wrote the message before', 'somebody else wrote the message before'),
    of: ({ room, activity }) => (room.lastFrom === activity.me ? 1 : 0),
  },

  minutesSinceMineInThread: {
    words: ago('you wrote in its thread'),
    of: ({ activity, header, nowMs }) =>
      minutes(nowMs - activity.thread(header.thread).lastMineAtMs),
  },
  threadReplied: {
    words: count('messages of its thread that you have replied to'),
    of: ({ activity, header, nowMs }) => activity.thread(header.thread).replied.at(nowMs),
  },
  threadReplyShare: {
    words: share('share of messages in its thread that you reply to'),
    of: ({ activity, header, nowMs }) => {
      const { replied, seen } = activity.thread(header.thread);
      return part(replied, seen, nowMs);
    },
  },
  threadViewShare: {
    words: share('share of messages in its thread that you look at'),
    of: ({ activity, header, nowMs }) => {
      const { viewed, seen } = activity.thread(header.thread);
      return part(viewed, seen, nowMs);
    },
  },
} satisfies Record<string, Feature>;

function minutes(elapsedMs: number): number {
  return Math.min(minutesMax, Math.max(0, elapsedMs) / 60_000);
}

/** After few events the share is not known: little is added to it. */
function part(some: FadingCount, all: FadingCount, nowMs: number): number {
  return (some.at(nowMs) + 0.03) / (all.at(nowMs) + 1);
}

function shareWithMe({ toMe, fromMe, toOther, fromOther }: Conversation, nowMs: number): number {
  const withMe = toMe.at(nowMs) + fromMe.at(nowMs);
  return (withMe + 0.1) / (withMe + toOther.at(nowMs) + fromOther.at(nowMs) + 0.3);
}

function placeOfLast(mine: Conversation, theirs: Conversation, me: Pseudonym): number {
  const [last] = theirs.partners;
  return last && last.id !== me ? mine.placeOf(last.id) : noTarget;
}
