import type { ByteRange } from '../../../signaling/protocol/identity.ts';
import type { Context } from '../context.ts';
import type { Edges } from '../outage/edges.ts';
import type { Room } from '../room/room.ts';
import type { Announcing } from './announcing.ts';
import type { Fetching } from './fetching.ts';
import type { Memory } from './memory.ts';
import type { Peers } from './peers.ts';
import type { Requesting } from './requesting.ts';
import type { Serving } from './serving.ts';
import type { Trust } from './trust.ts';

/** What the swarm needs to know of playlists. */
export interface SegmentDirectory {
  /** Where a segment can be read, from a playlist of this viewer's own. */
  resolve(
    segmentId: string,
  ): { url: string; byteRange: ByteRange | null; durationMs: number } | null;
  /** Whether a player that starts at the live edge wants it. */
  isNearEdge(segmentId: string): boolean;
  /** Whether it was published only just now. */
  isFresh(segmentId: string): boolean;
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
}
