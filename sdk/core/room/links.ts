import type { IceServer, Member } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import { Bridges } from './bridges.ts';
import { neighboursOf, type Ring, ringOf, sharesOf, substitutesOf } from './neighbours.ts';

type LinkState = 'connecting' | 'open' | 'waiting';

interface Link {
  state: LinkState;
  /** When to make it (`waiting`) or to give up (`connecting`). */
  atMs: number;
  /** This side made the offer. */
  offers: boolean;
  failures: number;
  startedAtMs: number;
  /** It was open once and broke. */
  broke: boolean;
}

const remakeMinMs = 500;
/**
 * A connection costs both sides some 20 ms of processor time: made one after another, the two dozen of a newcomer do
 * not fall together with its first frame, and those of a hub that wakes up are no long task.
 */
const paceMs = 150;
/** The other side's offer is due by then, though it has a whole group to link to; if not, this side makes one. */
const offerWithinMs = limits.groupMembersMax * paceMs + 500;
const retryMinMs = 1_000;
const retryMaxMs = 30_000;
/** A peer gives up a link that has been silent for so long, whether or not this side has noticed. */
const deadAfterMs = 8_000;
/** What the own group holds is not asked of another. */
const bridgeShare = 0.001;
/** Tries after which a member that never answered counts as one that no link gets to, as behind some NATs. */
const triesMax = 2;

/** Keeps a link to every neighbour that the newest directive implies. */
export class Links {
  /** Peers whose link is open. */
  readonly open = new Set<string>();
  readonly banned = new Set<string>();
  #also: readonly string[] = [];
  /** Members that no link gets to. */
  #unreachable = new Set<string>();
  /** Members that have made a link in place of one that they could not make. */
  #guests = new Set<string>();
  #members: readonly Member[] = [];
  #bridges = new Bridges();
  #context: Context;
  #dropped: (peer: string) => void;
  #links = new Map<string, Link>();
  #lost = new Set<string>();
  #accused = new Set<string>();
  #viewerId = '';
  /** Order of joining. */
  #seniority = new Map<string, number>();
  #lastTurnMs = Number.NEGATIVE_INFINITY;
  ring: Ring = ringOf([]);
  #shares: Map<string, number> = new Map();
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

