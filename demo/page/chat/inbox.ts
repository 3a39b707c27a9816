/** What one viewer has heard of the room: the last messages, with the reactions to them. Pure. */
import type { Message, MessageHeader } from '../../../sdk/index.ts';

/** More rows than these are a burden to the page, and nobody scrolls back so far. */
export const entriesMax = 200;
/** Different reactions to one message. */
const reactionsMax = 8;

export interface Entry {
  readonly message: Message;
  /** It was sent before this viewer came. */
  readonly isHistory: boolean;
  /** Who reacted, by emoji. */
  readonly reactions: ReadonlyMap<string, ReadonlySet<string>>;
}

export type InboxChange =
  /** `dropped`: ids of those that had to go for it. */
  | { type: 'added'; entry: Entry; dropped: string[] }
  | { type: 'reacted'; entry: Entry; reaction: Message }
  | { type: 'removed'; id: string };

interface OwnEntry extends Entry {
  reactions: Map<string, Set<string>>;
}

export class Inbox {
  readonly #entries = new Map<string, OwnEntry>();

  /** The oldest first. */
  get entries(): Entry[] {
    return [...this.#entries.values()];
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** The last message of somebody until then. */
  lastOf(from: string, untilMs: number): MessageHeader | undefined {
    const headers = this.entries.map(({ message }) => message.header);
    return headers.findLast((header) => header.from === from && header.sentAtMs <= untilMs);
  }

  /** @returns What has changed; null where nothing has. */
  add(message: Message, isHistory: boolean): InboxChange | null {
    const { id, kind } = message.header;
    if (kind === 'reaction') return this.#react(message);
    if (this.#entries.has(id)) return null;
    const entry: OwnEntry = { message, isHistory, reactions: new Map() };
    this.#entries.set(id, entry);
    const dropped = [...this.#entries.keys()].slice(
      0,
      Math.max(0, this.#entries.size - entriesMax),
    );
    for (const old of dropped) this.#entries.delete(old);
    return { type: 'added', entry, dropped };
  }

  remove(id: string): InboxChange | null {
    return this.#entries.delete(id) ? { type: 'removed', id } : null;
  }

  #react(reaction: Message): InboxChange | null {
    const { replyTo, from } = reaction.header;
    const entry = replyTo === undefined ? undefined : this.#entries.get(replyTo);
    if (!entry) return null;
    const isNew = !entry.reactions.has(reaction.text);
    if (isNew && entry.reactions.size >= reactionsMax) return null;
    const who = entry.reactions.get(reaction.text) ?? new Set();
    if (who.has(from)) return null;
    entry.reactions.set(reaction.text, who.add(from));
    return { type: 'reacted', entry, reaction };
  }
}
