/** Which messages matter to this user: usable in any page, with or without the rest of the sdk. */
import * as limits from '../signaling/protocol/limits.ts';
import { watchHidden } from './adapters/page-lifecycle.ts';
import type { ClassifierOptions, MessageClassifier } from './classifier.ts';
import { HoldfastError } from './errors.ts';
import type { ClassifierSetup } from './runtime/classifier.ts';
import { ClassifierFacade } from './runtime/classifier-facade.ts';
import { startClassifier } from './runtime/classifier-thread.ts';

export type { MessageHeader, SenderRole } from '../signaling/protocol/messages.ts';
export type {
  ClassifierOptions,
  ClassifierState,
  ClassifyAnswer,
  LogEvent,
  MessageClassifier,
  Refusal,
} from './classifier.ts';
export type {
  Classification,
  Contribution,
  Explanation,
  ExplicitRule,
  LogEventType,
} from './core/messages/events.ts';
export { HoldfastError, type HoldfastErrorCode } from './errors.ts';
export type { MemoryReason, StorageState } from './ports/message-log.ts';

/**
 * Starts a classifier over the log of this browser profile. Several pages may have one each: all write to the same log, and
 * each knows what was there when it started and what it was told itself. Where nothing can be stored it works from memory,
 * and `state` says why.
 * @throws HoldfastError `option_invalid`; `crypto_missing` where the page is no secure context (https, or localhost).
 */
export async function createMessageClassifier(
  options: ClassifierOptions,
): Promise<MessageClassifier> {
  const setup = checkOptions(options);
  if (!globalThis.crypto?.subtle) {
    throw new HoldfastError('crypto_missing', 'no Web Crypto: the page is no secure context');
  }
  const thread = await startClassifier(setup);
  const facade = new ClassifierFacade(thread, () => hidden.close());
  const hidden = watchHidden(() => facade.flush());
  return facade;
}

function checkOptions(options: ClassifierOptions | undefined): ClassifierSetup {
  const { me, adapt = false, modelKey } = (options ?? {}) as Partial<ClassifierOptions>;
  if (typeof me !== 'string' || me === '' || me.length > limits.subjectLengthMax) {
    throw new HoldfastError('option_invalid', 'me must be the id of a user, 1 to 128 characters');
  }
  if (typeof adapt !== 'boolean') {
    throw new HoldfastError('option_invalid', 'adapt must be true or false');
  }
  return { me, adapt, modelKey: modelKey === undefined ? null : checkKey(modelKey) };
}

function checkKey(key: JsonWebKey | null): JsonWebKey {
  const { kty, crv, x } = key ?? {};
  if (kty !== 'OKP' || crv !== 'Ed25519' || !x || !/^[\w-]{43}$/.test(x)) {
    throw new HoldfastError('option_invalid', 'modelKey must be a public key of Ed25519 as JWK');
  }
  return { kty, crv, x };
}
