import { segmentIdOf } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { forgetOldest } from '../bounded.ts';
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
/** A player asks for nothing while its buffer is full, or nothing is published. */
const playsWithinMs = 60_000;
const segmentMsMin = 1_000;

/**
 * Wants a segment as soon as the room knows of it. Players look for news each at their own time of a segment's
 * duration; by then the first have long had it and the last have nobody left to pass it on to. Wanted by all at
 * once, it spreads over everyone's uplink, and is there when the player asks.
 */
export class Ahead {
  #parts: SwarmParts;
  #conversation: Conversation;
  #plan: (segment: SegmentState) => void;
  /** What the player wanted last, and when, by playlist. */
  #wanted = new Map<string, { segment: SegmentState; atMs: number }>();

  constructor(
    parts: SwarmParts,
    conversation: Conversation,
    plan: (segment: SegmentState) => void,
  ) {
    this.#parts = parts;
    this.#conversation = conversation;
    this.#plan = plan;
  }

  playerWants(segment: SegmentState): void {
    const { playlistId, isInit } = segment;
    if (isInit) return;
    this.#wanted.delete(playlistId);
    this.#wanted.set(playlistId, { segment, atMs: this.#parts.context.nowMs });
    forgetOldest(this.#wanted, playlistsMax);
  }

  /** Ids of the segments that play now, one of each playlist. */
  playing(bufferMs: number): string[] {
    const ids: string[] = [];
    for (const [playlistId, { segment, atMs }] of this.#wanted) {
      const { segmentId, complete, durationMs } = segment;
      if (this.#parts.context.nowMs - atMs > playsWithinMs) continue;
      const next = Number.parseInt(segmentId.slice(playlistId.length + 1), 10) + Number(complete);
      // Parts are shorter than what the number counts.
      const back = Math.ceil(bufferMs / Math.max(durationMs, segmentMsMin));
      ids.push(idOf(playlistId, Math.max(0, next - back)));
    }
    return ids.slice(-limits.playlistsPerViewerMax);
  }

  /** Gets from others, with time to spare, what is to be kept for them. */
  keep(segmentId: string): void {
    const { context, announcing } = this.#parts;
    const segment = this.#conversation.segment(segmentId, null);
    if (segment.complete || segment.wanted) return;
    segment.aheadDeadlineMs = context.nowMs + limits.portionWithinMs;
    if (!segment.onBehalf) segment.wantedAtMs = context.nowMs;
    announcing.wanted(segment);
    this.#plan(segment);
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
    const wantedAtMs = this.#wanted.get(playlistId)?.atMs ?? Number.NEGATIVE_INFINITY;
    if (!found || context.nowMs - wantedAtMs > found.durationMs * idleFactor) return;
    const segment = this.#conversation.segment(idOf(playlistId, sequence), null);
    if (segment.complete || segment.wanted) return;
    segment.source = { url: found.url, byteRange: found.byteRange };
    segment.durationMs = found.durationMs;
    const pendingMs = this.#pendingMs(playlistId, sequence);
    segment.aheadDeadlineMs = context.nowMs + (room.bufferMs ?? found.durationMs) + pendingMs;
    if (!segment.onBehalf) segment.wantedAtMs = context.nowMs;
    announcing.wanted(segment);
    this.#plan(segment);
  }

  /** What the player plays before it and has not got yet. */
  #pendingMs(playlistId: string, sequence: number): number {
    const { segments } = this.#parts.memory;
    let pendingMs = 0;
    for (let back = 1; ; back += 1) {
      const before = segments.get(idOf(playlistId, sequence - back));
      if (!before?.wanted || before.complete) return pendingMs;
      pendingMs += before.durationMs;
    }
  }
}

function idOf(playlistId: string, sequence: number): string {
  return segmentIdOf({ playlistId, sequence, partIndex: null, url: '', byteRange: null });
}
