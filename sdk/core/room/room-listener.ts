import type { Integrity, ReportFrame } from '../../../signaling/protocol/index.ts';

/** What the room asks of the rest of the core. */
export interface RoomListener {
  membersChanged(): void;
  /** This side closed an open link. */
  linkDropped(peer: string): void;
  /** Ids of the media playlists that the player uses now. */
  plays(): string[];
  /** The edge in use, and what became of reads since the last time. */
  takeEdges(): Pick<ReportFrame, 'edgeId' | 'edgeOutcomes'>;
  /** Not in the room any more, and not about to be. */
  left(): void;
  /** Who vouches for the room's media; null when the server cannot be reached. */
  vouches(mode: Integrity['mode'] | null): void;
}
