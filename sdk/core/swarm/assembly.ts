import type { SwarmParts } from './parts.ts';
import type { SegmentState } from './segment.ts';
import { electSize } from './sizes.ts';
import { type PlayerTiming, playerTiming } from './timing.ts';

/** Puts a segment together from the parts that come, and hands it to the player and onward. */
export class Assembly {
  #parts: SwarmParts;

  #completed: (segment: SegmentState) => void;

  constructor(parts: SwarmParts, completed: (segment: SegmentState) => void) {
    this.#parts = parts;
    this.#completed = completed;
  }

  hold(segment: SegmentState, part: number): void {
    const { context, serving, announcing, trust } = this.#parts;
    segment.held.add(part);
    segment.inMemory = true;
    segment.progressAtMs = context.nowMs;
    segment.bytesAtMs = context.nowMs;
    serving.held(segment);
    this.checkComplete(segment);
    if (!segment.complete && trust.isServable(segment, part)) announcing.partHeld(segment, part);
  }

  /** A part that the own edge gave is what the descriptor says: others may have it. */
  vouch(segment: SegmentState, part: number): void {
    const { serving, announcing, trust } = this.#parts;
    segment.vouched.add(part);
    serving.held(segment);
    if (trust.isServableWhole(segment)) announcing.now(segment);
    else if (trust.isServable(segment, part)) announcing.partHeld(segment, part);
  }

  /** The edge says how large the segment is; what peers said before counts for nothing against it. */
  setSize(segment: SegmentState, sizeBytes: number): void {
    segment.sizeFromEdge = true;
    for (const view of segment.peers.values())
      view.wrongSize ||= view.sizeBytes !== null && view.sizeBytes !== sizeBytes;
    this.#resize(segment, sizeBytes);
    this.#parts.fetching.turn.sized(segment);
  }

  /** A peer has said how large it is: of more than one size that of most peers counts. */
  peerSize(segment: SegmentState): void {
    if (segment.sizeFromEdge || segment.complete) return;
    const { room, peers, fetching } = this.#parts;
    const sizeBytes = electSize(segment, room, peers, fetching.turn.usualBytes(segment));
    if (sizeBytes !== null) this.#resize(segment, sizeBytes);
  }

  #resize(segment: SegmentState, sizeBytes: number): void {
    if (segment.sizeBytes === sizeBytes) return;
    if (segment.sizeBytes !== null) {
      this.#parts.requesting.cancelAll(segment);
      this.#dropPeers(segment);
      segment.vouched.clear();
    }
    segment.sizeBytes = sizeBytes;
    this.#parts.serving.sized(segment);
  }

  /** What came from peers that were wrong about the size is not worth keeping. */
  #dropPeers({ segmentId, held, heldFromEdge }: SegmentState): void {
    const parts = [...held].filter((part) => !heldFromEdge.has(part));
    for (const part of parts) held.delete(part);
    if (parts.length > 0) this.#parts.context.emit({ type: 'dropParts', segmentId, parts });
  }

  checkComplete(segment: SegmentState): void {
    if (segment.complete || segment.sizeBytes === null || segment.held.size < segment.partCount)
      return;
    const { requesting, fetching, announcing, memory } = this.#parts;
    segment.complete = true;
    segment.onBehalf = false;
    segment.aheadDeadlineMs = null;
    if (this.#isConfirmed(segment)) fetching.turn.sized(segment);
    segment.timing = this.#timing(segment, segment.sizeBytes);
    requesting.cancelAll(segment);
    // A fetch that has brought its last byte ends by itself and counts as a success of the edge.
    if (segment.fetch && segment.fetch.bytes < this.#fetchBytes(segment)) fetching.abort(segment);
    announcing.now(segment);
    this.#completed(segment);
    segment.excluded.clear();
    if (segment.loads.size > 0) this.deliver(segment);
    memory.use(segment);
    memory.trim();
  }

  deliver(segment: SegmentState): void {
    const loadIds = [...segment.loads.keys()];
    segment.loads.clear();
    this.#parts.context.emit({
      type: 'deliverSegment',
      loadIds,
      segmentId: segment.segmentId,
      ...segment.timing,
      bytesFromEdge: segment.bytesFromEdge,
      bytesByPeer: Object.fromEntries(segment.bytesByPeer),
    });
  }

  restore(segment: SegmentState): void {
    if (segment.place !== 'storage') return;
    segment.place = 'restoring';
    this.#parts.context.emit({ type: 'restoreSegment', segmentId: segment.segmentId });
  }

  #timing(segment: SegmentState, sizeBytes: number): PlayerTiming {
    const { context, edges, peers, room, directory } = this.#parts;
    const { playlistId, source, bytesByPeer, fetchedBytesPerMs, wantedAtMs } = segment;
    const startedAtMs = segment.startedAtMs || wantedAtMs;
    const firstByteAtMs = Math.max(startedAtMs, segment.firstByteAtMs);
    const playlistIds = new Set([playlistId]);
    for (const peer of peers.linked())
      if (room.member(peer)?.uploads)
        for (const id of peers.all.get(peer)?.follows ?? []) playlistIds.add(id);
    const edge = source && edges.pace(source.url);
    return playerTiming({
      sizeBytes,
      firstByteMs: firstByteAtMs - startedAtMs,
      streamMs: context.nowMs - firstByteAtMs,
      fromPeers: bytesByPeer.size > 0,
      // What the edge has just given says more than what it usually gives.
      edge: edge && { ...edge, bytesPerMs: fetchedBytesPerMs ?? edge.bytesPerMs },
      playedBytesPerMs: directory.bytesPerMs(playlistIds),
    });
  }

  #isConfirmed({ peers, sizeBytes }: SegmentState): boolean {
    let count = 0;
    for (const view of peers.values()) if (view.sizeBytes === sizeBytes) count += 1;
    return count > 1;
  }

  #fetchBytes(segment: SegmentState): number {
    const { fetch } = segment;
    if (!fetch) return 0;
    const partTo = fetch.partTo ?? segment.partCount - 1;
    let bytes = 0;
    for (let part = fetch.partFrom; part <= partTo; part += 1) bytes += segment.partBytes(part);
    return bytes;
  }
}
