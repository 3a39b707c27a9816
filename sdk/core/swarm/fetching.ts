import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { FetchFailure } from '../events.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import * as fetchTimings from './fetch-timings.ts';
import { FetchTurn } from './fetch-turn.ts';
import type { Peers } from './peers.ts';
import { hashToUnit } from './rendezvous.ts';
import type { Place, SegmentSource, SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';
import type { Trust } from './trust.ts';

const never = Number.POSITIVE_INFINITY;

interface Consideration {
  started: boolean;
  /** It is this viewer's turn, but its edge has failed too lately. */
  barred: boolean;
  /** It had begun, and was left to another member. */
  left?: boolean;
  /** When to look again. */
  nextMs: number;
}

/** Decides when this viewer reads a segment from the edge, and which parts of it. */
export class Fetching {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #edges: Edges;
  #trust: Trust;
  readonly turn: FetchTurn;
  /** Fetch id to segment. */
  readonly fetches = new Map<number, SegmentState>();

  constructor(context: Context, room: Room, peers: Peers, edges: Edges, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#edges = edges;
    this.#trust = trust;
    this.turn = new FetchTurn(context, room, peers, edges, trust);
  }

  /** Starts the edge fetch if its time has come, or leaves it to a member that is further. */
  consider(segment: SegmentState, place: Place): Consideration {
    const { isFresh, isNearEdge } = place;
    const { source } = segment;
    if (segment.fetch && this.#isBetterElsewhere(segment)) {
      segment.hasMoved = true;
      this.abort(segment);
    }
    if (segment.fetch) return this.#review(segment);
    if (!source) return { started: false, barred: false, nextMs: never };
    const { nowMs } = this.#context;
    const rank = this.turn.rank(segment, isNearEdge);
    const turnAtMs = this.turn.dueAtMs(segment, rank, isFresh);
    const isProbe = this.#edges.isDown(source.url);
    const attemptAtMs = this.#edges.nextAttemptAtMs(source.url);
    // Whoever is fed by others would never learn that its own edge is back.
    const dueMs = isProbe ? attemptAtMs : Math.max(turnAtMs, attemptAtMs);
    if (dueMs > nowMs) return { started: false, barred: turnAtMs <= nowMs, nextMs: dueMs };
    // After one failure another member with an edge of its own is the better bet.
    const isDoubtful = !isProbe && this.#edges.isDoubtful(source.url);
    if (isDoubtful && this.#peers.linkedCount > 0 && !segment.edgeFailed) {
      return { started: false, barred: true, nextMs: nowMs + fetchTimings.patienceMsMin };
    }
    // What the own player waits for is bounded by the player; what is read ahead or for others is not.
    if (segment.loads.size === 0 && this.fetches.size >= limits.edgeFetchesMax) {
      return { started: false, barred: false, nextMs: nowMs + fetchTimings.patienceMsMin };
    }
    if (segment.loads.size === 0 && this.#isReadingUrgently(segment)) {
      return { started: false, barred: false, nextMs: nowMs + fetchTimings.reviewMs };
    }
    this.#start(segment, source);
    return { started: true, barred: false, nextMs: never };
  }

  /**
   * An edge that is short of uplink gives two readers of one segment half as much each: of those that read it, all
   * but the furthest leave it. What each has read so far, the others get from it.
   */
  #review(segment: SegmentState): Consideration {
    const hasOther = this.#edges.routes.hasOther(segment.fetch?.url ?? '');
    const nextMs = hasOther ? this.#context.nowMs + fetchTimings.reviewMs : never;
    const waiting = { started: false, barred: false, nextMs };
    // Where members agree on digests, more than one has to read.
    if (this.#peers.linkedCount === 0 || this.#trust.needsReaders(segment.segmentId))
      return waiting;
    const isLeft = this.turn.isBeingRead(segment) && this.#isBehind(segment);
    if (!this.#isStruggling(segment) || !isLeft)
      return { ...waiting, nextMs: this.#context.nowMs + fetchTimings.reviewMs };
    this.abort(segment);
    segment.leftAtMs = this.#context.nowMs;
    return { ...waiting, left: true };
  }

  /** Whether the edge gives less than the player needs, and has not nearly given all. */
  #isStruggling(segment: SegmentState): boolean {
    const { fetch, source, durationMs, sizeBytes } = segment;
    const { nowMs } = this.#context;
    if (!fetch || !source || segment.fetchRemainingMs(nowMs) <= fetchTimings.duplicateMsMax)
      return false;
    if (fetch.bytes === 0)
      return nowMs - fetch.startedAtMs > this.#edges.firstByteWithinMs(fetch.url, false) / 2;
    const tookMs = nowMs - (fetch.answeredAtMs ?? fetch.startedAtMs);
    return ((tookMs * (sizeBytes ?? 0)) / fetch.bytes) * fetchTimings.estimateSlack > durationMs;
  }

  /** What is missing would come much sooner from another edge. Only once: where all crawl, the viewer's own network does. */
  #isBetterElsewhere(segment: SegmentState): boolean {
    const { fetch, hasMoved } = segment;
    const { nowMs } = this.#context;
    if (!fetch?.answeredAtMs || fetch.bytes === 0 || hasMoved || !this.#isStruggling(segment))
      return false;
    if (nowMs - fetch.answeredAtMs < fetchTimings.crawlMs) return false;
    const missing = segment.missingParts().filter((part) => segment.isFetching(part));
    const bytes = missing.reduce((sum, part) => sum + segment.partBytes(part), 0);
    const elsewhereMs = this.#edges.routes.elsewhereMs(fetch.url, bytes);
    return elsewhereMs !== null && 2 * elsewhereMs < segment.fetchRemainingMs(nowMs);
  }

  #isBehind(segment: SegmentState): boolean {
    const { segmentId, fetch, peers, held } = segment;
    const order = (id: string | null): number => hashToUnit(`${segmentId}|${id}`);
    for (const [id, view] of peers) {
      if (!view.fetching || !this.turn.gives(id) || !agrees(segment, view)) continue;
      const lead =
        (view.parts.size - held.size) * limits.partBytes +
        (view.partialBytes - (fetch?.partialBytes ?? 0));
      if (lead > 0 || (lead === 0 && order(id) < order(this.#room.viewerId))) return true;
    }
    return false;
  }

  /** Whether a slow edge is giving something that the player needs sooner: read beside that, it would come later. */
  #isReadingUrgently({ deadlineMs }: SegmentState): boolean {
    for (const other of this.fetches.values()) {
      const remainingMs = other.fetchRemainingMs(this.#context.nowMs);
      if (other.deadlineMs < deadlineMs && remainingMs > fetchTimings.duplicateMsMax) return true;
    }
    return false;
  }

  abort(segment: SegmentState): void {
    const { fetch } = segment;
    if (!fetch) return;
    this.#context.emit({ type: 'abortFetch', fetchId: fetch.fetchId });
    const sinceMs = fetch.answeredAtMs ?? fetch.startedAtMs;
    const untilMs = fetch.bytesAtMs ?? this.#context.nowMs;
    this.#edges.left(fetch.url, fetch.bytes, untilMs - sinceMs);
    this.#end(segment);
  }

  /** `hedge`: the second request was sent, too, or has won. */
  answered(segment: SegmentState, hedge: 'sent' | 'won' | undefined): void {
    const { fetch } = segment;
    if (!fetch || fetch.answeredAtMs !== null) return;
    const { nowMs } = this.#context;
    const tookMs = nowMs - fetch.startedAtMs;
    if (fetch.hedge && hedge === 'won') {
      this.#edges.routes.late(fetch.url, tookMs);
      fetch.url = fetch.hedge.url;
      fetch.completed = null;
      this.#edges.firstByte(fetch.url, Math.max(0, tookMs - fetch.hedge.afterMs));
    } else {
      if (fetch.hedge && !hedge) this.#edges.routes.unhedged();
      this.#edges.firstByte(fetch.url, tookMs);
    }
    fetch.answeredAtMs = nowMs;
    fetch.isTrial = false;
    segment.firstByteAtMs ||= nowMs;
  }

  succeeded(segment: SegmentState): void {
    const { fetch } = segment;
    if (!fetch) return;
    const { durationMs, sizeBytes } = segment;
    const mediaMs = durationMs * (fetch.bytes / Math.max(1, sizeBytes ?? fetch.bytes));
    const tookMs = this.#context.nowMs - (fetch.answeredAtMs ?? fetch.startedAtMs);
    this.#edges.succeeded(fetch.url, fetch.bytes, tookMs, mediaMs);
    fetch.completed?.(this.#context.nowMs - fetch.startedAtMs);
    segment.edgeFailed = false;
    segment.deniedSinceMs = null;
    this.#edges.routes.blame(segment.deniedUrl, fetch.url, 'segments');
    segment.deniedUrl = null;
    this.#end(segment);
  }

  /** Returns false where another edge is asked at once, as if nothing had been asked yet. */
  failed(segment: SegmentState, failure: FetchFailure, isGone: boolean): boolean {
    const url = segment.fetch?.url ?? '';
    const hasOther = this.#edges.failed(url, failure, 'segments', isGone);
    this.#end(segment);
    if (hasOther) return false;
    // One edge may lack what another has, and is then to blame.
    if (isGone && segment.deniedUrl === null && this.#edges.routes.hasOther(url)) {
      segment.deniedUrl = url;
      return false;
    }
    segment.deniedUrl = null;
    segment.edgeFailed = true;
    // What is not there does not come back soon.
    segment.edgeFailedAtMs = this.#context.nowMs + (isGone ? segment.durationMs : 0);
    return true;
  }

  /** Whether the player should be told of a failure now, as plain hls.js would be. */
  isHopeless(segment: SegmentState, failure: FetchFailure, isGone: boolean): boolean {
    // The viewer's own network comes back, or nothing does: a player that gave up would have to be started anew.
    if (failure.reason === 'offline') return false;
    if (!isGone && (!this.isAlone() || !segment.edgeFailed)) return false;
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

  /** Somebody else may give what the edge does not, and need not wait for it to be given up. */
  get #isHelped(): boolean {
    return this.#peers.linkedCount > 0 || this.#room.hasSlaves;
  }

  #end(segment: SegmentState): void {
    if (segment.fetch) this.fetches.delete(segment.fetch.fetchId);
    segment.fetch = null;
  }

  #start(segment: SegmentState, source: SegmentSource): void {
    const { nowMs } = this.#context;
    const missing = segment.missingParts();
    // Parts that a peer is sending at this moment are left to it.
    const idle = missing.filter((part) => {
      const request = segment.requests.get(part);
      return !request || nowMs - request.progressAtMs > fetchTimings.flowingMs;
    });
    const open = idle.length > 0 ? idle : missing;
    const bytes = segment.sizeBytes ?? this.turn.usualBytes(segment) ?? 0;
    const isNew = segment.held.size === 0 && segment.requests.size === 0;
    const { routes } = this.#edges;
    const denied = segment.deniedUrl;
    const elsewhere = denied && routes.elsewhere(source.url, denied);
    const challenger = isNew && !denied ? routes.probe(source.url, bytes) : null;
    const url = elsewhere ?? challenger ?? routes.route(source.url, bytes);
    this.#edges.attempted(url);
    // A probe is one request, for what is of use and costs little.
    const wanted = this.#edges.isDown(source.url) ? open.slice(0, 1) : open;
    const isWhole =
      challenger === null && wanted.length === segment.partCount && segment.held.size === 0;
    const partFrom = isWhole || challenger ? 0 : (wanted[0] ?? segment.heldFromStart);
    const isOpen = isWhole || segment.sizeBytes === null;
    const partTo = challenger ? 0 : isOpen ? null : endOfRun(wanted);
    const hedge = this.#edges.routes.hedge(url);
    const fetchId = this.#context.nextId();
    segment.fetch = {
      fetchId,
      url,
      hedge: hedge ?? null,
      completed: isWhole && bytes > 0 ? this.#edges.routes.expect(url, bytes) : null,
      partFrom,
      partTo,
      startedAtMs: nowMs,
      answeredAtMs: null,
      isTrial: this.#edges.isDoubtful(source.url) && this.#peers.linkedCount > 0,
      bytes: 0,
      partialBytes: 0,
      bytesAtMs: null,
    };
    this.fetches.set(fetchId, segment);
    this.#context.emit({
      type: 'fetchSegment',
      fetchId,
      segmentId: segment.segmentId,
      url,
      byteRange: source.byteRange,
      partFrom,
      partTo: partTo === segment.partCount - 1 ? null : partTo,
      firstByteWithinMs: this.#edges.firstByteWithinMs(url, !this.#isHelped),
      stalledAfterMs: this.#edges.stalledAfterMs(url),
      ...(hedge && { hedge }),
    });
  }
}

/** Last of the parts that follow the first without a gap. */
function endOfRun(parts: readonly number[]): number {
  let end = parts[0] ?? 0;
  for (const part of parts) {
    if (part > end + 1) break;
    end = part;
  }
  return end;
}
