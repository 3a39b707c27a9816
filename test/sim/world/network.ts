import * as limits from '../../../signaling/protocol/limits.ts';
import type { Clock } from './clock.ts';
import { packetsPerChunk, repeatMs, windowBytes } from './loss.ts';
import { canLink, type Nat } from './nat.ts';
import type { ChunkSource, Pipe, Uplink } from './pipes.ts';
import type { Random } from './random.ts';

export interface Host {
  readonly name: string;
  readonly nat: Nat;
  /** From this host to the middle of the network. */
  readonly accessMs: number;
  /** Share of packets lost between here and there, either way. */
  readonly lossShare: number;
  readonly uplink: Uplink;
  readonly downlink: Pipe;
  readonly alive: boolean;
  linkSignal(peer: string, signal: Record<string, unknown>): void;
  linkOpened(peer: string): void;
  linkClosed(peer: string): void;
  controlArrived(peer: string, text: unknown): void;
  chunkArrived(peer: string, requestId: number, bytes: number): void;
  partSent(peer: string, requestId: number, bytes: number): void;
}

interface Sending {
  requestId: number;
  bytes: number;
  sentBytes: number;
}

/** Making a description and reading one. */
const negotiationStepMs = 15;

/** One host's end of a link, as `PeerLink` of the sdk. */
export class LinkEnd implements ChunkSource {
  readonly id: number;
  readonly host: Host;
  /** Viewer id of the other side. */
  readonly peer: string;
  readonly initiator: boolean;
  other: LinkEnd | null = null;
  open = false;
  closed = false;
  /** Arrival of the newest control message: they keep their order. */
  arrivalMs = 0;
  /** The same of media, which has a channel of its own. */
  chunkArrivalMs = 0;
  windowBytes = windowBytes(0);
  #queue: Sending[] = [];
  #buffer: { requestId: number; bytes: number; ends: number | null }[] = [];
  #bufferedBytes = 0;
  #inFlightBytes = 0;
  #network: Network;

  constructor(network: Network, id: number, host: Host, peer: string, initiator: boolean) {
    this.#network = network;
    this.id = id;
    this.host = host;
    this.peer = peer;
    this.initiator = initiator;
  }

  sendPart(requestId: number, bytes: number): void {
    this.#queue.push({ requestId, bytes, sentBytes: 0 });
    this.#fillLater();
  }

  /** What is in the channel's buffer already travels, wanted or not. */
  dropPart(requestId: number): void {
    this.#queue = this.#queue.filter((sending) => sending.requestId !== requestId);
  }

  nextChunk(): { bytes: number; sent: () => void } | null {
    const chunk = this.#buffer[0];
    if (!this.open || !chunk || this.#inFlightBytes >= this.windowBytes) return null;
    const { bytes, requestId } = chunk;
    this.#buffer.shift();
    this.#inFlightBytes += bytes;
    const sent = (): void => {
      this.#bufferedBytes -= bytes;
      // A part counts as sent when it has left the buffer: what waits there keeps the next one back.
      if (chunk.ends !== null && !this.closed && this.host.alive)
        this.host.partSent(this.peer, requestId, chunk.ends);
      this.#fillLater();
      this.#network.carry(
        this,
        bytes,
        () => this.other?.deliver(requestId, bytes),
        () => {
          this.#inFlightBytes -= bytes;
          this.host.uplink.pump();
        },
      );
    };
    return { bytes, sent };
  }

  #fillLater(): void {
    this.#network.clock.after(0, () => this.#fill());
  }

  /** As the adapter does: chunks go into the channel until its buffer is full. */
  #fill(): void {
    for (let sending = this.#queue[0]; sending; sending = this.#queue[0]) {
      if (this.closed || !this.host.alive || this.#bufferedBytes >= limits.peerBufferedBytesMax)
        break;
      const bytes = Math.min(limits.chunkBytes, sending.bytes - sending.sentBytes);
      sending.sentBytes += bytes;
      this.#bufferedBytes += bytes;
      const isLast = sending.sentBytes >= sending.bytes;
      this.#buffer.push({
        requestId: sending.requestId,
        bytes,
        ends: isLast ? sending.bytes : null,
      });
      if (isLast) this.#queue.shift();
    }
    this.host.uplink.pump();
  }

  deliver(requestId: number, bytes: number): void {
    if (this.open && this.host.alive) this.host.chunkArrived(this.peer, requestId, bytes);
  }
}

export interface NetworkSpec {
  /** Until a link to a host that died without a word counts as closed. */
  detectMinMs: number;
  detectMaxMs: number;
  /** Of control messages; media does not lose, it waits. */
  jitterMs: number;
}

/** Connects the hosts' links, and carries their bytes. */
export class Network {
  readonly clock: Clock;
  readonly hosts = new Map<string, Host>();
  #ends = new Map<number, LinkEnd>();
  #random: Random;
  #spec: NetworkSpec;
  #lastId = 0;

