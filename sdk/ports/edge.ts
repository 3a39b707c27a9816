import type { ByteRange } from '../../signaling/protocol/identity.ts';
import type { FetchFailure } from '../core/events.ts';

export interface SegmentFetch {
  url: string;
  /** Range of the resource that is the segment; null for the whole resource. */
  byteRange: ByteRange | null;
  /** Parts of the segment to read; `partTo` null reads to its end. */
  partFrom: number;
  partTo: number | null;
  /** Milliseconds until the first byte of the answer. */
  firstByteWithinMs: number;
  /** Longest pause within the answer. Default `limits.edgeStallMs`. */
  stalledAfterMs?: number | undefined;
  /** Sent if there is no answer by then; the first to answer is read, the other dropped. */
  hedge?: { url: string; afterMs: number } | undefined;
}

export interface SegmentFetchEvents {
  /** Size of the whole segment; null when the edge does not say. */
  onHeaders(sizeBytes: number | null, hedge?: 'sent' | 'won'): void;
  onPart(part: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes of the part under way, where it takes long: at most every `limits.edgeProgressMs`. */
  onProgress?(bytes: number): void;
  /** Size of the whole segment; null when only a part was read and the edge hides the rest. */
  onEnd(sizeBytes: number | null): void;
  onFailure(failure: FetchFailure): void;
}

/** Reads from edges over HTTP. Aborting is silent. */
export interface EdgeReader {
  readSegment(fetch: SegmentFetch, events: SegmentFetchEvents, signal: AbortSignal): void;
  readPlaylist(
    url: string,
    firstByteWithinMs: number,
    done: (result: { text: string; bytes: number } | { failure: FetchFailure }) => void,
    signal: AbortSignal,
  ): void;
}
