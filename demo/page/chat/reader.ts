/** The one viewer of this page that the user is: what matters to it is decided and logged on this device. */
import type { MessageHeader } from '../../../sdk/index.ts';
import {
  type Classification,
  type ClassifierState,
  createMessageClassifier,
  type Explanation,
  HoldfastError,
  type LogEventType,
  type MessageClassifier,
} from '../../../sdk/messages.ts';

/** Whose log this browser profile has. */
const ownerKey = 'holdfast-chat-log-of';
/** Pages that read as different viewers have written to it: it is nobody's. */
const several = 'several';

export class Reader {
  readonly subject: string;
  /** Why nothing is decided here; empty when all is well. */
  failure = '';
  readonly #classifier: Promise<MessageClassifier | null>;
  readonly #onStorage = ({ key, newValue }: StorageEvent) => {
    if (key === ownerKey && newValue !== this.subject) own(several);
  };

  /** @param before Settles when whoever was the reader before has let go of the log. */
  constructor(subject: string, before: Promise<unknown>) {
    this.subject = subject;
    this.#classifier = before.then(() => this.#open());
    addEventListener('storage', this.#onStorage);
  }

  /** Null where nothing is decided. Calls take effect in their order. */
  async classify(header: MessageHeader): Promise<Classification | null> {
    const answer = await (await this.#classifier)?.classify(header);
    return answer?.status === 'classified' ? answer : null;
  }

  async record(type: LogEventType, header: MessageHeader): Promise<void> {
    await (await this.#classifier)?.record({ type, header });
  }

  /** Never rejects. */
  async explain(id: string): Promise<Explanation | null> {
    const explained = (await this.#classifier)?.explain(id);
    return (await explained?.catch(() => null)) ?? null;
  }

  /** Never rejects: why there is none is in `failure`. */
  async state(): Promise<ClassifierState | null> {
    const asked = (await this.#classifier)?.state();
    const state = await asked?.catch((error: Error) => {
      this.failure = `Nothing is marked: ${error.message}.`;
    });
    return state ?? null;
  }

  /** @param probability Null for the threshold of the rules. */
  async setThreshold(probability: number | null): Promise<void> {
    await (await this.#classifier)?.setThreshold(probability);
  }

  async wipe(): Promise<void> {
    await (await this.#classifier)?.wipe();
  }

  async close(): Promise<void> {
    removeEventListener('storage', this.#onStorage);
    await (await this.#classifier)?.close();
  }

  async #open(): Promise<MessageClassifier | null> {
    try {
      const classifier = await createMessageClassifier({ me: this.subject });
      // What another one did says nothing of this one.
      if (owner() !== this.subject) await classifier.wipe();
      own(this.subject);
      return classifier;
    } catch (error) {
      const isInsecure = error instanceof HoldfastError && error.code === 'crypto_missing';
      this.failure = isInsecure
        ? 'Nothing is marked: open this page as localhost, or over HTTPS.'
        : `Nothing is marked: ${(error as Error).message}.`;
      return null;
    }
  }
}

function owner(): string | null {
  try {
    return localStorage.getItem(ownerKey);
  } catch {
    return null; // no storage: there is no log either
  }
}

function own(subject: string): void {
  try {
    localStorage.setItem(ownerKey, subject);
  } catch {
    // As above.
  }
}
