// The public API of the sdk, as an app sees it. Generated from sdk/messages.ts by `npm run check -- --write`.
// A change in here is a change of what was promised: review it as such.

/** What the token of the sender grants. A host runs the room, a moderator keeps order in it. */
type SenderRole = 'viewer' | 'moderator' | 'host';
type MessageKind = 'chat' | 'announcement' | 'reaction';
type MessagePriority = 'normal' | 'high';
/** What is known of a message without reading it. Times are Unix milliseconds of the server's clock. */
interface MessageHeader {
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
/** Why a message, or the removal of one, was refused. Nothing has changed, and the connection stays. */
declare const messageRefusalCodes: readonly ['message_invalid', 'message_too_large', 'message_not_allowed', 'message_rate_limited', 'message_unknown'];
type MessageRefusalCode = (typeof messageRefusalCodes)[number];
type ModelRefusal = 'model_too_large' | 'model_invalid' | 'model_feature_unknown' | 'model_outdated';
/** What an app tells of a message; the log consists of these. */
declare const logEventTypes: readonly ['seen', 'viewed', 'replied', 'reacted', 'sent', 'dismissed', 'markedImportant', 'markedNotImportant'];
type LogEventType = (typeof logEventTypes)[number];
/** Why a message is important or not without any learning. */
type ExplicitRule = 'own' | 'expired' | 'reaction' | 'announcement' | 'highPriority';
interface Classification {
  isImportant: boolean;
  /**
   * What the learned rules say, also where an explicit one decides: how likely the user is to reply to it, which is what
   * they were trained on and stands for how likely it is to be looked at.
   */
  probability: number;
  /** Null when the learned rules decided. */
  explicitRule: ExplicitRule | null;
}
interface Contribution {
  /** In words, for the user: what holds for this message. */
  text: string;
  /** Added to the logit. */
  logit: number;
}
interface Explanation extends Classification {
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
interface CoreState {
  modelVersion: number;
  /** As probability, nudge included. */
  threshold: number;
  rows: number;
  /** `learning`: the challenger is not better than the shipped rules, or not for long enough. */
  adaptation: 'off' | 'learning' | 'active';
  /** Matured labels that the challenger has learned from. */
  labels: number;
}
/**
 * Why nothing is kept: the browser refuses storage, is out of room, has what a newer version of this script wrote, did not
 * answer, or has ended the connection (site data cleared, deleted by another page); or what was there could not be wiped.
 */
type MemoryReason = 'refused' | 'full' | 'newerVersion' | 'noAnswer' | 'ended' | 'wipeFailed';
interface StorageState {
  kind: 'indexeddb' | 'memory';
  /** Null with `indexeddb`. After `full` or `refused` while it ran, writing is tried again. */
  reason: MemoryReason | null;
  /** What was kept before was of no use, as its key was gone or its shape another, and was deleted. */
  hasStartedAnew: boolean;
  /** Damaged ones that were found, and those that could not be written. */
  rowsDropped: number;
}
/** What an app passes to `createMessageClassifier`. */
interface ClassifierOptions {
  /** The own user's id: `from` of the own messages. At most 128 characters. */
  me: string;
  /** Learns on the device from what this user does. Default false. */
  adapt?: boolean;
  /** Ed25519 public key of who signs the models given to `loadModel`. Default: that of the shipped rules. */
  modelKey?: JsonWebKey;
}
/** What the user, or the app for the user, did with a message. */
interface LogEvent {
  type: LogEventType;
  header: MessageHeader;
}
/**
 * `invalid`: that was no header; `busy`: more than 2,000 calls have no answer yet; `closed`: `close` was called. Nothing has
 * changed then.
 */
type Refusal = 'invalid' | 'busy' | 'closed';
type ClassifyAnswer = ({
  status: 'classified';
} & Classification) | {
  status: Refusal;
};
interface ClassifierState extends CoreState {
  /** `page`: no worker starts here, by the page's policy (CSP `worker-src`) or as the script is of another origin. */
  runsIn: 'worker' | 'page';
  storage: StorageState;
}
/**
 * Tells which messages matter to the user of this device, from what is known of them without reading them. Calls take
 * effect in their order. Nothing is sent anywhere.
 */
interface MessageClassifier {
  /** Whether it matters. Takes anything and never rejects: what is no header is `invalid`. */
  classify(header: MessageHeader): Promise<ClassifyAnswer>;
  /**
   * Logs what was done with a message, each kind of event once for each message: of others first `seen`, of the own only
   * `sent`. Never rejects. It is on the disk within a fraction of a second.
   */
  record(event: LogEvent): Promise<'recorded' | Refusal>;
  /** @throws HoldfastError `classifier_closed`, or `classifier_busy` while 100 such calls have no answer. */
  state(): Promise<ClassifierState>;
  /**
   * Why one of the last 500 messages was classed as it was, by its id; null for any other.
   * @throws HoldfastError as `state` does.
   */
  explain(id: string): Promise<Explanation | null>;
  /**
   * Replaces the rules by others until the page ends; after an error the rules are the ones before.
   * @param bytes As they were signed, at most 16 kB.
   * @param signature Ed25519 of exactly these bytes, base64url.
   * @throws HoldfastError `model_too_large`, `model_signature_invalid`, `model_signature_unsupported` (the browser has no
   *   Ed25519), `model_invalid`, `model_feature_unknown`, `model_outdated` (no newer than the rules in use), or as `state`.
   */
  loadModel(bytes: Uint8Array, signature: string): Promise<void>;
  /**
   * From which probability on a message is important, above 0 and below 1; null for what the rules say. Kept.
   * @throws HoldfastError `option_invalid`, or as `state` does.
   */
  setThreshold(probability: number | null): Promise<void>;
  /**
   * Forgets everything, in all pages of this browser profile: the log, what was learned and set, and the key of the
   * pseudonyms. Loaded rules stay.
   * @throws HoldfastError `storage_failed` where the browser does not let go of what is on the disk: it is forgotten in this
   *   page, nothing more is written, and another call tries again. Or as `state` does.
   */
  wipe(): Promise<void>;
  /** Writes what waits and ends the worker. What was logged stays for the next time. */
  close(): Promise<void>;
}
declare const serverErrorCodes: readonly ['frame_too_large', 'frame_invalid', 'version_unsupported', 'token_missing', 'token_invalid', 'token_expired', 'token_room_mismatch', 'origin_refused', 'join_required', 'join_timeout', 'already_joined', 'rate_limited', 'room_full', 'server_full', 'member_unknown', 'removed', 'internal'];
type ServerErrorCode = (typeof serverErrorCodes)[number];
/**
 * Every way a session, or a classifier of messages, can fail. Codes of the signaling server come through unchanged.
 * None of them stops playback: the stream then plays from the edge alone.
 */
type HoldfastErrorCode = ServerErrorCode | MessageRefusalCode /** The room is not joined, was left meanwhile, or did not answer: the message may have reached it, or not. */ | 'messages_unavailable' | 'option_invalid' | 'room_code_failed' | 'signaling_unreachable' | 'signaling_frame_invalid' | 'webrtc_missing' | 'peers_not_allowed' | 'page_frozen' | 'source_foreign' | 'peer_message_invalid' | 'peer_version_unsupported' | 'peer_chunk_invalid' | 'peer_part_forged' | 'peer_playlist_contradicted' | 'crypto_missing' | 'peer_rate_limited' | 'storage_failed' | ModelRefusal | 'model_signature_invalid' | 'model_signature_unsupported' | 'classifier_busy' | 'classifier_closed';
/** The one error class of the sdk. */
declare class HoldfastError extends Error {
  readonly code: HoldfastErrorCode;
  /** True when the session cannot use the room any more; the stream still plays. */
  readonly fatal: boolean;
  /** Of `message_rate_limited`: when it may be sent again. */
  readonly retryAfterMs: number | undefined;
  constructor(code: HoldfastErrorCode, message: string, options?: {
    fatal?: boolean;
    cause?: unknown;
    retryAfterMs?: number | undefined;
  });
}
/**
 * Starts a classifier over the log of this browser profile. Several pages may have one each: all write to the same log, and
 * each knows what was there when it started and what it was told itself. Where nothing can be stored it works from memory,
 * and `state` says why.
 * @throws HoldfastError `option_invalid`; `crypto_missing` where the page is no secure context (https, or localhost).
 */
declare function createMessageClassifier(options: ClassifierOptions): Promise<MessageClassifier>;
export { type Classification, type ClassifierOptions, type ClassifierState, type ClassifyAnswer, type Contribution, type Explanation, type ExplicitRule, HoldfastError, type HoldfastErrorCode, type LogEvent, type LogEventType, type MemoryReason, type MessageClassifier, type MessageHeader, type Refusal, type SenderRole, type StorageState, createMessageClassifier };