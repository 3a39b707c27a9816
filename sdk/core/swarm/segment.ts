import { type ByteRange, playlistOfSegment } from '../../../signaling/protocol/identity.ts';
import { limits } from '../../../signaling/protocol/limits.ts';

/** What a linked peer said of a segment. */
export interface PeerView {
  wants: boolean;
  /** When it first said so; 0 before that. */
  wantedAtMs: number;
  parts: Set<number>;
  complete: boolean;
  fetching: boolean;
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
  partFrom: number;
  /** Last part asked for; null reads to the end. */
  partTo: number | null;
  startedAtMs: number;
  answered: boolean;
  bytes: number;
}

/** Where the segment can be read from an edge. */
export interface SegmentSource {
  url: string;
  byteRange: ByteRange | null;
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
  /** Parts that a descriptor vouches for; of no account in a room without an attestor. */
  readonly vouched = new Set<number>();
  complete = false;
  /** In memory, or behind it in storage. */
  place: 'memory' | 'storage' | 'restoring' = 'memory';
  /** Bytes of it may be in memory, counted as held or not. */
  inMemory = false;
  /** The peer that spoke of it first; null where the own player did. */
  causedBy: string | null = null;
  /** Loads of the own player that wait for it, with the time at which the playhead gets there. */
  readonly loads = new Map<number, number>();
  /** When the player will want it, while it is got ahead of that; null otherwise. */
  aheadDeadlineMs: number | null = null;
  /** Read for others although the own player does not want it. */
  onBehalf = false;
  /** The peer on whose word it is read; null where others had waited already. */
  behalfOf: string | null = null;
  wantedAtMs = 0;
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
  /** When the first bytes of it were asked for. */
  startedAtMs = 0;
  transferMs = 0;
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
    return Math.min(this.aheadDeadlineMs ?? Number.POSITIVE_INFINITY, ...this.loads.values());
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

  /** Whether the edge fetch that is under way will bring the part. */
  isFetching(part: number): boolean {
    const { fetch } = this;
    return (
      fetch !== null && part >= fetch.partFrom && (fetch.partTo === null || part <= fetch.partTo)
    );
  }

  view(peer: string): PeerView {
    let view = this.peers.get(peer);
    if (!view) {
      view = {
        wants: false,
        wantedAtMs: 0,
        parts: new Set(),
        complete: false,
        fetching: false,
        unable: false,
        sizeBytes: null,
        wrongSize: false,
      };
      this.peers.set(peer, view);
    }
    return view;
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
