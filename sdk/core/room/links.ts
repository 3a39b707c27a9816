import type { IceServer, Member } from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import { neighboursOf, type Ring, ringOf } from './neighbours.ts';

type LinkState = 'connecting' | 'open' | 'waiting';

interface Link {
  state: LinkState;
  /** When to try again (`waiting`) or to give up (`connecting`). */
  atMs: number;
  failures: number;
  startedAtMs: number;
  /** It was open once and broke. */
  broke: boolean;
}

const remakeMinMs = 500;
const retryMinMs = 1_000;
const retryMaxMs = 30_000;

/** Keeps a link to every neighbour that the newest directive implies. */
export class Links {
  /** Peers whose link is open. */
  readonly open = new Set<string>();
  readonly banned = new Set<string>();
  #context: Context;
  #dropped: (peer: string) => void;
  #links = new Map<string, Link>();
  #lost = new Set<string>();
  #viewerId = '';
  ring: Ring = ringOf([]);
  #degrees = new Map<string, number>();
  #iceServers: IceServer[] = [];

  /** `dropped` is told of every open link that this side closes. */
  constructor(context: Context, dropped: (peer: string) => void) {
    this.#context = context;
    this.#dropped = dropped;
  }

  join(viewerId: string, iceServers: IceServer[]): void {
    // Under another id the peers do not know us.
    if (viewerId !== this.#viewerId) this.follow([]);
    this.#viewerId = viewerId;
    this.#iceServers = iceServers;
  }

  follow(members: readonly Member[]): void {
    this.ring = ringOf(members);
    this.#degrees.clear();
    for (const { viewerId } of members) {
      this.#degrees.set(viewerId, neighboursOf(viewerId, members, this.ring).length);
    }
    const wanted = new Set(neighboursOf(this.#viewerId, members, this.ring));
    for (const peer of [...this.#links.keys()]) if (!wanted.has(peer)) this.#drop(peer);
    for (const peer of wanted) {
      if (!this.#links.has(peer) && !this.banned.has(peer)) this.#connect(peer);
    }
  }

  /** How many members it is linked to, and may have to feed. */
  degree(peer: string): number {
    return Math.max(1, this.#degrees.get(peer) ?? 1);
  }

  /** Whether this viewer makes the offer: one of two must, and both know which. */
  #initiates(peer: string): boolean {
    return this.#viewerId < peer;
  }

  signalReceived(peer: string, signal: Record<string, unknown>): void {
    if (this.banned.has(peer)) return;
    const link = this.#links.get(peer);
    // The other side may follow a newer directive than we do, or have lost a link that still looks open here.
    const isOffer = signal.type === 'offer';
    if (!link || (isOffer && link.state !== 'connecting')) {
      if (!isOffer || this.#initiates(peer) || this.#isHasty(link)) return;
      this.#close(peer);
      this.#connect(peer, link);
    }
    this.#context.emit({ type: 'signalLink', peer, signal });
  }

  /** Making a connection anew is dear: a peer that wants it again and again must wait. */
  #isHasty(link: Link | undefined): boolean {
    return link !== undefined && this.#context.nowMs - link.startedAtMs < remakeMinMs;
  }

  opened(peer: string): void {
    const link = this.#links.get(peer);
    if (!link) return this.#context.emit({ type: 'closeLink', peer });
    link.state = 'open';
    link.failures = 0;
    link.broke = false;
    this.open.add(peer);
    this.#lost.delete(peer);
  }

  /** Returns whether an open link broke. */
  closed(peer: string): boolean {
    const link = this.#links.get(peer);
    const wasOpen = this.open.delete(peer);
    if (!link) return false;
    if (wasOpen) {
      this.#lost.add(peer);
      link.broke = true;
    }
    this.#retryLater(link);
    return wasOpen;
  }

  /** Whether nothing is to be had of the peer: its link broke and has not come back, or it was banned. */
  isOut(peer: string): boolean {
    return this.banned.has(peer) || this.#links.get(peer)?.broke === true;
  }

  ban(peer: string): void {
    this.banned.add(peer);
    this.#drop(peer);
  }

  takeLost(): string[] {
    const lost = [...this.#lost];
    this.#lost.clear();
    return lost;
  }

  tick(): void {
    const { nowMs } = this.#context;
    for (const [peer, link] of this.#links) {
      if (link.state === 'open') continue;
      if (link.atMs > nowMs) {
        this.#context.wakeAt(link.atMs);
      } else if (link.state === 'waiting') {
        this.#connect(peer, link);
      } else {
        this.#context.emit({ type: 'closeLink', peer });
        this.#retryLater(link);
      }
    }
  }

  #connect(peer: string, before?: Link): void {
    const atMs = this.#context.nowMs + limits.peerConnectWithinMs;
    const { failures, broke } = before ?? { failures: 0, broke: false };
    this.#links.set(peer, {
      state: 'connecting',
      atMs,
      failures,
      broke,
      startedAtMs: this.#context.nowMs,
    });
    const initiator = this.#initiates(peer);
    this.#context.emit({ type: 'openLink', peer, initiator, iceServers: this.#iceServers });
    this.#context.wakeAt(atMs);
  }

  #retryLater(link: Link): void {
    const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** link.failures);
    link.state = 'waiting';
    link.failures += 1;
    link.atMs = this.#context.nowMs + delayMs * (0.5 + this.#context.options.random());
    this.#context.wakeAt(link.atMs);
  }

  #drop(peer: string): void {
    if (this.#links.has(peer)) this.#close(peer);
    this.#links.delete(peer);
  }

  #close(peer: string): void {
    this.#context.emit({ type: 'closeLink', peer });
    if (this.open.delete(peer)) this.#dropped(peer);
  }
}
