import { type ByteRange, playlistOfSegment } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { PlayerTiming } from './timing.ts';

/** What a linked peer said of a segment. */
export interface PeerView {
  wants: boolean;
  /** It needed nothing of what was offered: until then it is offered nothing more of it. */
  declinedUntilMs: number;
  /** It wants to hear what is vouched for. */
  blind: boolean;
  /** When it first said so; 0 before that. */
  wantedAtMs: number;
  parts: Set<number>;
  complete: boolean;
  fetching: boolean;
  /** When it first said so: saying it again is no news. 0 before that. */
  fetchingSinceMs: number;
  /** What it says that its edge has brought of the next part. */
  partialBytes: number;
  /** Failed at its edge, or cannot try. */
  unable: boolean;
  /** What it last said of the size. */
  sizeBytes: number | null;
  /** The edge has said otherwise. */
  wrongSize: boolean;
}

/** A part that was asked of a peer. */
export interface PartRequest {
  requestId: number;
  peer: string;
  askedAtMs: number;
  /** First and last bytes of it that came; 0 before the first. */
  firstByteAtMs: number;
  progressAtMs: number;
  /** The peer has said since that it holds the part. */
  heldThere: boolean;
}

export interface EdgeFetch {
  fetchId: number;
  /** On the edge that it is read from. */
  url: string;
  /** The second request, if there may be one. */
  hedge: { url: string; afterMs: number } | null;
  /** Takes how long the whole segment took; null where less is read. */
  completed: ((completedMs: number) => void) | null;
  partFrom: number;
  /** Last part asked for; null reads to the end. */
  partTo: number | null;
  startedAtMs: number;
  /** When its answer began; null before that. */
  answeredAtMs: number | null;
  /** The edge failed the last time and has not answered yet: nobody waits for what may come of it. */
  isTrial: boolean;
  bytes: number;
  /** Those of them that are no whole part yet. */
  partialBytes: number;
  /** When the last of them came; null before any. */
  bytesAtMs: number | null;
}

/** Where the segment can be read from an edge. */
export interface SegmentSource {
  url: string;
  byteRange: ByteRange | null;
}

/** Where in the stream a segment is. */
export interface Place {
  /** Published only just now. */
  isFresh: boolean;
  /** A player that starts, or plays at the live edge, wants it. */
  isNearEdge: boolean;
}

/** A segment that this viewer holds, gets, or has heard of from a linked member. */
export interface SegmentStats {
  segmentId: string;
  /** Share of its parts that is held here, 0 to 1. */
  heldShare: number;
  /** Bytes of it that came so far, by their source. */
  bytes: { edge: number; peers: number };
  /** Where more of it is coming from right now: an edge that answers, or members that were asked. */
  pending: 'edge' | 'peers' | null;
  /** Linked members that say they hold all of it. */
  holders: number;
  /** In an outage: the server's plan says that this viewer keeps it, whether or not its own player needs it. */
  isKept: boolean;
}

/** All that one viewer knows of one segment. */
export class SegmentState {
  readonly segmentId: string;
  readonly playlistId: string;
  source: SegmentSource | null = null;
  durationMs = 2_000;
  sizeBytes: number | null = null;
  /** The own edge or a descriptor has said so; before that it is what peers say. */
  sizeFromEdge = false;
  readonly held = new Set<number>();
  /** Those of them that the own edge gave. */
  readonly heldFromEdge = new Set<number>();
  /** Parts that a descriptor vouches for; of no account where peers are believed. */
  readonly vouched = new Set<number>();
  /** What this viewer itself read from its edge, by part; null unless that counts. */
  digests: string[] | null = null;
  /** What masters read from theirs. */
  readonly votes = new Map<string, string>();
  complete = false;
  /** In memory, or behind it in storage. */
  place: 'memory' | 'storage' | 'restoring' = 'memory';
  /** Bytes of it may be in memory, counted as held or not. */
  inMemory = false;
  /** The peer that spoke of it first; null where the own player did. */
  causedBy: string | null = null;
  /** Loads that wait for it, of the own player and others of the device, with the time at which its playhead gets there. */
  readonly loads = new Map<number, number>();
  /** When the player will want it, while it is got ahead of that; null otherwise. */
  aheadDeadlineMs: number | null = null;
  /** Read for others although the own player does not want it. */
  onBehalf = false;
  /** The peer on whose word it is read; null where others had waited already. */
  behalfOf: string | null = null;
  wantedAtMs = 0;
  /** When the server was asked for its descriptor. */
  askedAtMs = Number.NEGATIVE_INFINITY;
  /** Last time that anything of it came or was announced. */
  progressAtMs = 0;
  /** Last time that bytes of it came to this viewer. */
  bytesAtMs = 0;
  readonly peers = new Map<string, PeerView>();
  readonly requests = new Map<number, PartRequest>();
  /** Peers that refused or failed, by part. */
  readonly excluded = new Map<number, Set<string>>();
  fetch: EdgeFetch | null = null;
  /** The last fetch failed: others take over before this viewer tries again. */
  edgeFailed = false;
  edgeFailedAtMs = 0;
  /** The edge that has not got it, while another is asked; null where none has said so. */
  deniedUrl: string | null = null;
  /** Since when the edge says that it is not there; null where it does not. */
  deniedSinceMs: number | null = null;
  /** When a read from the edge was last left to a member that was further; 0 before any. */
  leftAtMs = 0;
  /** It was left to another edge because one was slow. */
  hasMoved = false;
  /** When the first bytes of it were asked for. */
  startedAtMs = 0;
  /** When the first bytes of it came. */
  firstByteAtMs = 0;
  /** Of the newest edge fetch, in bytes per millisecond; null before any. */
  fetchedBytesPerMs: number | null = null;
  /** What the player is told of the time that it took. */
  timing: PlayerTiming = { transferMs: 0, firstByteMs: 0 };
  bytesFromEdge = 0;
  readonly bytesByPeer = new Map<string, number>();
  lastUsedMs = 0;

