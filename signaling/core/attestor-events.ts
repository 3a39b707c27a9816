import type { ByteRange } from '../protocol/identity.ts';
import type { Limits, Unsigned } from '../protocol/index.ts';

export type AttestorEvent =
  /** How many viewers the room has now. */
  | { type: 'viewersChanged'; count: number }
  /** The playlists that somebody plays now. Unknown ones are ignored. */
  | { type: 'playsChanged'; playlistIds: readonly string[] }
  /** Somebody plays a segment that is not at the live edge. Unknown ones are ignored. */
  | { type: 'descriptorWanted'; segmentId: string }
  | { type: 'playlistRead'; playlistId: string; text: string }
  | { type: 'playlistFailed'; playlistId: string }
  | {
      type: 'segmentRead';
      segmentId: string;
      readId: number;
      sizeBytes: number;
      digests: string[];
    }
  /** `refused`: it is not what can be attested, and reading it again would not help. */
  | { type: 'segmentFailed'; segmentId: string; readId: number; refused: boolean }
  /** The instant of the last `wakeAt` has come. Early or late is harmless. */
  | { type: 'woke' };

export type AttestorEffect =
  | { type: 'readPlaylist'; playlistId: string; url: string }
  | {
      type: 'readSegment';
      segmentId: string;
      /** Never used before in this room. */
      readId: number;
      url: string;
      byteRange: ByteRange | null;
    }
  /** Sign it and tell every viewer. `lagMs` since a playlist that was read first named it. */
  | { type: 'attest'; descriptor: Unsigned; lagMs: number }
  /** Newcomers need these no more. */
  | { type: 'forget'; segmentIds: string[] }
  /** Send `woke` then; replaces every earlier one. Always later than the event's `nowMs`. */
  | { type: 'wakeAt'; atMs: number }
  /** Whether the stream can be read at all. */
  | { type: 'sight'; seeing: boolean }
  /** Nobody is here any more: end all reads. Nothing follows. */
  | { type: 'stop' };

export interface AttestationOptions {
  room: string;
  /** Copies of the multivariant playlist, or of the only media playlist; one after another is read while it fails. */
  streamUrls: readonly [string, ...string[]];
  /** Scheme and host of what may be read besides those of `streamUrls`. */
  origins: readonly string[];
  limits: Limits;
}

/** The reading of one room's stream. Decides only. */
export interface Attestation {
  handle(event: AttestorEvent, nowMs: number): AttestorEffect[];
  /** Whether the stream has this playlist, as far as it was read. */
  knows(playlistId: string): boolean;
  /** The copy that is read now. */
  readonly streamUrl: string;
  /** The stream has ended, and all that can be read of it has been. */
  readonly isComplete: boolean;
  /** Nothing says that the stream has ended. */
  readonly isLive: boolean;
}
