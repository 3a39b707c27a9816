import type { ByteRange } from '../../../signaling/protocol/identity.ts';
import type { Context } from '../context.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import type { Announcing } from './announcing.ts';
import type { Fetching } from './fetching.ts';
import type { Memory } from './memory.ts';
import type { Offering } from './offering.ts';
import type { Peers } from './peers.ts';
import type { Requesting } from './requesting.ts';
import type { Place } from './segment.ts';
import type { Serving } from './serving.ts';
import type { Trust } from './trust.ts';

/** What the swarm needs to know of playlists. */
export interface SegmentDirectory {
  /** Where a segment can be read, from a playlist of this viewer's own. */
  resolve(
    segmentId: string,
  ): { url: string; byteRange: ByteRange | null; durationMs: number } | null;
  /** What the heaviest of these playlists needs at most, by the multivariant playlist; null where it does not say. */
  bytesPerMs(playlistIds: ReadonlySet<string>): number | null;
  place(segmentId: string): Place;
  /** A playlist that goes on names it: an edge that has not got it is wrong, or whoever sent the playlist. */
  isPublished(segmentId: string): boolean;
  /** Asks the own edge whether what peers sent is right. */
  doubt(playlistId: string): void;
  /** The URL that the player began with. */
  readonly rootUrl: string | null;
}

/** The pieces of one viewer's swarm, handed to those that join them. */
export interface SwarmParts {
  context: Context;
  room: Room;
  peers: Peers;
  edges: Edges;
  trust: Trust;
  directory: SegmentDirectory;
  memory: Memory;
  fetching: Fetching;
  requesting: Requesting;
  serving: Serving;
  announcing: Announcing;
  offering: Offering;
}
