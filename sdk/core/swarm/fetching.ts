import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { FetchFailure } from '../events.ts';
import type { Edges } from '../outage/edges.ts';
import { isAbsent } from '../outage/edges.ts';
import { playlistTimings } from '../playlists/playlist.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import { electionRank } from './election.ts';
import type { Peers } from './peers.ts';
import { hashToUnit } from './rendezvous.ts';
import type { PeerView, SegmentSource, SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';

const never = Number.POSITIVE_INFINITY;

/** When a viewer turns to the edge itself. Fractions are of the segment's duration. */
export const fetchTimings = {
  /** The elected fetcher has said nothing: the next rank takes over. */
  silentFraction: 0.2,
  /** It said that it is reading but nothing came of it. */
  stuckFraction: 0.5,
  patienceMsMin: 150,
  patienceMsMax: 1_500,
  /** Peers answer a `want` within a round trip; a viewer that just came waits this long to hear what they hold. */
  answerMs: 200,
  /** While bytes keep coming from peers the edge can wait. */
  flowingMs: 300,
  /** Each rank waits so much longer than the one before it, even when it is late. */
  turnMs: 50,
  turnsMax: 8,
  /** The room is given so much of the segment's duration even where the buffer is almost empty. */
  lateFraction: 0.4,
  /** Predictions are off by about half. */
  estimateSlack: 1.5,
  marginMs: 300,
} as const;

interface Consideration {
  started: boolean;
  /** It is this viewer's turn, but its edge has failed too lately. */
  barred: boolean;
  /** When to look again. */
  nextMs: number;
}

/** Decides when this viewer reads a segment from the edge, and which parts of it. */
export class Fetching {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  /** Density of the newest segments, by playlist. */
  #bytesPerMs = new Map<string, number>();
  /** Fetch id to segment. */
  readonly fetches = new Map<number, SegmentState>();

  constructor(context: Context, room: Room, peers: Peers, edges: Edges) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
  }

  /** Starts the edge fetch if its time has come. */
  consider(segment: SegmentState, isFresh: boolean): Consideration {
    const { source } = segment;
    if (segment.fetch || !source) return { started: false, barred: false, nextMs: never };
    const { nowMs } = this.#context;
    const rank = this.#rank(segment);
    const turnAtMs = this.#dueAtMs(segment, rank, isFresh);
    const dueMs = Math.max(turnAtMs, this.#edges.nextAttemptAtMs(source.url));
    if (dueMs > nowMs) return { started: false, barred: turnAtMs <= nowMs, nextMs: dueMs };
    // After one failure another member with an edge of its own is the better bet.
    if (this.#edges.isDoubtful(source.url) && this.#peers.linkedCount > 0 && !segment.edgeFailed) {
      return { started: false, barred: true, nextMs: nowMs + fetchTimings.patienceMsMin };
    }
    // What the own player waits for is bounded by the player; what is read ahead or for others is not.
    if (segment.loads.size === 0 && this.fetches.size >= limits.edgeFetchesMax) {
      return { started: false, barred: false, nextMs: nowMs + fetchTimings.patienceMsMin };
    }
    this.#edges.attempted(source.url, rank ?? 0);
    this.#start(segment, source);
    return { started: true, barred: false, nextMs: never };
  }

  /** The size of a segment says what to expect of the next. */
  sized({ playlistId, sizeBytes, durationMs }: SegmentState): void {
    if (sizeBytes === null || sizeBytes < limits.partBytes) return;
    this.#bytesPerMs.delete(playlistId);
    this.#bytesPerMs.set(playlistId, sizeBytes / durationMs);
    if (this.#bytesPerMs.size <= playlistTimings.playlistsMax) return;
    for (const oldest of this.#bytesPerMs.keys()) {
      this.#bytesPerMs.delete(oldest);
      break;
    }
  }

  /** By the last segments of the playlist; null before any. */
  usualBytes({ playlistId, durationMs }: SegmentState): number | null {
    const bytesPerMs = this.#bytesPerMs.get(playlistId);
    return bytesPerMs === undefined ? null : durationMs * bytesPerMs;
  }

  abort(segment: SegmentState): void {
    if (!segment.fetch) return;
    this.#context.emit({ type: 'abortFetch', fetchId: segment.fetch.fetchId });
    this.#end(segment);
  }

  answered(segment: SegmentState): void {
    const { fetch, source } = segment;
    if (!fetch || !source || fetch.answered) return;
    fetch.answered = true;
    this.#edges.firstByte(source.url, this.#context.nowMs - fetch.startedAtMs);
  }

  succeeded(segment: SegmentState): void {
    const { fetch, source } = segment;
    if (!fetch || !source) return;
    this.#edges.succeeded(source.url, fetch.bytes, this.#context.nowMs - fetch.startedAtMs);
    segment.edgeFailed = false;
    this.#end(segment);
  }

  failed(segment: SegmentState, failure: FetchFailure): void {
    if (segment.source) this.#edges.failed(segment.source.url, failure);
    segment.edgeFailed = true;
    // What is not there does not come back soon.
    segment.edgeFailedAtMs = this.#context.nowMs + (isAbsent(failure) ? segment.durationMs : 0);
    this.#end(segment);
  }

  /** Whether the player should be told of a failure now, as plain hls.js would be. */
  isHopeless(segment: SegmentState, failure: FetchFailure): boolean {
    if (!isAbsent(failure) && !this.isAlone()) return false;
    const views = [...segment.peers]
      .filter(([id, view]) => this.#peers.isLinked(id) && agrees(segment, view))
      .map(([, view]) => view);
    if (views.some((view) => view.complete)) return false;
    // Half a segment that no edge gives any more is of no use to anybody.
    const missing = segment.missingParts();
    const isHeld = missing.every((part) => views.some((view) => view.parts.has(part)));
    return missing.length === 0 || !isHeld;
  }

  isAlone(): boolean {
    return this.#room.isAlone && this.#peers.linkedCount === 0;
  }

  #end(segment: SegmentState): void {
    if (segment.fetch) this.fetches.delete(segment.fetch.fetchId);
    segment.fetch = null;
  }

  #rank(segment: SegmentState): number | null {
    // What cannot be exchanged everyone reads for itself.
    if (!isShareable(segment)) return null;
    return electionRank(
      segment.segmentId,
      this.#room,
      this.#peers,
      (id) => segment.peers.get(id)?.unable === true,
    );
  }

  #dueAtMs(segment: SegmentState, rank: number | null, isFresh: boolean): number {
    const { wantedAtMs } = segment;
    if (this.#peers.linkedCount === 0) {
      const expectedMs = Math.min(this.#room.peersExpectedUntilMs, this.#latestMs(segment));
      return Math.max(wantedAtMs, segment.wanted ? expectedMs : 0);
    }
    if (rank === null) return wantedAtMs;
    const help = this.#help(segment);
    // A segment that has just been published is nowhere yet: its fetcher need not ask first.
    if (rank === 0 && !help.any && !segment.edgeFailed) {
      return isFresh || help.allAnswered ? wantedAtMs : wantedAtMs + fetchTimings.answerMs;
    }
    const fraction = help.any ? fetchTimings.stuckFraction : fetchTimings.silentFraction;
    const { patienceMsMin, patienceMsMax } = fetchTimings;
    const patienceMs = Math.min(
      patienceMsMax,
      Math.max(patienceMsMin, segment.durationMs * fraction),
    );
    const spread = rank > 0 ? hashToUnit(`${segment.segmentId}|${this.#room.viewerId ?? ''}`) : 0;
    const sinceMs = Math.max(wantedAtMs, segment.progressAtMs);
    const takeoverMs = sinceMs + patienceMs * (Math.max(1, rank) + spread / 2);
    // However late it is, what has just failed is not tried again at once.
    const againMs = segment.edgeFailed ? segment.edgeFailedAtMs + patienceMs : 0;
    return Math.max(
      againMs,
      Math.min(takeoverMs, this.#deadlineMs(segment, rank + spread, help.any)),
    );
  }

  /** When waiting longer for peers would let the playhead run dry. */
  #deadlineMs(segment: SegmentState, order: number, isHelped: boolean): number {
    const { answerMs, flowingMs, turnMs, turnsMax, lateFraction } = fetchTimings;
    const { wantedAtMs, durationMs, bytesAtMs, progressAtMs } = segment;
    // Where all have little left, as after an outage, they would otherwise all turn to the edge together.
    const turnAtMs = Math.min(order, turnsMax) * turnMs;
    const latestMs = this.#latestMs(segment) - turnMs * turnsMax;
    const movedAtMs = Math.max(bytesAtMs, isHelped ? progressAtMs : 0);
    const stillMs = movedAtMs > 0 ? movedAtMs + flowingMs : wantedAtMs + answerMs;
    // Bytes that only trickle in are no reason to stall.
    const endMs = Math.max(latestMs, wantedAtMs + durationMs * lateFraction);
    return Math.max(latestMs, Math.min(stillMs, endMs)) + turnAtMs;
  }

  /** Last moment at which the edge would still bring it in time. */
  #latestMs(segment: SegmentState): number {
    if (!segment.wanted || !segment.source) return never;
    const missingBytes =
      segment.sizeBytes === null
        ? 0
        : segment.missingParts().reduce((sum, part) => sum + segment.partBytes(part), 0);
    const estimateMs =
      this.#edges.estimateMs(segment.source.url, missingBytes || this.#usualBytes(segment)) *
      fetchTimings.estimateSlack;
    return segment.deadlineMs - estimateMs - fetchTimings.marginMs;
  }

  /** Before its size is known: as dense as the last segment of the same playlist, or else 4 Mbit/s. */
  #usualBytes(segment: SegmentState): number {
    return this.usualBytes(segment) ?? segment.durationMs * 500;
  }

  /** Whether a peer can give, or is about to have, anything of what is missing here. */
  #help(segment: SegmentState): { any: boolean; allAnswered: boolean } {
    const missing = segment.missingParts();
    const gives = (view: PeerView): boolean =>
      segment.sizeBytes === null
        ? view.parts.size > 0
        : missing.some((part) => view.parts.has(part));
    let any = false;
    let allAnswered = true;
    for (const id of this.#peers.linked()) {
      const view = segment.peers.get(id);
      if (!view) allAnswered = false;
      else if (agrees(segment, view) && (view.complete || view.fetching || gives(view))) any = true;
    }
    return { any, allAnswered };
  }

  #start(segment: SegmentState, source: SegmentSource): void {
    const { nowMs } = this.#context;
    const missing = segment.missingParts();
    const isWhole = segment.held.size === 0 || missing.length === 0;
    // Parts that a peer is sending at this moment are left to it.
    const idle = missing.filter((part) => {
      const request = segment.requests.get(part);
      return !request || nowMs - request.progressAtMs > fetchTimings.flowingMs;
    });
    const wanted = idle.length > 0 ? idle : missing;
    const partFrom = isWhole ? 0 : (wanted[0] ?? 0);
    const partTo = isWhole ? null : endOfRun(wanted);
    const fetchId = this.#context.nextId();
    segment.fetch = { fetchId, partFrom, partTo, startedAtMs: nowMs, answered: false, bytes: 0 };
    this.fetches.set(fetchId, segment);
    this.#context.emit({
      type: 'fetchSegment',
      fetchId,
      segmentId: segment.segmentId,
      url: source.url,
      byteRange: source.byteRange,
      partFrom,
      partTo: partTo === segment.partCount - 1 ? null : partTo,
      firstByteWithinMs: this.#edges.firstByteWithinMs(source.url, this.#peers.linkedCount === 0),
    });
  }
}

/** Last of the parts that follow the first closely: reading one too many is cheaper than asking once more. */
function endOfRun(parts: readonly number[]): number {
  let end = parts[0] ?? 0;
  for (const part of parts) {
    if (part > end + 2) break;
    end = part;
  }
  return end;
}
