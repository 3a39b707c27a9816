import * as limits from '../../signaling/protocol/limits.ts';
import type { MessageHeader } from '../../signaling/protocol/messages.ts';
import { forgetOldest } from '../core/bounded.ts';
import type { HashedHeader, Pseudonym } from '../core/messages/events.ts';
import { toBase64url } from './base64url.ts';

/** The same text is another pseudonym as the id of a user, of a room, of a thread and of a message. */
export type Domain = 'user' | 'room' | 'thread' | 'message';

/** Of 32: 128 bits, which nobody finds two of. */
const pseudonymBytes = 16;

/** HMAC-SHA-256 of ids under one key, by Web Crypto. Knows the last few thousand, as the same people write again. */
export class Pseudonyms {
  #key: CryptoKey;
  #known = new Map<string, Promise<Pseudonym>>();

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  of(domain: Domain, id: string): Promise<Pseudonym> {
    const text = `${domain}\0${id}`;
    const pseudonym = this.#known.get(text) ?? this.#sign(text);
    // The one that was not asked for longest goes first.
    this.#known.delete(text);
    this.#known.set(text, pseudonym);
    forgetOldest(this.#known, limits.pseudonymsKnownMax);
    return pseudonym;
  }

  /** A header without any id in it. */
  async ofHeader(header: MessageHeader): Promise<HashedHeader> {
    const { id, from, room, thread, to, mentions = [], replyTo, expiresAtMs = null } = header;
    const { role, kind, priority, sentAtMs, textLength = null } = header;
    const maybe = (domain: Domain, value: string | undefined) =>
      value === undefined ? null : this.of(domain, value);
    const [message, fromUser, inRoom, inThread, toUser, replied, ...named] = await Promise.all([
      this.of('message', id),
      this.of('user', from),
      this.of('room', room),
      maybe('thread', thread),
      maybe('user', to),
      maybe('message', replyTo),
      ...mentions.map((user) => this.of('user', user)),
    ]);
    return {
      ...{ message, from: fromUser, room: inRoom, thread: inThread },
      ...{ role, kind, priority, to: toUser, mentions: named },
      ...{ replyTo: replied, textLength, sentAtMs, expiresAtMs },
    };
  }

  async #sign(text: string): Promise<Pseudonym> {
    const bytes = new TextEncoder().encode(text);
    const signature = await crypto.subtle.sign('HMAC', this.#key, bytes);
    return toBase64url(new Uint8Array(signature, 0, pseudonymBytes));
  }
}
