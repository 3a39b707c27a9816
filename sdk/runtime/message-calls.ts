import type {
  Message,
  MessageDraft,
  MessageFrame,
  RemoveMessageFrame,
} from '../../signaling/protocol/index.ts';
import { isMessageId, parseMessageDraft } from '../../signaling/protocol/index.ts';
import type { CoreEvent, Effect } from '../core/core.ts';
import { HoldfastError } from '../errors.ts';

type AnswerEffect = Extract<Effect, { type: 'messageSettled' | 'messageFailed' }>;

interface Call {
  resolve: (message: Message | undefined) => void;
  reject: (error: HoldfastError) => void;
}

/** The promises behind what an app asks of the room's messages; what cannot be sent is refused here. */
export class MessageCalls {
  #dispatch: (event: CoreEvent) => void;
  #calls = new Map<string, Call>();
  /** Other sessions of the same user must not use the same references. */
  #session = Math.random().toString(36).slice(2);
  #lastCall = 0;
  #isClosed = false;

  constructor(dispatch: (event: CoreEvent) => void) {
    this.#dispatch = dispatch;
  }

  async send(value: MessageDraft): Promise<Message> {
    const draft = parseMessageDraft(value);
    if (!draft) throw failure('message_invalid');
    return (await this.#ask({ type: 'message', ...draft })) as Message;
  }

  async remove(id: string): Promise<void> {
    // For a frame that is too large the server would end the connection.
    if (!isMessageId(id)) throw failure('message_invalid');
    await this.#ask({ type: 'removeMessage', id });
  }

  perform(effect: AnswerEffect): void {
    const call = this.#calls.get(effect.reference);
    this.#calls.delete(effect.reference);
    if (effect.type === 'messageSettled') call?.resolve(effect.message);
    else call?.reject(failure(effect.code, effect.retryAfterMs));
  }

  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#calls.values()) reject(failure('messages_unavailable'));
    this.#calls.clear();
  }

  #ask(
    frame: Omit<MessageFrame, 'reference'> | Omit<RemoveMessageFrame, 'reference'>,
  ): Promise<Message | undefined> {
    if (this.#isClosed) return Promise.reject(failure('messages_unavailable'));
    this.#lastCall += 1;
    const reference = `${this.#session}.${this.#lastCall}`;
    return new Promise((resolve, reject) => {
      this.#calls.set(reference, { resolve, reject });
      this.#dispatch({ type: 'messageAsked', frame: { ...frame, reference } });
    });
  }
}

function failure(
  code: Extract<Effect, { type: 'messageFailed' }>['code'],
  retryAfterMs?: number,
): HoldfastError {
  return new HoldfastError(code, `the room did not take it: ${code}`, { retryAfterMs });
}
