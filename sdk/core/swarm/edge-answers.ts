import * as limits from '../../../signaling/protocol/limits.ts';
import type { CoreEvent, FetchFailure } from '../events.ts';
import { deniedMsMax } from '../outage/edge-thresholds.ts';
import { isAbsent } from '../outage/health.ts';
import type { Assembly } from './assembly.ts';
import type { Conversation } from './conversation.ts';
import type { SwarmParts } from './parts.ts';
import type { EdgeFetch, SegmentState } from './segment.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

type Brought = Omit<Of<'segmentBrought'>, 'type'>;

/** Players take 404 for the end of all; after this they look where the playlist is by now. */
const gone: FetchFailure = { status: 503, reason: 'status' };

/** What the edge answers to reads of segments. */
export class EdgeAnswers {
  #parts: SwarmParts;
  #assembly: Assembly;
  #conversation: Conversation;
  #plan: (segment: SegmentState) => void;

  constructor(
    parts: SwarmParts,
    assembly: Assembly,
    conversation: Conversation,
    plan: (segment: SegmentState) => void,
  ) {
    this.#parts = parts;
    this.#assembly = assembly;
    this.#conversation = conversation;
    this.#plan = plan;
  }

  /** All of it at once: read by the player itself, or given by the master of the device. */
  brought({ request, sizeBytes, transferMs, given }: Brought): void {
    const segment = this.#conversation.segment(request.segmentId, null);
    if (segment.complete) return;
    segment.source = { url: request.url, byteRange: request.byteRange };
    segment.durationMs = request.durationMs;
    segment.startedAtMs = this.#parts.context.nowMs - transferMs;
    if (given) segment.bytesByPeer.set(given, sizeBytes);
    else {
      segment.bytesFromEdge = sizeBytes;
      this.#parts.edges.succeeded(request.url, sizeBytes, transferMs);
    }
    // The bytes in memory are the player's by now.
    for (const part of given ? [] : segment.held)
      if (part * limits.partBytes < sizeBytes) segment.heldFromEdge.add(part);
    this.#assembly.setSize(segment, sizeBytes);
    for (const part of segment.missingParts()) {
      if (!given) segment.heldFromEdge.add(part);
      this.#assembly.hold(segment, part);
    }
  }

  handle(event: Of<'fetchPart' | 'fetchProgress' | 'fetchEnded'>): void {
    if (event.type === 'fetchPart') this.#part(event);
    else if (event.type === 'fetchProgress') this.#progress(event);
    else this.#ended(event);
  }

  headers({ fetchId, sizeBytes, hedge }: Of<'fetchHeaders'>): void {
    const { fetching, announcing } = this.#parts;
    const segment = fetching.fetches.get(fetchId);
    if (!segment) return;
    fetching.answered(segment, hedge);
    if (sizeBytes !== null) this.#assembly.setSize(segment, sizeBytes);
    announcing.now(segment);
    this.#tellPlayer(segment);
  }

  #part({ fetchId, part, bytes }: Of<'fetchPart'>): void {
    const { fetching, requesting } = this.#parts;
    const segment = fetching.fetches.get(fetchId);
    if (!segment?.fetch) return;
    const { fetch } = segment;
    this.#came(fetch, bytes, 0);
    segment.bytesFromEdge += bytes;
    const streamMs = this.#parts.context.nowMs - (fetch.answeredAtMs ?? fetch.startedAtMs);
    segment.fetchedBytesPerMs = fetch.bytes / Math.max(1, streamMs);
    this.#tellPlayer(segment);
    if (segment.held.has(part)) return;
    segment.heldFromEdge.add(part);
    requesting.cancel(segment, part);
    this.#assembly.hold(segment, part);
  }

  /** Of a part that takes long. */
  #progress({ fetchId, bytes }: Of<'fetchProgress'>): void {
    const segment = this.#parts.fetching.fetches.get(fetchId);
    if (!segment?.fetch) return;
    this.#came(segment.fetch, bytes, bytes);
    this.#tellPlayer(segment);
    if (segment.isBeingFetched) this.#parts.announcing.reading(segment, bytes);
  }

  #came(fetch: EdgeFetch, bytes: number, partialBytes: number): void {
    fetch.bytes += bytes - fetch.partialBytes;
    fetch.partialBytes = partialBytes;
    fetch.bytesAtMs = this.#parts.context.nowMs;
  }

  #ended({ fetchId, sizeBytes }: Of<'fetchEnded'>): void {
    const segment = this.#parts.fetching.fetches.get(fetchId);
    if (!segment) return;
    if (sizeBytes !== null) this.#assembly.setSize(segment, sizeBytes);
    this.#parts.fetching.succeeded(segment);
    this.#assembly.checkComplete(segment);
    if (segment.active) this.#plan(segment);
  }

  failed({ fetchId, failure }: Of<'fetchFailed'>): void {
    const { fetching, announcing } = this.#parts;
    const segment = fetching.fetches.get(fetchId);
    if (!segment) return;
    const isGone = isAbsent(failure) && this.#isGone(segment);
    // Else another edge is asked now.
    const isOver = fetching.failed(segment, failure, isGone);
    if (isOver) announcing.unable(segment);
    if (isOver && segment.wanted && fetching.isHopeless(segment, failure, isGone))
      this.#giveUp(segment, failure);
    if (isOver && isGone) segment.onBehalf = false;
    this.#conversation.settleBehalf(segment);
    if (segment.active) this.#plan(segment);
  }

  /** What has left the playlist and is nowhere will not come: the player is to go on with what there is. */
  left(playlistId: string, mediaSequence: number): void {
    for (const segment of this.#parts.memory.segments.values()) {
      if (segment.playlistId !== playlistId || segment.loads.size === 0 || segment.fetch) continue;
      const sequence = Number(segment.segmentId.slice(segment.segmentId.lastIndexOf('#') + 1));
      const isGone = sequence < mediaSequence && !segment.complete;
      if (isGone && this.#parts.fetching.isHopeless(segment, gone, true))
        this.#giveUp(segment, gone);
    }
  }

  /** Of what the edge denies: nobody says that it should be there, or it has been missing for too long. */
  #isGone(segment: SegmentState): boolean {
    const { context, directory } = this.#parts;
    segment.deniedSinceMs ??= context.nowMs;
    const isLong = context.nowMs - segment.deniedSinceMs > deniedMsMax;
    if (isLong || !directory.isPublished(segment.segmentId)) return true;
    directory.doubt(segment.playlistId);
    return false;
  }

  #giveUp(segment: SegmentState, failure: FetchFailure): void {
    const loadIds = [...segment.loads.keys()];
    segment.loads.clear();
    segment.aheadDeadlineMs = null;
    this.#conversation.unwanted(segment);
    if (loadIds.length > 0)
      this.#parts.context.emit({
        type: 'failSegment',
        loadIds,
        segmentId: segment.segmentId,
        failure,
      });
  }

  /** So that it may turn to a lighter rendition before the buffer is empty. Where peers help, it cannot tell. */
  #tellPlayer({ fetch, loads, sizeBytes }: SegmentState): void {
    if (fetch?.partFrom !== 0 || fetch.partTo !== null || loads.size === 0) return;
    const { context } = this.#parts;
    const { startedAtMs, answeredAtMs, bytes } = fetch;
    context.emit({
      type: 'progressSegment',
      loadIds: [...loads.keys()],
      progress: {
        bytes,
        sizeBytes,
        tookMs: context.nowMs - startedAtMs,
        firstByteMs: (answeredAtMs ?? startedAtMs) - startedAtMs,
      },
    });
  }
}
