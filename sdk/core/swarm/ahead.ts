import { segmentIdOf } from '../../../signaling/protocol/identity.ts';
import type { Conversation } from './conversation.ts';
import type { SwarmParts } from './parts.ts';
import type { SegmentState } from './segment.ts';

/** A player that has asked for nothing of a playlist in so many segment durations has stopped or moved on. */
const idleFactor = 3;
/** An update that brings more than this is not an update but a beginning. */
const segmentsAheadMax = 2;
/** What the player has not asked for by so many durations after its time is given up. */
const expiryFactor = 2;
const playlistsMax = 32;

/**
 * Wants a segment as soon as the room knows of it. Players look for news each at their own time of a segment's
 * duration; by then the first have long had it and the last have nobody left to pass it on to. Wanted by all at
 * once, it spreads over everyone's uplink, and is there when the player asks.
 */
export class Ahead {
  #parts: SwarmParts;
  #conversation: Conversation;
  #plan: (segment: SegmentState) => void;
  /** When the player last wanted a segment, by playlist. */
  #wantedAtMs = new Map<string, number>();

  constructor(
    parts: SwarmParts,
    conversation: Conversation,
    plan: (segment: SegmentState) => void,
  ) {
    this.#parts = parts;
    this.#conversation = conversation;
    this.#plan = plan;
  }

  playerWants({ playlistId }: SegmentState): void {
    this.#wantedAtMs.delete(playlistId);
    this.#wantedAtMs.set(playlistId, this.#parts.context.nowMs);
    if (this.#wantedAtMs.size <= playlistsMax) return;
    const oldest = this.#wantedAtMs.keys().next().value;
    if (oldest !== undefined) this.#wantedAtMs.delete(oldest);
  }

  /** A newer copy of a playlist came, whose newest segment is this. */
  published(playlistId: string, newestSequence: number): void {
    if (this.#parts.peers.linkedCount === 0) return;
    for (let back = segmentsAheadMax - 1; back >= 0; back -= 1)
      this.#begin(playlistId, newestSequence - back);
  }

  /** Gives up what the player never came for. */
  expire(segment: SegmentState): void {
    const { aheadDeadlineMs, durationMs } = segment;
    if (aheadDeadlineMs === null || segment.loads.size > 0) return;
    if (this.#parts.context.nowMs > aheadDeadlineMs + durationMs * expiryFactor)
      this.giveUp(segment);
  }

  giveUp(segment: SegmentState): void {
    if (segment.aheadDeadlineMs === null) return;
    segment.aheadDeadlineMs = null;
    this.#conversation.unwanted(segment);
  }

  #begin(playlistId: string, sequence: number): void {
    const { context, room, memory, directory, announcing } = this.#parts;
    const before = memory.segments.get(idOf(playlistId, sequence - 1));
    // Only a player that follows the live edge will want the next one.
    if (!before || !(before.complete || before.wanted)) return;
    const found = directory.resolve(idOf(playlistId, sequence));
    const wantedAtMs = this.#wantedAtMs.get(playlistId) ?? Number.NEGATIVE_INFINITY;
    if (!found || context.nowMs - wantedAtMs > found.durationMs * idleFactor) return;
    const segment = this.#conversation.segment(idOf(playlistId, sequence), null);
    if (segment.complete || segment.wanted) return;
    segment.source = { url: found.url, byteRange: found.byteRange };
    segment.durationMs = found.durationMs;
    segment.aheadDeadlineMs = context.nowMs + (room.bufferMs ?? found.durationMs);
    if (!segment.onBehalf) segment.wantedAtMs = context.nowMs;
    announcing.wanted(segment);
    this.#plan(segment);
  }
}

function idOf(playlistId: string, sequence: number): string {
  return segmentIdOf({ playlistId, sequence, partIndex: null, url: '', byteRange: null });
}