  constructor(segmentId: string) {
    this.segmentId = segmentId;
    this.playlistId = playlistOfSegment(segmentId);
  }

  get isInit(): boolean {
    return this.segmentId.startsWith('#init:', this.playlistId.length);
  }

  /** `keeps`: what the plan of an outage has this viewer keep. */
  stats(keeps: readonly string[]): SegmentStats {
    let peers = 0;
    for (const bytes of this.bytesByPeer.values()) peers += bytes;
    return {
      segmentId: this.segmentId,
      heldShare: this.complete ? 1 : this.held.size / (this.partCount || Number.POSITIVE_INFINITY),
      bytes: { edge: this.bytesFromEdge, peers },
      pending: this.isBeingFetched ? 'edge' : this.requests.size > 0 ? 'peers' : null,
      holders: [...this.peers.values()].filter(({ complete }) => complete).length,
      isKept: keeps.includes(this.segmentId),
    };
  }

  get active(): boolean {
    return !this.complete && (this.wanted || this.onBehalf);
  }

  /** For the own player, now or soon. */
  get wanted(): boolean {
    return this.loads.size > 0 || this.aheadDeadlineMs !== null;
  }

  get partCount(): number {
    return this.sizeBytes === null ? 0 : Math.ceil(this.sizeBytes / limits.partBytes);
  }

  get deadlineMs(): number {
    let deadlineMs = this.aheadDeadlineMs ?? Number.POSITIVE_INFINITY;
    for (const loadMs of this.loads.values()) deadlineMs = Math.min(deadlineMs, loadMs);
    return deadlineMs;
  }

  partBytes(part: number): number {
    const before = part * limits.partBytes;
    return Math.min(
      limits.partBytes,
      Math.max(0, (this.sizeBytes ?? Number.POSITIVE_INFINITY) - before),
    );
  }

  missingParts(): number[] {
    const missing: number[] = [];
    for (let part = 0; part < this.partCount; part += 1)
      if (!this.held.has(part)) missing.push(part);
    return missing;
  }

  /** Parts from the first on without a gap. */
  get heldFromStart(): number {
    let count = 0;
    while (this.held.has(count)) count += 1;
    return count;
  }

  /** Whether an edge is bringing it, as far as one can tell. */
  get isBeingFetched(): boolean {
    return this.fetch !== null && !this.fetch.isTrial;
  }

  /** Whether the edge fetch that is under way will bring the part. */
  isFetching(part: number): boolean {
    const { fetch } = this;
    if (!fetch || fetch.isTrial) return false;
    return part >= fetch.partFrom && (fetch.partTo === null || part <= fetch.partTo);
  }

  /** How long the edge will still take to bring the part, or all that is read of it, as fast as it was so far. */
  fetchRemainingMs(nowMs: number, part: number | null = null): number {
    const { fetch } = this;
    if (!fetch) return Number.POSITIVE_INFINITY;
    const tookMs = nowMs - (fetch.answeredAtMs ?? fetch.startedAtMs);
    if (fetch.bytes === 0) return tookMs;
    const last = part ?? fetch.partTo ?? this.partCount - 1;
    const endBytes = (last + 1 - fetch.partFrom) * limits.partBytes;
    return ((endBytes - fetch.bytes) * tookMs) / fetch.bytes;
  }

  view(peer: string): PeerView {
    let view = this.peers.get(peer);
    if (!view) {
      view = {
        wants: false,
        declinedUntilMs: 0,
        blind: false,
        wantedAtMs: 0,
        parts: new Set(),
        complete: false,
        fetching: false,
        fetchingSinceMs: 0,
        partialBytes: 0,
        unable: false,
        sizeBytes: null,
        wrongSize: false,
      };
      this.peers.set(peer, view);
    }
    return view;
  }

  /** Neighbours that are known to hold the part. */
  holderCount(part: number): number {
    let count = 0;
    for (const view of this.peers.values()) if (peerHolds(view, part)) count += 1;
    return count;
  }

  exclude(part: number, peer: string): void {
    const excluded = this.excluded.get(part) ?? new Set();
    excluded.add(peer);
    this.excluded.set(part, excluded);
  }
}

export function peerHolds(view: PeerView | undefined, part: number): boolean {
  return view !== undefined && (view.complete || view.parts.has(part));
}