  constructor(clock: Clock, random: Random, spec: NetworkSpec) {
    this.clock = clock;
    this.#random = random;
    this.#spec = spec;
  }

  openLink(host: Host, peer: string, initiator: boolean): LinkEnd {
    this.#lastId += 1;
    const end = new LinkEnd(this, this.#lastId, host, peer, initiator);
    this.#ends.set(end.id, end);
    host.uplink.add(end);
    if (initiator) this.#say(end, { type: 'offer', link: end.id });
    return end;
  }

  signal(end: LinkEnd, signal: Record<string, unknown>): void {
    if (end.closed) return;
    const other = this.#ends.get(Number(signal.link));
    if (!other || other.host === end.host) return;
    if (signal.type === 'offer' && !end.initiator) {
      this.#say(end, { type: 'answer', link: end.id, offer: other.id });
    } else if (signal.type === 'answer' && signal.offer === end.id) {
      this.#connect(end, other);
    }
  }

  close(end: LinkEnd): void {
    if (end.closed) return;
    const { other, open } = end;
    this.#forget(end);
    if (!open || !other) return;
    this.clock.after(this.#delayMs(end.host, other.host), () => this.#broken(other));
  }

  /** The host is gone without a word: the other sides find out by silence. */
  vanished(host: Host): void {
    for (const end of host.uplink.sources()) {
      if (!(end instanceof LinkEnd)) continue;
      const { other } = end;
      this.#forget(end);
      if (!other) continue;
      const { detectMinMs, detectMaxMs } = this.#spec;
      this.clock.after(this.#random.between(detectMinMs, detectMaxMs), () => this.#broken(other));
    }
  }

  /** A live link breaks in the middle: both sides find out by silence. */
  breakLink(end: LinkEnd): void {
    const { other } = end;
    this.#broken(end);
    if (other) this.#broken(other);
  }

  sendControl(end: LinkEnd, message: unknown): void {
    const { other } = end;
    if (!other) return;
    const oneWayMs = this.#delayMs(end.host, other.host);
    const delayMs =
      oneWayMs +
      this.#random.unit() * this.#spec.jitterMs +
      repeatMs(this.#random, this.#lossShare(end.host, other.host), 1, 2 * oneWayMs);
    other.arrivalMs = Math.max(other.arrivalMs, this.clock.nowMs + delayMs);
    this.clock.at(other.arrivalMs, () => {
      if (other.open && other.host.alive) other.host.controlArrived(other.peer, message);
    });
  }

  carry(from: LinkEnd, bytes: number, arrived: () => void, acknowledged: () => void): void {
    const { other } = from;
    if (!other?.host.alive) return;
    const delayMs = this.#delayMs(from.host, other.host);
    const lossShare = this.#lossShare(from.host, other.host);
    const lateMs = repeatMs(this.#random, lossShare, packetsPerChunk, 2 * delayMs);
    other.chunkArrivalMs = Math.max(other.chunkArrivalMs, this.clock.nowMs + delayMs + lateMs);
    this.clock.at(other.chunkArrivalMs, () => {
      this.clock.at(other.host.downlink.take(bytes), () => {
        arrived();
        this.clock.after(delayMs, acknowledged);
      });
    });
  }

  #say(end: LinkEnd, signal: Record<string, unknown>): void {
    this.clock.after(negotiationStepMs, () => {
      if (!end.closed && end.host.alive) end.host.linkSignal(end.peer, signal);
    });
  }

  #connect(a: LinkEnd, b: LinkEnd): void {
    if (!canLink(a.host.nat, b.host.nat) || a.other || b.other) return;
    const oneWayMs = this.#delayMs(a.host, b.host);
    this.clock.after(4 * oneWayMs + this.#random.between(20, 120), () => {
      if (a.closed || b.closed || !a.host.alive || !b.host.alive) return;
      a.other = b;
      b.other = a;
      a.windowBytes = windowBytes(this.#lossShare(a.host, b.host));
      b.windowBytes = a.windowBytes;
      a.open = true;
      b.open = true;
      a.host.linkOpened(a.peer);
      if (!b.closed) b.host.linkOpened(b.peer);
    });
  }

  #broken(end: LinkEnd): void {
    if (end.closed) return;
    this.#forget(end);
    if (end.host.alive) end.host.linkClosed(end.peer);
  }

  #forget(end: LinkEnd): void {
    end.closed = true;
    end.open = false;
    this.#ends.delete(end.id);
    end.host.uplink.remove(end);
  }

  #lossShare(a: Host, b: Host): number {
    return a.lossShare + b.lossShare;
  }

  #delayMs(a: Host, b: Host): number {
    return a.accessMs + b.accessMs;
  }
}
