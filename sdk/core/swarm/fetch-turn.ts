import * as limits from '../../../signaling/protocol/limits.ts';
import { forgetOldest } from '../bounded.ts';
import type { Context } from '../context.ts';
import type { Edges } from '../outage/edges.ts';
import * as playlistTimings from '../playlists/playlist-timings.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import { electionRank } from './election.ts';
import * as fetchTimings from './fetch-timings.ts';
import type { Peers } from './peers.ts';
import { hashToUnit } from './rendezvous.ts';
import type { PeerView, SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';
import type { Trust } from './trust.ts';

const never = Number.POSITIVE_INFINITY;

/** Decides when it is this viewer's turn to read a segment from the edge. */
export class FetchTurn {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  #trust: Trust;
  /** Density of the newest segments, by playlist. */
  #bytesPerMs = new Map<string, number>();

  constructor(context: Context, room: Room, peers: Peers, edges: Edges, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
    this.#trust = trust;
  }

  /** The size of a segment says what to expect of the next. */
  sized({ playlistId, sizeBytes, durationMs }: SegmentState): void {
    if (sizeBytes === null || sizeBytes < limits.partBytes) return;
    this.#bytesPerMs.delete(playlistId);
    this.#bytesPerMs.set(playlistId, sizeBytes / durationMs);
    forgetOldest(this.#bytesPerMs, playlistTimings.playlistsMax);
  }

  /** By the last segments of the playlist; null before any. */
  usualBytes({ playlistId, durationMs }: SegmentState): number | null {
    const bytesPerMs = this.#bytesPerMs.get(playlistId);
    return bytesPerMs === undefined ? null : durationMs * bytesPerMs;
  }

  /** How many members come first; null where everyone reads for itself. */
  rank(segment: SegmentState, isNearEdge: boolean): number | null {
    // What cannot be exchanged everyone reads for itself.
    if (!isShareable(segment)) return null;
    const { viewerId } = this.#room;
    // Those before it in rank count as able until they have tried; this one has.
    const { source } = segment;
    if (source && !this.#room.isMaster && this.#edges.isProven(source.url)) return 1;
    return electionRank(segment.segmentId, this.#room, this.#peers, {
      // In a recording, or far behind the live edge, nobody reads what others want.
      skipped: (id) => {
        const view = segment.peers.get(id);
        return view?.unable === true || (!isNearEdge && !view?.wants && !view?.fetching);
      },
      plays: (id) =>
        id === viewerId
          ? this.#peers.ownFollows.has(segment.playlistId)
          : this.#peers.follows(id, segment.playlistId),
    });
  }

  /** When this viewer should read the segment from the edge. */
  dueAtMs(segment: SegmentState, rank: number | null, isFresh: boolean): number {
    const { wantedAtMs } = segment;
    if (this.#peers.linkedCount === 0) {
      const expectedMs = Math.min(this.#room.peersExpectedUntilMs, this.#latestMs(segment));
      return Math.max(wantedAtMs, segment.wanted ? expectedMs : 0);
    }
    if (rank === null) return wantedAtMs;
    const isReader = rank < limits.agreementDevicesMin && this.#room.isMaster;
    if (isReader && this.#trust.needsReaders(segment.segmentId) && !segment.edgeFailed)
      return isFresh ? wantedAtMs : wantedAtMs + fetchTimings.answerMs;
    const help = this.#help(segment);
    // A segment that has just been published is nowhere yet: its fetcher need not ask first.
    if (rank === 0 && !help.any && !segment.edgeFailed) {
      return isFresh || help.allAnswered ? wantedAtMs : wantedAtMs + fetchTimings.answerMs;
    }
    const fraction = help.any ? fetchTimings.stuckFraction : fetchTimings.silentFraction;
    const patienceMs = Math.min(
      fetchTimings.patienceMsMax,
      Math.max(fetchTimings.patienceMsMin, segment.durationMs * fraction),
    );
    const spread = rank > 0 ? hashToUnit(`${segment.segmentId}|${this.#room.viewerId ?? ''}`) : 0;
    // As on any line that many share, who had to give way tries again after twice the time.
    const { leftAtMs } = segment;
    const hasLeft = leftAtMs > 0;
    const backoff = hasLeft ? 2 : 1;
    const sinceMs = Math.max(wantedAtMs, segment.progressAtMs, leftAtMs);
    const takeoverMs = sinceMs + patienceMs * backoff * (Math.max(1, rank) + spread / 2);
    // However late it is, what has just failed is not tried again at once.
    const againMs = segment.edgeFailed ? segment.edgeFailedAtMs + patienceMs : 0;
    const isSlower = this.#isSlower(segment);
    if (hasLeft ? this.isBeingRead(segment) : this.#isVain(segment)) {
      // Whoever claims to read must not keep this viewer from reading for ever.
      const latestMs =
        Math.max(wantedAtMs, segment.deadlineMs, leftAtMs) + segment.durationMs * backoff;
      return Math.max(againMs, Math.min(takeoverMs, latestMs));
    }
    const dueMs = this.#deadlineMs(segment, rank + spread, help.any, isSlower);
    return Math.max(againMs, Math.min(takeoverMs, dueMs));
  }

  /**
   * Whether somebody is reading it who will have it as soon as this viewer would. Where everyone who is late turns to an
   * edge that is short of uplink, each takes from those who read for all, and everyone gets later.
   */
  #isVain(segment: SegmentState): boolean {
    const { source } = segment;
    if (!source || !this.isBeingRead(segment)) return false;
    if (this.#isSlower(segment)) return true;
    const wholeBytes = segment.sizeBytes ?? this.#usualBytes(segment);
    const missingBytes = wholeBytes - segment.held.size * limits.partBytes;
    const ownMs = this.#edges.estimateMs(source.url, missingBytes) * fetchTimings.estimateSlack;
    for (const [id, view] of segment.peers) {
      if (!view.fetching || !this.gives(id) || !agrees(segment, view)) continue;
      const bytes = view.parts.size * limits.partBytes + view.partialBytes;
      const tookMs = this.#context.nowMs - view.fetchingSinceMs;
      // For the rest it needs so long if it goes on as it has begun.
      if (bytes > 0 && ((wholeBytes - bytes) * tookMs) / bytes < ownMs) return true;
    }
    return false;
  }

  /** Whether the edge gives this viewer less than the player needs: reading from it could not keep up. */
  #isSlower(segment: SegmentState): boolean {
    const { source } = segment;
    if (!source || !this.#edges.pace(source.url)) return false;
    const estimateMs = this.#edges.estimateMs(source.url, this.#usualBytes(segment));
    return estimateMs * fetchTimings.estimateSlack > segment.durationMs;
  }

  /** When waiting longer for peers would let the playhead run dry. */
  #deadlineMs(
    segment: SegmentState,
    order: number,
    isHelped: boolean,
    isEdgeSlower: boolean,
  ): number {
    const { wantedAtMs, durationMs, bytesAtMs, progressAtMs } = segment;
    // Where all have little left, as after an outage, they would otherwise all turn to the edge together.
    const turnAtMs = Math.min(order, fetchTimings.turnsMax) * fetchTimings.turnMs;
    const latestMs = this.#latestMs(segment) - fetchTimings.turnMs * fetchTimings.turnsMax;
    const movedAtMs = Math.max(bytesAtMs, isHelped ? progressAtMs : 0);
    const stillMs =
      movedAtMs > 0 ? movedAtMs + fetchTimings.flowingMs : wantedAtMs + fetchTimings.answerMs;
    // Bytes that only trickle in are no reason to stall, unless they would from the edge as well.
    const endMs = isEdgeSlower
      ? never
      : Math.max(latestMs, wantedAtMs + durationMs * fetchTimings.lateFraction);
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

  /** Whether what is missing here is nowhere yet, and on its way to a peer. */
  isBeingRead(segment: SegmentState): boolean {
    let isReading = false;
    const missing = new Set(segment.missingParts());
    for (const [id, view] of segment.peers) {
      if (!this.gives(id) || !agrees(segment, view)) continue;
      if (view.complete) return false;
      isReading ||= view.fetching;
      for (const part of view.parts) missing.delete(part);
    }
    return isReading && (missing.size > 0 || segment.sizeBytes === null);
  }

  /** Nothing is to be had of a member that may not upload, whatever it reads or holds. */
  gives(id: string): boolean {
    return this.#peers.isLinked(id) && this.#room.member(id)?.uploads === true;
  }

  /** Whether a peer can give, or is about to have, anything of what is missing here; else whether all have spoken. */
  #help(segment: SegmentState): { any: boolean; allAnswered: boolean } {
    const missing = segment.missingParts();
    const gives = (view: PeerView): boolean =>
      segment.sizeBytes === null
        ? view.parts.size > 0
        : missing.some((part) => view.parts.has(part));
    let allAnswered = true;
    for (const id of this.#peers.linked()) {
      const view = segment.peers.get(id);
      if (!view) allAnswered = false;
      // Before the size is known here, as while a descriptor is on its way, nobody can be said to be wrong about it.
      else if (
        (segment.sizeBytes === null ? !view.wrongSize : agrees(segment, view)) &&
        (view.complete || view.fetching || gives(view)) &&
        this.gives(id)
      )
        return { any: true, allAnswered };
    }
    return { any: false, allAnswered };
  }
}
