import * as limits from '../../signaling/protocol/limits.ts';
import { parseMessageHeader } from '../../signaling/protocol/messages.ts';
import { within } from '../adapters/within.ts';
import type {
  ClassifierState,
  ClassifyAnswer,
  LogEvent,
  MessageClassifier,
  Refusal,
} from '../classifier.ts';
import { type Explanation, logEventTypes } from '../core/messages/events.ts';
import { HoldfastError } from '../errors.ts';
import type { Failure } from './classifier.ts';
import type { ClassifierThread } from './classifier-thread.ts';

/** A worker that hangs is ended all the same. */
const closeWithinMs = 2_000;

/** What an app holds: checks what it is given, and lets only so many calls wait for the thread. */
export class ClassifierFacade implements MessageClassifier {
  #thread: ClassifierThread;
  #onClose: () => void;
  #closing: Promise<void> | null = null;
  /** Without an answer: of `classify` and `record`, and of the others. */
  #calls = 0;
  #asks = 0;

  constructor(thread: ClassifierThread, onClose: () => void = () => {}) {
    this.#thread = thread;
    this.#onClose = onClose;
  }

  async classify(header: unknown): Promise<ClassifyAnswer> {
    const checked = parseMessageHeader(header);
    if (!checked) return { status: 'invalid' };
    const answer = await this.#call(() => this.#thread.calls.classify(checked));
    return typeof answer === 'string' ? { status: answer } : { status: 'classified', ...answer };
  }

  async record(event: unknown): Promise<'recorded' | Refusal> {
    const checked = parseLogEvent(event);
    if (!checked) return 'invalid';
    return (await this.#call(() => this.#thread.calls.record(checked))) ?? 'recorded';
  }

  async state(): Promise<ClassifierState> {
    const state = await this.#ask(() => this.#thread.calls.state());
    return { ...state, runsIn: this.#thread.runsIn };
  }

  explain(id: string): Promise<Explanation | null> {
    const isId = typeof id === 'string' && id.length <= limits.idLengthMax;
    return this.#ask(async () => (isId ? this.#thread.calls.explain(id) : null));
  }

  async loadModel(bytes: Uint8Array, signature: string): Promise<void> {
    if (!(bytes instanceof Uint8Array)) throw new HoldfastError('model_invalid', 'no Uint8Array');
    if (bytes.byteLength > limits.modelBytesMax) {
      const message = `${bytes.byteLength} bytes of at most ${limits.modelBytesMax}`;
      throw new HoldfastError('model_too_large', message);
    }
    // What is signed is what is read, whatever the app does to its own bytes meanwhile.
    const copy = new Uint8Array(bytes);
    throwIf(await this.#ask(() => this.#thread.calls.loadModel(copy, String(signature))));
  }

  async setThreshold(probability: number | null): Promise<void> {
    const isProbability = typeof probability === 'number' && probability > 0 && probability < 1;
    if (probability !== null && !isProbability) {
      throw new HoldfastError('option_invalid', 'a threshold is above 0 and below 1, or null');
    }
    await this.#ask(() => this.#thread.calls.setThreshold(probability));
  }

  async wipe(): Promise<void> {
    throwIf(await this.#ask(() => this.#thread.calls.wipe()));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Writes what waits, since the page may be gone in a moment. */
  flush(): void {
    if (!this.#closing) this.#thread.calls.flush().catch(() => {});
  }

  async #close(): Promise<void> {
    this.#onClose();
    await within(closeWithinMs, this.#thread.calls.close()).catch(() => {});
    this.#thread.end();
  }

  async #call<Answer>(call: () => Promise<Answer>): Promise<Answer | 'busy' | 'closed'> {
    if (this.#closing) return 'closed';
    if (this.#calls >= limits.classifierCallsMax) return 'busy';
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.#calls -= 1;
    }
  }

  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#closing) throw new HoldfastError('classifier_closed', 'the classifier is closed');
    if (this.#asks >= limits.classifierAsksMax) {
      throw new HoldfastError('classifier_busy', `${this.#asks} calls have no answer yet`);
    }
    this.#asks += 1;
    try {
      return await ask();
    } finally {
      this.#asks -= 1;
    }
  }
}

function throwIf(failure: Failure | null): void {
  if (failure) throw new HoldfastError(failure.code, failure.message);
}

/** Null for what is none. Never throws. */
function parseLogEvent(value: unknown): LogEvent | null {
  try {
    const { type: given, header: rest } = value as { type: unknown; header: unknown };
    const type = logEventTypes.find((each) => each === given);
    const header = parseMessageHeader(rest);
    return type && header ? { type, header } : null;
  } catch {
    return null;
  }
}
