import * as limits from '../../../signaling/protocol/limits.ts';
import type { SwarmParts } from './parts.ts';
import { peerHolds, type SegmentState } from './segment.ts';

/** What a peer has wanted for less is on its way down the tree. */
const waitsMs = 800;
/** Between two looks for somebody to give to. */
const lookEveryMs = 30;
/** The uplink is kept busy so far ahead: the way of an offer to its peer, and of the request back. */
const aheadMs = 250;
/** An offer that is not answered by then is taken back, and its peer left alone for as long, each time longer. */
const answerWithinMs = 600;
const silencesMax = 6;
/** Who needed nothing of a segment is offered nothing of it for so long. */
const declinedMs = 300;

interface Partner {
  /** One at a time. */
  offered: SegmentState | null;
  /** Until the answer must come, or until the next offer. */
  untilMs: number;
  /** Offers in a row that it did not answer. */
  silences: number;
  offeredAtMs: number;
}

/**
 * Offers what is free of the uplink. Only the sender knows when it has room, and only the receiver what it still
 * needs: so room is offered, and answered with a request. Without this peers guess who has room, ask several times
 * for each part that comes, and uplinks stand idle beside full ones.
 */
export class Offering {
  #parts: Omit<SwarmParts, 'offering'>;
  #partners = new Map<string, Partner>();
  #lookAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: Omit<SwarmParts, 'offering'>) {
    this.#parts = parts;
  }

  /** Offers to as many as there is room for. */
  consider(): void {
    const { context, room, serving } = this.#parts;
    const { nowMs } = context;
    if (!room.uploads || nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + lookEveryMs;
    let open = 0;
    for (const partner of this.#partners.values()) {
      if (!partner.offered) continue;
      if (partner.untilMs > nowMs) open += 1;
      else this.#silent(partner);
    }
    while (serving.isIdle(open * limits.partBytes, aheadMs) && this.#offer()) open += 1;
  }

  /** The peer asks for a part. Returns whether room had been offered for it. */
  settled(peer: string, segment: SegmentState | undefined): boolean {
    const partner = this.#partners.get(peer);
    if (!segment || partner?.offered !== segment) return false;
    partner.offered = null;
    partner.untilMs = 0;
    partner.silences = 0;
    return true;
  }

  declined(peer: string, segmentId: string): void {
    const partner = this.#partners.get(peer);
    if (partner?.offered?.segmentId !== segmentId) return;
    partner.offered.view(peer).declinedUntilMs = this.#parts.context.nowMs + declinedMs;
    this.settled(peer, partner.offered);
  }

  peerClosed(peer: string): void {
    this.#partners.delete(peer);
  }

  #silent(partner: Partner): void {
    partner.offered = null;
    partner.untilMs = this.#parts.context.nowMs + answerWithinMs * 2 ** partner.silences;
    partner.silences = Math.min(silencesMax, partner.silences + 1);
  }

  /** To whom a part can be given that fewest hold; of equals to who was offered something longest ago. */
  #offer(): boolean {
    const { context, memory, peers } = this.#parts;
    const { nowMs } = context;
    let best: { peer: string; segment: SegmentState; holders: number; atMs: number } | null = null;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const segment of memory.segments.values()) {
      if (segment.held.size === 0 || segment.place !== 'memory') continue;
      for (const [peer, view] of segment.peers) {
        if (!view.wants || !peers.isLinked(peer)) continue;
        const { untilMs = 0, offeredAtMs: atMs = 0 } = this.#partners.get(peer) ?? {};
        const freeAtMs = Math.max(untilMs, view.declinedUntilMs, view.wantedAtMs + waitsMs);
        if (freeAtMs > nowMs) nextMs = Math.min(nextMs, freeAtMs);
        const parts = freeAtMs > nowMs ? [] : this.#givable(segment, peer);
        if (parts.length === 0) continue;
        const holders = Math.min(...parts.map((part) => segment.holderCount(part)));
        if (!best || holders < best.holders || (holders === best.holders && atMs < best.atMs))
          best = { peer, segment, holders, atMs };
      }
    }
    if (best) this.#send(best.peer, best.segment);
    else if (Number.isFinite(nextMs)) context.wakeAt(nextMs);
    return best !== null;
  }

  #send(peer: string, segment: SegmentState): void {
    const { context } = this.#parts;
    const untilMs = context.nowMs + answerWithinMs;
    const silences = this.#partners.get(peer)?.silences ?? 0;
    this.#partners.set(peer, { offered: segment, untilMs, silences, offeredAtMs: context.nowMs });
    const { segmentId } = segment;
    const parts = this.#givable(segment, peer);
    context.emit({ type: 'sendPeer', peer, message: { type: 'offer', segment: segmentId, parts } });
    context.wakeAt(untilMs);
  }

  /** What it lacks and was not promised yet. */
  #givable(segment: SegmentState, peer: string): number[] {
    const { trust, serving } = this.#parts;
    const view = segment.peers.get(peer);
    const promised = serving.promised(peer, segment.segmentId);
    return [...segment.held].filter(
      (part) =>
        part < limits.partsPerSegmentMax &&
        !peerHolds(view, part) &&
        !promised.has(part) &&
        trust.isServable(segment, part),
    );
  }
}