  /** Members to link to although they are no neighbours. */
  linkAlso(viewerIds: readonly string[]): void {
    this.#also = viewerIds;
    this.follow(this.#members, this.#bridges);
  }

  follow(members: readonly Member[], bridges = new Bridges()): void {
    this.#members = members;
    this.#bridges = bridges;
    this.ring = ringOf(members);
    this.#shares = sharesOf(members, this.ring);
    this.#seniority = new Map(members.map(({ viewerId }, place) => [viewerId, place]));
    for (const { viewerId: peer } of bridges.all) {
      this.#shares.set(peer, bridgeShare);
      // To its slaves a master comes first. Else the two sides know nothing of each other's order of joining.
      const isEarlier = peer < this.#viewerId && !bridges.isSibling(peer);
      this.#seniority.set(peer, isEarlier ? -1 : Number.POSITIVE_INFINITY);
    }
    // A slave that is in the same browser has no use for a link: it knows, so it is the one to make any.
    const across = bridges.all
      .map(({ viewerId }) => viewerId)
      .filter((peer) => !bridges.isSibling(peer) || this.#links.has(peer));
    const also = this.#also.filter((peer) => this.#seniority.has(peer));
    const neighbours = neighboursOf(this.#viewerId, members, this.ring);
    for (const peer of [...across, ...also, ...neighbours]) this.#guests.delete(peer);
    const instead = substitutesOf(this.#viewerId, members, this.ring, this.#unreachable);
    for (const known of [this.#guests, this.#unreachable])
      for (const peer of known) if (!this.#seniority.has(peer)) known.delete(peer);
    const wanted = new Set([...across, ...also, ...neighbours, ...instead, ...this.#guests]);
    for (const peer of [...this.#links.keys()]) if (!wanted.has(peer)) this.#drop(peer);
    if (this.#links.size === 0) this.#lastTurnMs = Number.NEGATIVE_INFINITY;
    // With a link to a master the room can be heard; the others can follow.
    const masters = members.filter(
      ({ viewerId, role }) => role !== 'slave' && wanted.has(viewerId),
    );
    for (const peer of new Set([
      ...across,
      ...masters.map(({ viewerId }) => viewerId),
      ...wanted,
    ])) {
      if (!this.#links.has(peer) && !this.banned.has(peer))
        this.#await(peer, instead.includes(peer) || this.#initiates(peer));
    }
    this.tick();
  }

  /** What each of its neighbours may ask of it, relative to others. */
  share(peer: string): number {
    return this.#shares.get(peer) ?? 1;
  }

  /** Whether the offer is this viewer's to make: that of who joined later, as it alone has many to make. */
  #initiates(peer: string): boolean {
    return (this.#seniority.get(this.#viewerId) ?? 0) > (this.#seniority.get(peer) ?? 0);
  }

  #await(peer: string, offers = this.#initiates(peer)): void {
    this.#links.set(peer, {
      state: 'waiting',
      atMs: offers ? this.#turnAtMs() : this.#context.nowMs + offerWithinMs,
      offers: false,
      failures: 0,
      startedAtMs: Number.NEGATIVE_INFINITY,
      broke: false,
    });
  }

  #turnAtMs(): number {
    this.#lastTurnMs = Math.max(this.#context.nowMs, this.#lastTurnMs + paceMs);
    return this.#lastTurnMs;
  }

  signalReceived(peer: string, signal: Record<string, unknown>): void {
    if (this.banned.has(peer)) return;
    if (signal.type === 'offer' ? !this.#answers(peer) : !this.#links.has(peer)) return;
    this.#context.emit({ type: 'signalLink', peer, signal });
  }

  /** Makes this side ready for an offer; false where it is not taken. */
  #answers(peer: string): boolean {
    const link = this.#links.get(peer);
    if (link?.state === 'connecting') {
      // Both may have made an offer: then that of the one whose turn it was counts.
      if (link.offers && this.#initiates(peer)) return false;
      if (!link.offers) return true;
      // The other side may follow a newer directive than we do, or have lost a link that still looks open here.
    } else if (this.#isHasty(link)) return false;
    this.#close(peer);
    if (!link) this.#guests.add(peer);
    this.#connect(peer, false, link);
    return true;
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
    this.#unreachable.delete(peer);
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
    this.#retryLater(peer, link);
    return wasOpen;
  }

  /** Whether nothing is to be had of the peer: its link broke and has not come back, or it was banned. */
  isOut(peer: string): boolean {
    return this.banned.has(peer) || this.#links.get(peer)?.broke === true;
  }

  /** The network changed, or the page stood still: what waits is tried at once, what must be dead is made anew. */
  disturbed(awayMs: number): void {
    for (const [peer, link] of [...this.#links]) {
      if (link.state !== 'waiting') {
        if (awayMs < deadAfterMs) continue;
        this.#close(peer);
      }
      this.#await(peer, true);
    }
    this.tick();
  }

  ban(peer: string): void {
    this.banned.add(peer);
    this.#drop(peer);
  }

  /** It is proven to have lied: the server is to hear of it. */
  accuse(peer: string): void {
    this.#accused.add(peer);
    this.ban(peer);
  }

  takeAccused(): string[] {
    const accused = [...this.#accused].slice(0, limits.groupMembersMax);
    for (const peer of accused) this.#accused.delete(peer);
    return accused;
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
        this.#connect(peer, true, link);
      } else {
        this.#context.emit({ type: 'closeLink', peer });
        this.#retryLater(peer, link);
      }
    }
  }

  #connect(peer: string, offers: boolean, before?: Link): void {
    const atMs = this.#context.nowMs + limits.peerConnectWithinMs;
    const { failures, broke } = before ?? { failures: 0, broke: false };
    this.#links.set(peer, {
      state: 'connecting',
      atMs,
      offers,
      failures,
      broke,
      startedAtMs: this.#context.nowMs,
    });
    const iceServers = this.#iceServers;
    this.#context.emit({ type: 'openLink', peer, initiator: offers, iceServers });
    this.#context.wakeAt(atMs);
  }

  #retryLater(peer: string, link: Link): void {
    // Whoever made it knows whether it still needs it.
    if (this.#guests.delete(peer) || this.#bridges.isSibling(peer))
      return void this.#links.delete(peer);
    const backoffMs = Math.min(retryMaxMs, retryMinMs * 2 ** link.failures);
    const delayMs = backoffMs * (0.5 + this.#context.options.random());
    link.state = 'waiting';
    link.failures += 1;
    link.atMs = this.#context.nowMs + delayMs + (this.#initiates(peer) ? 0 : offerWithinMs);
    this.#context.wakeAt(link.atMs);
    if (link.failures < triesMax || link.broke || this.#unreachable.has(peer)) return;
    this.#unreachable.add(peer);
    this.follow(this.#members, this.#bridges);
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
