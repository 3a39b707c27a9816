import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import type { Peers } from './peers.ts';
import { rankByWeight } from './rendezvous.ts';
import { type PartRequest, peerHolds, type SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';
import { type TreeMember, treeFanout, treeParent } from './tree.ts';
import type { Trust } from './trust.ts';

const never = Number.POSITIVE_INFINITY;

/**
 * How long a peer may send nothing before another one that holds the part is asked: leaving it too early sends the
 * part twice, too late costs the player its time. A share of the time left, within these.
 */
export const requestTimings = {
  patienceMsMin: 500,
  patienceMsMax: 2_000,
  patienceShare: 0.35,
} as const;

/** Decides which peer is asked for which part. */
export class Requesting {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #trust: Trust;

  constructor(context: Context, room: Room, peers: Peers, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#trust = trust;
  }

  /** Asks for what is missing and not under way. Returns when to look again. */
  consider(segment: SegmentState): number {
    // Without a descriptor nothing that peers send could be believed.
    if (!this.#trust.canCheck(segment)) return never;
    const { nowMs } = this.#context;
    let nextMs = never;
    if (!isShareable(segment)) return nextMs;
    for (const part of segment.missingParts()) {
      if (segment.isFetching(part)) continue;
      const request = segment.requests.get(part);
      if (request) {
        const waitMs = this.#waitMs(segment, part, request);
        if (waitMs > 0) {
          nextMs = Math.min(nextMs, nowMs + waitMs);
          continue;
        }
        this.#peers.timedOut(request.peer, nowMs);
        segment.exclude(part, request.peer);
        this.cancel(segment, part);
      }
      const peer = this.#choose(segment, part);
      if (peer) this.#ask(segment, part, peer);
      else nextMs = Math.min(nextMs, this.#roomAtMs(segment, part));
    }
    return nextMs;
  }

  /** The peer holds parts now that it was asked for before: they are about to come. */
  holds(segment: SegmentState, peer: string): void {
    const view = segment.peers.get(peer);
    for (const [part, request] of segment.requests) {
      if (request.peer !== peer || request.heldThere || !peerHolds(view, part)) continue;
      request.heldThere = true;
      request.progressAtMs = this.#context.nowMs;
    }
  }

  cancel(segment: SegmentState, part: number): void {
    const request = segment.requests.get(part);
    if (!request) return;
    const { peer, requestId } = request;
    this.#forget(segment, part, request);
    this.#context.emit({ type: 'forgetPart', peer, requestId });
    this.#context.emit({ type: 'sendPeer', peer, message: { type: 'cancel', requestId } });
  }

  /** The edge fetch that has begun brings these parts. */
  cancelFetched(segment: SegmentState): void {
    for (const part of [...segment.requests.keys()]) {
      if (segment.isFetching(part)) this.cancel(segment, part);
    }
  }

  cancelAll(segment: SegmentState): void {
    for (const part of [...segment.requests.keys()]) this.cancel(segment, part);
  }

  /** The request has been answered or its peer is gone. */
  settled(segment: SegmentState, part: number): void {
    const request = segment.requests.get(part);
    if (request) this.#forget(segment, part, request);
  }

  #forget(segment: SegmentState, part: number, request: PartRequest): void {
    segment.requests.delete(part);
    this.#peers.all.get(request.peer)?.requests.delete(request.requestId);
  }

  /** How long the request may still take before another peer is asked; infinite when there is no other. */
  #waitMs(segment: SegmentState, part: number, request: PartRequest): number {
    const { nowMs } = this.#context;
    const since = Math.max(request.askedAtMs, request.progressAtMs);
    const leftMs = since + this.#patienceMs(segment) - nowMs;
    if (leftMs > 0) return leftMs;
    const others = this.#holders(segment, part).filter((id) => id !== request.peer);
    return others.some((id) => this.#peers.hasRoom(id, nowMs)) ? 0 : never;
  }

  #patienceMs(segment: SegmentState): number {
    const { patienceMsMin, patienceMsMax, patienceShare } = requestTimings;
    const leftMs = (segment.deadlineMs - this.#context.nowMs) * patienceShare;
    return Math.min(patienceMsMax, Math.max(patienceMsMin, leftMs));
  }

  #holders(segment: SegmentState, part: number): string[] {
    const excluded = segment.excluded.get(part);
    const holders: string[] = [];
    for (const [id, view] of segment.peers) {
      if (!peerHolds(view, part) || excluded?.has(id) || !agrees(segment, view)) continue;
      if (this.#peers.isLinked(id) && this.#uploads(id)) holders.push(id);
    }
    return holders;
  }

  /** When a holder that has no room now may have some. */
  #roomAtMs(segment: SegmentState, part: number): number {
    const { nowMs } = this.#context;
    const times = this.#holders(segment, part).map(
      (id) => this.#peers.all.get(id)?.busyUntilMs ?? never,
    );
    return Math.min(never, ...times.filter((atMs) => atMs > nowMs));
  }

  #choose(segment: SegmentState, part: number): string | null {
    const { nowMs } = this.#context;
    const holders = this.#holders(segment, part).filter((id) => this.#peers.hasRoom(id, nowMs));
    const isRetry = segment.excluded.has(part);
    const parent = isRetry ? null : this.#parent(segment, part);
    // What few hold and many want goes down the tree. Later on any holder will do, except who is still reading it.
    const free = holders.filter((id) => segment.peers.get(id)?.fetching !== true);
    let wanting = 0;
    for (const view of segment.peers.values())
      if (view.wants && !peerHolds(view, part)) wanting += 1;
    if (parent && free.length * treeFanout <= wanting) return parent;
    return this.#spread(segment, part, free) ?? parent ?? this.#fastest(holders);
  }

  /**
   * One of the holders, in proportion to what they can give. The earliest have been asked by everybody since, so
   * the later half are chosen from: without this, who comes first uploads several times its share.
   */
  #spread(segment: SegmentState, part: number, holders: readonly string[]): string | null {
    const wantedAtMs = (id: string): number => segment.peers.get(id)?.wantedAtMs ?? 0;
    const late = [...holders]
      .sort((a, b) => wantedAtMs(b) - wantedAtMs(a))
      .slice(0, Math.max(2, Math.ceil(holders.length / 2)));
    const key = `${segment.segmentId}|${part}|${this.#room.viewerId ?? ''}`;
    return (
      rankByWeight(
        key,
        late.map((id) => ({ id, weight: this.#peers.capacity(id) / this.#room.links.degree(id) })),
      )[0] ?? null
    );
  }

  #fastest(holders: readonly string[]): string | null {
    const ranked = holders
      .map((id) => ({ id, expectedMs: this.#peers.expectedMs(id) }))
      .sort((a, b) => a.expectedMs - b.expectedMs);
    return ranked[0]?.id ?? null;
  }

  /** The member that passes the part on to this one; it is asked before it has it. */
  #parent(segment: SegmentState, part: number): string | null {
    const viewerId = this.#room.viewerId ?? '';
    const { nowMs } = this.#context;
    const root = this.#root(segment, part);
    const key = `${segment.segmentId}|${part}`;
    const others: TreeMember[] = [];
    for (const id of this.#peers.linked()) {
      const view = segment.peers.get(id);
      // Whoever follows the playlist is about to want it too, even if its word has not come yet.
      const takesPart =
        view?.wants || view?.complete || this.#peers.follows(id, segment.playlistId);
      if (id === root || view?.unable || !takesPart || !agrees(segment, view)) continue;
      if (!this.#peers.hasRoom(id, nowMs)) continue;
      others.push({ id, uploads: this.#uploads(id) });
    }
    const self = { id: viewerId, uploads: this.#room.uploads };
    const parent = treeParent(key, self, others, this.#room.links.ring) ?? root;
    return parent && this.#peers.hasRoom(parent, nowMs) ? parent : null;
  }

  #root(segment: SegmentState, part: number): string | null {
    let holder: string | null = null;
    for (const [id, view] of segment.peers) {
      if (!this.#peers.isLinked(id) || !this.#uploads(id) || !agrees(segment, view)) continue;
      if (view.fetching) return id;
      if (peerHolds(view, part)) holder ??= id;
    }
    return holder;
  }

  #uploads(id: string): boolean {
    return this.#room.member(id)?.uploads === true;
  }

  #ask(segment: SegmentState, part: number, peer: string): void {
    const { nowMs } = this.#context;
    const requestId = this.#context.nextId();
    segment.requests.set(part, {
      requestId,
      peer,
      askedAtMs: nowMs,
      firstByteAtMs: 0,
      progressAtMs: 0,
      heldThere: false,
    });
    this.#peers.all.get(peer)?.requests.set(requestId, { segmentId: segment.segmentId, part });
    const { segmentId } = segment;
    this.#context.emit({
      type: 'expectPart',
      peer,
      requestId,
      segmentId,
      part,
      bytes: segment.partBytes(part),
    });
    this.#context.emit({
      type: 'sendPeer',
      peer,
      message: { type: 'request', requestId, segment: segmentId, part },
    });
  }
}
