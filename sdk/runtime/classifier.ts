import type { MessageHeader } from '../../signaling/protocol/messages.ts';
import { openMessageLog } from '../adapters/message-log.ts';
import { isModelSigned } from '../adapters/model-signature.ts';
import { Pseudonyms } from '../adapters/pseudonyms.ts';
import { createWipeChannel, type WipeChannel } from '../adapters/wipe-channel.ts';
import type { LogEvent } from '../classifier.ts';
import { createClassifierCore } from '../core/messages/classifier.ts';
import type {
  Classification,
  ClassifierCore,
  ClassifierEffect,
  ClassifierEvent,
  CoreState,
  Explanation,
} from '../core/messages/events.ts';
import { parseModel } from '../core/messages/model.ts';
import { shippedKey } from '../core/messages/shipped/rules.ts';
import { shippedModel } from '../core/messages/shipped/shipped.ts';
import { HoldfastError, type HoldfastErrorCode } from '../errors.ts';
import type { MessageLog, StorageState } from '../ports/message-log.ts';

export interface ClassifierSetup {
  me: string;
  adapt: boolean;
  /** Null for the key of the shipped rules. */
  modelKey: JsonWebKey | null;
}

/** Errors lose their class and code on the way from a worker, so they are answers. */
export interface Failure {
  code: HoldfastErrorCode;
  message: string;
}

/** The classifier in its thread. What it is given was checked. */
export interface ClassifierCalls {
  classify(header: MessageHeader): Promise<Classification>;
  record(event: LogEvent): Promise<void>;
  state(): Promise<CoreState & { storage: StorageState }>;
  explain(id: string): Promise<Explanation | null>;
  loadModel(bytes: Uint8Array<ArrayBuffer>, signature: string): Promise<Failure | null>;
  setThreshold(probability: number | null): Promise<void>;
  wipe(): Promise<Failure | null>;
  /** Writes what waits. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const realParts = { openLog: openMessageLog, nowMs: () => Date.now() };
/** What tests put something else in the place of. */
export type ClassifierParts = typeof realParts;

export async function openClassifier(
  setup: ClassifierSetup,
  parts: ClassifierParts = realParts,
): Promise<ClassifierCalls> {
  let runtime: ClassifierRuntime | null = null;
  const { log, rows, settings } = await parts.openLog(() => runtime?.replaced());
  const pseudonyms = new Pseudonyms(log.key);
  const me = await pseudonyms.of('user', setup.me);
  const core = createClassifierCore({ me, model: shippedModel(), adapt: setup.adapt });
  runtime = new ClassifierRuntime(setup, parts, log, pseudonyms, core);
  runtime.handle({ type: 'loaded', rows, settings });
  return runtime;
}

/**
 * Feeds the core and performs its effects. Pseudonyms of several calls are made at once; the calls still reach the core
 * in the order in which they came.
 */
class ClassifierRuntime implements ClassifierCalls {
  #setup: ClassifierSetup;
  #parts: ClassifierParts;
  #log: MessageLog;
  #pseudonyms: Pseudonyms;
  #core: ClassifierCore;
  #channel: WipeChannel;
  /** All calls so far have reached the core. */
  #tail: Promise<unknown> = Promise.resolve();
  /** The last exchange of keys is over: pseudonyms may be made. */
  #keyed: Promise<unknown> = Promise.resolve();

  constructor(
    setup: ClassifierSetup,
    parts: ClassifierParts,
    log: MessageLog,
    pseudonyms: Pseudonyms,
    core: ClassifierCore,
  ) {
    this.#setup = setup;
    this.#parts = parts;
    this.#log = log;
    this.#pseudonyms = pseudonyms;
    this.#core = core;
    this.#channel = createWipeChannel(() => this.replaced());
  }

  classify(header: MessageHeader): Promise<Classification> {
    return this.#inTurn(
      () => this.#pseudonyms.ofHeader(header),
      (hashed) => this.#core.classify(hashed, this.#parts.nowMs()),
    );
  }

  record({ type, header }: LogEvent): Promise<void> {
    return this.#inTurn(
      () => this.#pseudonyms.ofHeader(header),
      (hashed) => this.handle({ type: 'recorded', event: type, header: hashed }),
    );
  }

  state(): Promise<CoreState & { storage: StorageState }> {
    return this.#inTurn(ready, () => ({ ...this.#core.state(), storage: this.#log.state() }));
  }

  explain(id: string): Promise<Explanation | null> {
    return this.#inTurn(
      () => this.#pseudonyms.of('message', id),
      (message) => this.#core.explain(message),
    );
  }

  loadModel(bytes: Uint8Array<ArrayBuffer>, signature: string): Promise<Failure | null> {
    const key = this.#setup.modelKey ?? shippedKey;
    const check = () => isModelSigned(bytes, signature, key).catch(failureOf);
    return this.#inTurn(check, (isSigned) => {
      if (typeof isSigned !== 'boolean') return isSigned;
      if (!isSigned) {
        return { code: 'model_signature_invalid', message: 'the key of models did not sign this' };
      }
      const text = textOf(bytes);
      if (text === null) return { code: 'model_invalid', message: 'no UTF-8' };
      const parsed = parseModel(text, this.#core.state().modelVersion);
      if (!parsed.ok) return { code: parsed.code, message: parsed.message };
      this.handle({ type: 'modelLoaded', model: parsed.model });
      return null;
    });
  }

  setThreshold(probability: number | null): Promise<void> {
    return this.#inTurn(ready, () => this.handle({ type: 'thresholdSet', probability }));
  }

  wipe(): Promise<Failure | null> {
    return this.#alone(async () => {
      const failure = await this.#log.wipe().then(() => null, failureOf);
      await this.#forget();
      if (!failure) this.#channel.tell();
      return failure;
    });
  }

  /** Another page has wiped the log. */
  replaced(): void {
    void this.#alone(async () => {
      if (await this.#log.adopt()) await this.#forget();
    });
  }

  async flush(): Promise<void> {
    await this.#tail;
    await this.#log.flush();
  }

  close(): Promise<void> {
    return this.#alone(async () => {
      this.#channel.close();
      await this.#log.close();
    });
  }

  handle(event: ClassifierEvent): void {
    for (const effect of this.#core.handle(event, this.#parts.nowMs())) this.#perform(effect);
  }

  #perform(effect: ClassifierEffect): void {
    if (effect.type === 'appendRow') this.#log.append(effect.row);
    else if (effect.type === 'deleteRowsThrough') this.#log.deleteThrough(effect.sequence);
    else this.#log.saveSettings(effect.settings);
  }

  async #forget(): Promise<void> {
    this.#pseudonyms = new Pseudonyms(this.#log.key);
    this.handle({ type: 'wiped', me: await this.#pseudonyms.of('user', this.#setup.me) });
  }

  /** `prepare` at once, together with those of other calls; `act` when all calls before have acted. */
  #inTurn<Prepared, Result>(
    prepare: () => Promise<Prepared>,
    act: (prepared: Prepared) => Result,
  ): Promise<Result> {
    const prepared = this.#keyed.then(prepare);
    const result = Promise.all([prepared, this.#tail]).then(([value]) => act(value));
    this.#tail = settled(result);
    return result;
  }

  /** When all calls before have acted, and before any after begins. */
  #alone<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(action);
    this.#tail = settled(result);
    this.#keyed = this.#tail;
    return result;
  }
}

const ready = async () => {};

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Whatever becomes of it, the next may go on. */
function settled(result: Promise<unknown>): Promise<unknown> {
  return result.then(ready, ready);
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof HoldfastError ? error.code : 'storage_failed', message };
}
