import {
  type ByteRange,
  playlistIdOf,
  playlistOfSegment,
} from '../../../signaling/protocol/identity.ts';
import { readMultivariantPlaylist } from '../../../signaling/protocol/playlist-text.ts';
import { PlaylistState, playlistTimings } from './playlist.ts';

/** Players start three segments behind the end, as they know it: one more where their copy is one older. */
const startSegments = 4;

/** The playlists that this viewer knows, and where their segments are. */
export class PlaylistDirectory {
  readonly states = new Map<string, PlaylistState>();
  #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Where a segment can be read, from a playlist of this viewer's own. */
  resolve(
    segmentId: string,
  ): { url: string; byteRange: ByteRange | null; durationMs: number } | null {
    const facts = this.states.get(playlistOfSegment(segmentId))?.facts;
    const sequence = sequenceOf(segmentId);
    return (sequence !== null && facts?.segments.get(sequence)) || null;
  }

  /** Whether a player that starts, or plays at the live edge, wants it. */
  isNearEdge(segmentId: string): boolean {
    const newest = this.states.get(playlistOfSegment(segmentId))?.facts?.newestSequence;
    const sequence = sequenceOf(segmentId);
    if (newest === undefined || sequence === null) return false;
    return sequence > newest - startSegments && sequence <= newest;
  }

  /** Whether the segment was published only just now. */
  isFresh(segmentId: string): boolean {
    const state = this.states.get(playlistOfSegment(segmentId));
    const seenAtMs = state?.seenAtMs.get(sequenceOf(segmentId) ?? -1);
    if (!state || seenAtMs === undefined) return false;
    return this.#nowMs() - seenAtMs < state.targetMs;
  }

  /** This viewer's own URL of a playlist that another plays. */
  urlOf(playlistId: string): string | null {
    for (const { multivariant, text, url } of this.states.values()) {
      if (!multivariant || text === null || url === null) continue;
      const urls = readMultivariantPlaylist(text, url);
      const found = urls.find((each) => playlistIdOf(each, url) === playlistId);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** The state of a playlist that the multivariant playlist names. */
  known(playlistId: string): PlaylistState | null {
    return this.urlOf(playlistId) === null ? null : this.state(playlistId, false);
  }

  state(playlistId: string, multivariant: boolean): PlaylistState {
    const before = this.states.get(playlistId);
    if (before) return before;
    const state = new PlaylistState(playlistId, multivariant);
    if (this.states.size >= playlistTimings.playlistsMax) this.#forgetIdle();
    this.states.set(playlistId, state);
    return state;
  }

  #forgetIdle(): void {
    for (const { playlistId, multivariant, loads } of this.states.values()) {
      if (multivariant || loads.size > 0) continue;
      this.states.delete(playlistId);
      return;
    }
  }
}

function sequenceOf(segmentId: string): number | null {
  const sequence = segmentId.slice(segmentId.lastIndexOf('#') + 1);
  return /^\d+$/.test(sequence) ? Number(sequence) : null;
}
