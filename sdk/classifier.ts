import type { MessageHeader } from '../signaling/protocol/messages.ts';
import type {
  Classification,
  CoreState,
  Explanation,
  LogEventType,
} from './core/messages/events.ts';
import type { StorageState } from './ports/message-log.ts';

/** What an app passes to `createMessageClassifier`. */
export interface ClassifierOptions {
  /** The own user's id: `from` of the own messages. At most 128 characters. */
  me: string;
  /** Learns on the device from what this user does. Default false. */
  adapt?: boolean;
  /** Ed25519 public key of who signs the models given to `loadModel`. Default: that of the shipped rules. */
  modelKey?: JsonWebKey;
}

/** What the user, or the app for the user, did with a message. */
export interface LogEvent {
  type: LogEventType;
  header: MessageHeader;
}

/**
 * `invalid`: that was no header; `busy`: more than 2,000 calls have no answer yet; `closed`: `close` was called. Nothing has
 * changed then.
 */
export type Refusal = 'invalid' | 'busy' | 'closed';

export type ClassifyAnswer = ({ status: 'classified' } & Classification) | { status: Refusal };

export interface ClassifierState extends CoreState {
  /** `page`: no worker starts here, by the page's policy (CSP `worker-src`) or as the script is of another origin. */
  runsIn: 'worker' | 'page';
  storage: StorageState;
}

/**
 * Tells which messages matter to the user of this device, from what is known of them without reading them. Calls take
 * effect in their order. Nothing is sent anywhere.
 */
export interface MessageClassifier {
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
