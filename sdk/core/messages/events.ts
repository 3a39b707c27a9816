import type { MessageHeader, SenderRole } from '../../../signaling/protocol/messages.ts';
import type { Model } from './model.ts';

/** What an app tells of a message; the log consists of these. */
export const logEventTypes = [
  'seen', // it was on the screen, or would have been where the chat was open
  'viewed', // the user looked at it: opened, expanded, stayed on it
  'replied',
  'reacted',
  'sent', // by the user
  'dismissed',
  'markedImportant',
  'markedNotImportant',
] as const;
export type LogEventType = (typeof logEventTypes)[number];

/** An HMAC-SHA-256 under this device's key, base64url of its first 16 bytes. */
export type Pseudonym = string;

/** A header whose ids are pseudonyms, as far as it is kept in the log. */
export interface LoggedHeader {
  message: Pseudonym;
  /** Whose it is. Users are hashed alike wherever they are named. */
  from: Pseudonym;
  room: Pseudonym;
  thread: Pseudonym | null;
  role: SenderRole;
  kind: MessageHeader['kind'];
  priority: MessageHeader['priority'];
  to: Pseudonym | null;
  mentions: Pseudonym[];
  /** Of the message that it answers. */
  replyTo: Pseudonym | null;
  sentAtMs: number;
  expiresAtMs: number | null;
}

/** All that the core ever gets of a message. */
export interface HashedHeader extends LoggedHeader {
  /** In characters; null where the app does not say. */
  textLength: number | null;
}

/** One line of the log. */
export interface LogRow {
  /** Grows by one with each; the key of the row. */
  sequence: number;
  /** When it was told, Unix milliseconds of this device. */
  atMs: number;
  type: LogEventType;
  header: LoggedHeader;
}

/** What is kept beside the log. */
export interface ClassifierSettings {
  /** Added to the model's threshold, in logits: from explicit marks. */
  nudge: number;
  /** Set by the app: a probability; null for the model's own. */
  threshold: number | null;
  /** What was learned on the device; null while adaptation is off or new. */
  adaptation: AdaptationSettings | null;
}

export interface AdaptationSettings {
  /** Of the model that it adds to. */
  modelVersion: number;
  isActive: boolean;
  /** Added to the logit where a trait holds, in the order of the traits; and how often each was learned from. */
  deltas: number[];
  counts: number[];
  /** By how much the challenger was better than the model on each of the newest labels, in log loss. */
  gains: number[];
}

/** Times are Unix milliseconds of this device. */
export type ClassifierEvent =
  /** What the store had, oldest first, at most `messageLogRowsMax`: comes first, once. */
  | { type: 'loaded'; rows: LogRow[]; settings: ClassifierSettings | null }
  | { type: 'recorded'; event: LogEventType; header: HashedHeader }
  | { type: 'thresholdSet'; probability: number | null }
  /** Its signature holds and its shape was checked. */
  | { type: 'modelLoaded'; model: Model }
  /** The key is a new one: nothing that was known means anything any more. */
  | { type: 'wiped'; me: Pseudonym };

export type ClassifierEffect =
  | { type: 'appendRow'; row: LogRow }
  /** By number or age. */
  | { type: 'deleteRowsThrough'; sequence: number }
  | { type: 'saveSettings'; settings: ClassifierSettings };

/** Why a message is important or not without any learning. */
export type ExplicitRule = 'own' | 'expired' | 'reaction' | 'announcement' | 'highPriority';

export interface Classification {
  isImportant: boolean;
  /**
   * What the learned rules say, also where an explicit one decides: how likely the user is to reply to it, which is what
   * they were trained on and stands for how likely it is to be looked at.
   */
  probability: number;
  /** Null when the learned rules decided. */
  explicitRule: ExplicitRule | null;
}

export interface Contribution {
  /** In words, for the user: what holds for this message. */
  text: string;
  /** Added to the logit. */
  logit: number;
}

export interface Explanation extends Classification {
  /** The explicit rule in words; null when the learned rules decided. */
  explicitText: string | null;
  /** What is known of the message, the strongest first, by absolute value. */
  contributions: Contribution[];
  /** The strongest of the learned rules that hold for it. */
  rules: Contribution[];
  /** Sum of those that are not listed. */
  other: number;
  bias: number;
  /** `bias + other + the contributions`, to 1e-6. */
  logit: number;
  /** Logit from which on it is important. */
  threshold: number;
}

export interface CoreState {
  modelVersion: number;
  /** As probability, nudge included. */
  threshold: number;
  rows: number;
  /** `learning`: the challenger is not better than the shipped rules, or not for long enough. */
  adaptation: 'off' | 'learning' | 'active';
  /** Matured labels that the challenger has learned from. */
  labels: number;
}

/** Pure: the same events at the same times lead to the same answers. */
export interface ClassifierCore {
  handle(event: ClassifierEvent, nowMs: number): ClassifierEffect[];
  /** Remembers what it was decided by, for `explain`; changes nothing else. */
  classify(header: HashedHeader, nowMs: number): Classification;
  /** Of one of the last `explanationsMax` classified; null for others. */
  explain(message: Pseudonym): Explanation | null;
  state(): CoreState;
}
