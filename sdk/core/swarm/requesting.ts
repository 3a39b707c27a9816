import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import { fastest, spread } from './choice.ts';
import type { Peers } from './peers.ts';
import type { Candidate } from './rendezvous.ts';
import * as requestTimings from './request-timings.ts';
import { type PartRequest, peerHolds, type SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';
import { entriesOf, treeFanout, treeParent } from './tree.ts';
import type { Trust } from './trust.ts';

const never = Number.POSITIVE_INFINITY;

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
      const isFetching = segment.isFetching(part);
      if (isFetching && this.#holders(segment, part).length === 0) continue;
      if (isFetching && segment.fetchRemainingMs(nowMs, part) < requestTimings.edgePatienceMs) {
        nextMs = Math.min(nextMs, nowMs + requestTimings.edgeRecheckMs);
        continue;
      }
      const request = segment.requests.get(part);
      if (request) {
        const waitMs = this.#waitMs(segment, part, request);
        if (waitMs > 0) {
          nextMs = Math.min(nextMs, nowMs + waitMs);
          continue;
        }
        if (request.heldThere) {
          this.#peers.timedOut(request.peer, nowMs);
          segment.exclude(part, request.peer);
        }
      }
      const holders = this.#holders(segment, part);
      const peer = this.#choose(segment, part, holders);
      if (request) {
        // Asked once more it would bring it no sooner, and who offers room is refused what has just been asked for.
        if (peer === request.peer) {
          nextMs = Math.min(nextMs, nowMs + requestTimings.patienceMsMin);
          continue;
        }
        this.cancel(segment, part);
      }
      if (peer) this.#ask(segment, part, peer);
      else nextMs = Math.min(nextMs, this.#roomAtMs(holders));
      const rootAtMs = this.#rootAtMs(segment);
      if (!peer && rootAtMs > nowMs) nextMs = Math.min(nextMs, rootAtMs);
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

  /**
   * The peer has room, so it is asked for the rarest part that comes from nowhere else, or has waited for long.
   * Returns whether there is any.
   */
  offered(segment: SegmentState, peer: string): boolean {
    const view = segment.peers.get(peer);
    const isTaken = this.#trust.canCheck(segment) && isShareable(segment);
    if (
      !isTaken ||
      !this.#peers.takesOffer(peer, this.#context.nowMs) ||
      !this.#uploads(peer) ||
      !agrees(segment, view)
    )
      return false;
    let rarest: number | null = null;
    let holders = never;
    for (const part of segment.missingParts()) {
      if (!peerHolds(view, part) || segment.excluded.get(part)?.has(peer)) continue;
      if (segment.isFetching(part) || !this.#isIdle(segment.requests.get(part), peer)) continue;
      const count = this.#holders(segment, part).length;
      if (count >= holders) continue;
      rarest = part;
      holders = count;
    }
    if (rarest === null) return false;
    this.cancel(segment, rarest);
    this.#ask(segment, rarest, peer);
    return true;
  }

  /** Whether nothing has come of a request for so long that it may be made elsewhere. */
  #isIdle(request: PartRequest | undefined, peer: string): boolean {
    if (!request) return true;
    // Who has never given anything takes nothing from those that were asked.
    if (!this.#peers.all.get(peer)?.bytesReceived) return false;
    const sinceMs = Math.max(request.askedAtMs, request.progressAtMs);
    return request.firstByteAtMs === 0 && this.#context.nowMs - sinceMs > requestTimings.idleMs;
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
    // It has gone, though the link does not tell yet.
    if (!this.#uploads(request.peer) && request.firstByteAtMs === 0) return 0;
    // A peer that is sending us something else is not slow: this waits for its turn there.
    const bytesAtMs = request.heldThere ? (this.#peers.all.get(request.peer)?.bytesAtMs ?? 0) : 0;
    const since = Math.max(request.askedAtMs, request.progressAtMs, bytesAtMs);
    const patienceMs = this.#patienceMs(segment);
    // However steadily it drips, a part that takes so long is better had elsewhere.
    const slowestMs = request.firstByteAtMs + patienceMs * requestTimings.dripFactor;
    // One whose turn has come and who then stops sending is left soonest.
    const untilMs = since + (request.firstByteAtMs ? requestTimings.patienceMsMin : patienceMs);
    const leftMs = (request.firstByteAtMs ? Math.min(untilMs, slowestMs) : untilMs) - nowMs;
    if (leftMs > 0) return leftMs;
    const others = this.#holders(segment, part).filter((id) => id !== request.peer);
    return others.some((id) => this.#peers.hasRoom(id, nowMs)) ? 0 : never;
  }

  #patienceMs(segment: SegmentState): number {
    const leftMs = (segment.deadlineMs - this.#context.nowMs) * requestTimings.patienceShare;
    return Math.min(requestTimings.patienceMsMax, Math.max(requestTimings.patienceMsMin, leftMs));
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
  #roomAtMs(holders: readonly string[]): number {
    const { nowMs } = this.#context;
    const times = holders.map((id) => this.#peers.all.get(id)?.busyUntilMs ?? never);
    return Math.min(never, ...times.filter((atMs) => atMs > nowMs));
  }

  #choose(segment: SegmentState, part: number, all: readonly string[]): string | null {
    const { nowMs } = this.#context;
    const holders = all.filter((id) => this.#peers.hasRoom(id, nowMs));
    // Nobody else of the group can get it.
    if (holders.length > 0 && holders.every((id) => this.#room.bridges.feeds(id)))
      return fastest(holders, this.#peers);
    const isRetry = segment.excluded.has(part);
    const parent = isRetry ? null : this.#parent(segment, part);
    // What few hold and many want goes down the tree. Later on any holder will do, except who is still reading it.
    const free = holders.filter((id) => segment.peers.get(id)?.fetching !== true);
    if (parent && free.length * treeFanout <= this.#wanting(segment, part)) return parent;
    const chosen = spread(segment, part, free, this.#room, this.#peers) ?? parent;
    if (chosen) return chosen;
    return this.#rootAtMs(segment) <= nowMs ? fastest(holders, this.#peers) : null;
  }

  /** Peers that want the part and do not hold it. */
  #wanting(segment: SegmentState, part: number): number {
    let count = 0;
    for (const view of segment.peers.values()) if (view.wants && !peerHolds(view, part)) count += 1;
    return count;
  }

  /** Whoever reads it has it brought to its entries first: others turn to it when nothing comes that way. */
  #rootAtMs(segment: SegmentState): number {
    return Math.max(segment.wantedAtMs, segment.bytesAtMs) + requestTimings.rootMs;
  }

  /** The member that passes the part on to this one; it is asked before it has it. */
  #parent(segment: SegmentState, part: number): string | null {
    const viewerId = this.#room.viewerId ?? '';
    const { nowMs } = this.#context;
    const { links } = this.#room;
    const root = this.#root(segment, part);
    // Whoever brings things into the group would wait for those that wait for it.
    if (this.#room.bridges.isFed) return null;
    const entries = this.#entries(segment, part);
    const isLed = entries.some((id) => this.#peers.isLinked(id));
    if (!isLed || entries.includes(viewerId))
      return root && this.#peers.hasRoom(root, nowMs) ? root : null;
    const neighbours: Candidate[] = [];
    for (const id of this.#peers.linked()) {
      if (!this.#uploads(id) || !this.#peers.hasRoom(id, nowMs)) continue;
      if (this.#room.bridges.has(id)) continue;
      const view = segment.peers.get(id);
      // Whoever follows the playlist is about to want it too, even if its word has not come yet.
      const takesPart =
        view?.wants || view?.complete || this.#peers.follows(id, segment.playlistId);
      if (id === root || view?.unable || !takesPart || !agrees(segment, view)) continue;
      neighbours.push({ id, weight: links.share(id) });
    }
    const self = { id: viewerId, uploads: this.#room.uploads };
    return treeParent(`${segment.segmentId}|${part}`, self, neighbours, entries);
  }

  #entries({ segmentId }: SegmentState, part: number): string[] {
    const { members, orders } = this.#room;
    const { hubs, others } = orders.of(segmentId, members);
    return entriesOf(hubs, others, part, members.length);
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
      heldThere: peerHolds(segment.peers.get(peer), part),
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
