import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import { hashToUnit } from './rendezvous.ts';
import { type PartRequest, peerHolds, type SegmentState } from './segment.ts';
import { type TreeMember, treeParent } from './tree.ts';

const never = Number.POSITIVE_INFINITY;
/** A peer that sends nothing for this long is left, when another holds the part. */
export const peerPatienceMs = 400;

/** Decides which peer is asked for which part. */
export class Requesting {
  #context: Context;
  #room: Room;
  #peers: Peers;

  constructor(context: Context, room: Room, peers: Peers) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
  }

  /** Asks for what is missing and not under way. Returns when to look again. */
  consider(segment: SegmentState): number {
    let nextMs = never;
    for (const part of segment.missingParts()) {
      if (segment.isFetching(part)) continue;
      const request = segment.requests.get(part);
      if (request) {
        const waitMs = this.#waitMs(segment, part, request);
        if (waitMs > 0) {
          nextMs = Math.min(nextMs, this.#context.nowMs + waitMs);
          continue;
        }
        segment.exclude(part, request.peer);
        this.cancel(segment, part);
      }
      const peer = this.#choose(segment, part);
      if (peer) this.#ask(segment, part, peer);
    }
    return nextMs;
  }

  cancel(segment: SegmentState, part: number): void {
    const request = segment.requests.get(part);
    if (!request) return;
    const { peer, requestId } = request;
    this.#forget(segment, part, request);
    this.#context.emit({ type: 'forgetPart', peer, requestId });
    this.#context.emit({ type: 'sendPeer', peer, message: { type: 'cancel', requestId } });
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
    const since = Math.max(request.askedAtMs, request.progressAtMs);
    const leftMs = since + peerPatienceMs - this.#context.nowMs;
    if (leftMs > 0) return leftMs;
    const other = this.#holders(segment, part).some((id) => id !== request.peer);
    return other ? 0 : never;
  }

  #holders(segment: SegmentState, part: number): string[] {
    const excluded = segment.excluded.get(part);
    const holders: string[] = [];
    for (const [id, view] of segment.peers) {
      if (!peerHolds(view, part) || excluded?.has(id)) continue;
      if (this.#peers.isLinked(id) && this.#peers.hasRoom(id, this.#context.nowMs) && this.#uploads(id)) holders.push(id);
    }
    return holders;
  }

  #choose(segment: SegmentState, part: number): string | null {
    const isFirstTry = !segment.excluded.has(part);
    if (isFirstTry) {
      const parent = this.#parent(segment, part);
      if (parent) return parent;
    }
    const key = `${segment.segmentId}|${part}|${this.#room.viewerId ?? ''}`;
    const ranked = this.#holders(segment, part)
      .map((id) => ({ id, expectedMs: this.#peers.expectedMs(id), tie: hashToUnit(`${key}|${id}`) }))
      .sort((a, b) => a.expectedMs - b.expectedMs || a.tie - b.tie);
    return ranked[0]?.id ?? null;
  }

  /** The member that passes the part on to this one; it is asked before it has it. */
  #parent(segment: SegmentState, part: number): string | null {
    const viewerId = this.#room.viewerId ?? '';
    const root = this.#root(segment, part);
    const others: TreeMember[] = [];
    for (const [id, view] of segment.peers) {
      const takesPart = view.wants || view.complete || view.parts.size > 0;
      if (id === root || view.unable || !takesPart || !this.#peers.isLinked(id)) continue;
      others.push({ id, uploads: this.#uploads(id) });
    }
    const key = `${segment.segmentId}|${part}`;
    const parent = treeParent(key, { id: viewerId, uploads: this.#room.uploads }, others) ?? root;
    return parent && this.#peers.hasRoom(parent, this.#context.nowMs) ? parent : null;
  }

  #root(segment: SegmentState, part: number): string | null {
    let holder: string | null = null;
    for (const [id, view] of segment.peers) {
      if (!this.#peers.isLinked(id) || !this.#uploads(id)) continue;
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
    segment.requests.set(part, { requestId, peer, askedAtMs: nowMs, firstByteAtMs: 0, progressAtMs: 0 });
    this.#peers.all.get(peer)?.requests.set(requestId, { segmentId: segment.segmentId, part });
    const { segmentId } = segment;
    this.#context.emit({ type: 'expectPart', peer, requestId, segmentId, part, bytes: segment.partBytes(part) });
    this.#context.emit({ type: 'sendPeer', peer, message: { type: 'request', requestId, segment: segmentId, part } });
  }
}
