import type { EdgeProgress, FetchFailure, SegmentRequest } from '../core/events.ts';

export interface LoadedSegment {
  /** A copy of the player's own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** How long the bytes took to come, and how much of that passed before the first. */
  transferMs: number;
  firstByteMs: number;
}

/** A load of the player: answered exactly once unless it is abandoned. */
export interface Load<Result> {
  /** `version`: of a live playlist that another viewer of the device asked for, what it holds with this. */
  done(result: Result, version?: number): void;
  /** Called while the edge brings all of a segment. */
  progress?(progress: EdgeProgress): void;
  failed(failure: FetchFailure): void;
  /** Another viewer asked for it, and this one leads no device. */
  refused?(): void;
}

/** What a player's loaders ask of a session; each call returns the function that abandons the load. */
export interface RoomLoads {
  /** `startSeconds` is the segment's place on the media's timeline. */
  loadSegment(request: SegmentRequest, startSeconds: number, load: Load<LoadedSegment>): () => void;
  loadPlaylist(
    playlistId: string,
    url: string,
    multivariant: boolean,
    load: Load<string>,
  ): () => void;
}
