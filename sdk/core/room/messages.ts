import type {
  Message,
  MessageFrame,
  MessageRefusalCode,
  RemoveMessageFrame,
  ServerFrame,
} from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { forgetOldest } from '../bounded.ts';
import type { Context } from '../context.ts';
import type { Room } from './room.ts';

interface Asked {
  frame: MessageFrame | RemoveMessageFrame;
  giveUpAtMs: number;
  isRepeated: boolean;
}

/** Messages of the room: what this viewer asks of the server, and what it has been told already. */
export class Messages {
  #context: Context;
  #room: Pick<Room, 'isJoined'>;
  /** What waits for its answer, by reference. */
  #asked = new Map<string, Asked>();
  /** Ids of those that a history could tell again, and of removed ones. */
  #known = new Set<string>();
  #removed = new Set<string>();

  constructor(context: Context, room: Pick<Room, 'isJoined'>) {
    this.#context = context;
    this.#room = room;
  }

  /** Settled by the server, or given up: nothing waits for a room that is not there. */
  ask(frame: MessageFrame | RemoveMessageFrame): void {
    if (!this.#room.isJoined) return this.#fail(frame.reference, 'messages_unavailable');
    if (this.#asked.size >= limits.messagesInFlightMax)
      return this.#fail(frame.reference, 'message_rate_limited', 1_000 / limits.messagesPerSecond);
    const giveUpAtMs = this.#context.nowMs + limits.messageAnswerWithinMs;
    this.#asked.set(frame.reference, { frame, giveUpAtMs, isRepeated: false });
    this.#context.emit({ type: 'sendFrame', frame });
    this.#context.wakeAt(giveUpAtMs);
  }

  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        return this.#comeBack(frame.resumed);
      case 'messages':
        for (const message of frame.messages) this.#tell(message, frame.isHistory);
        return;
      case 'messagesRemoved':
        for (const id of frame.ids) this.#tellRemoved(id);
        return;
      case 'messageAccepted':
        if (this.#asked.delete(frame.reference))
          this.#context.emit({ ...frame, type: 'messageSettled' });
        return;
      case 'messageRefused':
        if (this.#asked.has(frame.reference))
          this.#fail(frame.reference, frame.code, frame.retryAfterMs);
    }
  }

  /** The room is closed to this viewer, or left for a while. */
  left(): void {
    for (const reference of this.#asked.keys()) this.#fail(reference, 'messages_unavailable');
  }

  tick(): void {
    for (const [reference, { giveUpAtMs }] of this.#asked) {
      if (this.#context.nowMs < giveUpAtMs) this.#context.wakeAt(giveUpAtMs);
      else this.#fail(reference, 'messages_unavailable');
    }
  }

  /** What was under way when the connection ended is sent once more: the server knows by its reference what it has. */
  #comeBack(isSameServer: boolean): void {
    for (const [reference, asked] of this.#asked) {
      if (isSameServer && !asked.isRepeated) {
        asked.isRepeated = true;
        this.#context.emit({ type: 'sendFrame', frame: asked.frame });
      } else this.#fail(reference, 'messages_unavailable');
    }
  }

  #tell(message: Message, isHistory: boolean): void {
    const { id, kind } = message.header;
    if (this.#known.has(id)) return;
    if (kind !== 'reaction') this.#known.add(id);
    forgetOldest(this.#known, limits.messagesKnownMax);
    this.#context.emit({ type: 'message', message, isHistory });
  }

  #tellRemoved(id: string): void {
    if (this.#removed.has(id)) return;
    this.#removed.add(id);
    forgetOldest(this.#removed, limits.messagesKnownMax);
    this.#context.emit({ type: 'messageRemoved', id });
  }

  #fail(
    reference: string,
    code: MessageRefusalCode | 'messages_unavailable',
    retryAfterMs?: number,
  ): void {
    this.#asked.delete(reference);
    this.#context.emit({ type: 'messageFailed', reference, code, retryAfterMs });
  }
}
