import * as limits from '../../signaling/protocol/limits.ts';
import { forgetOldest } from '../core/bounded.ts';
import { encodeChunk, parseChunk } from '../core/peer-wire.ts';
import type { PeerLink } from '../ports/peer-link.ts';

interface Incoming {
  buffer: Uint8Array<ArrayBuffer>;
  receivedBytes: number;
  segmentId: string;
  part: number;
}

interface Outgoing {
  requestId: number;
  bytes: Uint8Array<ArrayBuffer>;
  sentBytes: number;
}

export type Arrival =
  | { kind: 'progress'; requestId: number; bytes: number }
  | {
      kind: 'part';
      requestId: number;
      segmentId: string;
      part: number;
      bytes: Uint8Array<ArrayBuffer>;
    }
  | { kind: 'late'; bytes: number }
  | { kind: 'invalid' };

/** Chunks of cancelled requests may still be under way; more than this many cancels within a round trip is no race. */
const forgottenMax = 256;

/** The parts that travel over one link, both ways: chunks are put together and cut, under back-pressure. */
export class Transfers {
  #link: PeerLink;
  #incoming = new Map<number, Incoming>();
  /** Bytes that may still come of cancelled requests. */
  #forgotten = new Map<number, number>();
  #outgoing: Outgoing[] = [];
  /** Handed to the link whole, and not yet out of its buffer. */
  #leaving: Outgoing[] = [];
  #onSent: (requestId: number, bytes: number) => void;

  constructor(link: PeerLink, onSent: (requestId: number, bytes: number) => void) {
    this.#link = link;
    this.#onSent = onSent;
  }

  expect(requestId: number, segmentId: string, part: number, bytes: number): void {
    this.#incoming.set(requestId, {
      buffer: new Uint8Array(bytes),
      receivedBytes: 0,
      segmentId,
      part,
    });
  }

  forget(requestId: number): void {
    const incoming = this.#incoming.get(requestId);
    if (!incoming) return;
    this.#incoming.delete(requestId);
    this.#forgotten.set(requestId, incoming.buffer.byteLength - incoming.receivedBytes);
    forgetOldest(this.#forgotten, forgottenMax);
  }

  /** Takes one binary message of the peer. */
  receive(bytes: Uint8Array): Arrival {
    const parsed = parseChunk(bytes);
    if (!parsed.ok) return { kind: 'invalid' };
    const { requestId, offsetBytes, payload } = parsed.value;
    const incoming = this.#incoming.get(requestId);
    if (!incoming) {
      const owedBytes = this.#forgotten.get(requestId) ?? 0;
      if (owedBytes < payload.byteLength) return { kind: 'invalid' };
      this.#forgotten.set(requestId, owedBytes - payload.byteLength);
      return { kind: 'late', bytes: payload.byteLength };
    }
    const { buffer } = incoming;
    // The channel keeps order, so anything but the next bytes of the part is wrong.
    if (
      offsetBytes !== incoming.receivedBytes ||
      offsetBytes + payload.byteLength > buffer.byteLength
    ) {
      return { kind: 'invalid' };
    }
    buffer.set(payload, offsetBytes);
    incoming.receivedBytes += payload.byteLength;
    if (incoming.receivedBytes < buffer.byteLength) {
      return { kind: 'progress', requestId, bytes: payload.byteLength };
    }
    this.#incoming.delete(requestId);
    const { segmentId, part } = incoming;
    return { kind: 'part', requestId, segmentId, part, bytes: buffer };
  }

  send(requestId: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#outgoing.push({ requestId, bytes, sentBytes: 0 });
    this.#pump();
  }

  dropSend(requestId: number): void {
    this.#outgoing = this.#outgoing.filter((each) => each.requestId !== requestId);
  }

  /** Hands chunks to the link until it is full. */
  #pump(): void {
    for (let first = this.#outgoing[0]; first; first = this.#outgoing[0]) {
      if (this.#link.mediaBufferedBytes >= limits.peerBufferedBytesMax) return;
      const { requestId, bytes, sentBytes } = first;
      const payload = bytes.subarray(sentBytes, sentBytes + limits.chunkBytes);
      this.#link.sendMedia(encodeChunk({ requestId, offsetBytes: sentBytes, payload }));
      first.sentBytes += payload.byteLength;
      if (first.sentBytes < bytes.byteLength) continue;
      this.#outgoing.shift();
      this.#leaving.push(first);
      if (this.#link.mediaBufferedBytes <= limits.peerBufferedBytesLow) this.#left();
    }
  }

  /** The link has sent most of what it was given. */
  drained(): void {
    this.#left();
    this.#pump();
  }

  /** A part counts as sent when it has left: until then its place among the parallel sends is taken. */
  #left(): void {
    const left = this.#leaving;
    this.#leaving = [];
    for (const { requestId, bytes } of left) this.#onSent(requestId, bytes.byteLength);
  }
}
