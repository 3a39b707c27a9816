import {
  type ByteRange,
  playlistIdOf,
  playlistOfSegment,
} from '../../../signaling/protocol/identity.ts';
import {
  type PartFacts,
  readBandwidths,
  readMultivariantPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';
import type { Wanted } from '../events.ts';
import type { Place } from '../swarm/segment.ts';
import { PlaylistState } from './playlist.ts';
import * as playlistTimings from './playlist-timings.ts';

type PlaylistWanted = Extract<Wanted, { type: 'playlistWanted' }>;

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
    const { sequence, partIndex } = numbersOf(segmentId);
    if (!facts || sequence === null) return null;
    if (partIndex === null) return facts.segments.get(sequence) ?? null;
    const isIt = (part: PartFacts) => part.sequence === sequence && part.partIndex === partIndex;
    return facts.parts.find(isIt) ?? null;
  }

  isPublished(segmentId: string): boolean {
    const state = this.states.get(playlistOfSegment(segmentId));
    if (!state?.facts || state.facts.ended) return false;
    return numbersOf(segmentId).sequence === null || this.resolve(segmentId) !== null;
  }

  doubt(playlistId: string): void {
    const state = this.states.get(playlistId);
    if (state?.fromPeer) state.isDoubted = true;
  }

  place(segmentId: string): Place {
    const state = this.states.get(playlistOfSegment(segmentId));
    const { sequence, partIndex } = numbersOf(segmentId);
    return {
      isFresh: this.#isFresh(state, sequence ?? -1, partIndex),
      isNearEdge: this.#isNearEdge(state, sequence),
    };
  }

  #isNearEdge(state: PlaylistState | undefined, sequence: number | null): boolean {
    const facts = state?.facts;
    if (!facts || facts.ended || sequence === null) return false;
    const newest = facts.newestSequence;
    // Parts may be of the segment that is still being made.
    return sequence > newest - startSegments && sequence <= newest + 1;
  }

  #isFresh(state: PlaylistState | undefined, sequence: number, partIndex: number | null): boolean {
    if (state?.facts && partIndex !== null) return sequence > state.facts.newestSequence - 1;
    const seenAtMs = state?.seenAtMs.get(sequence);
    if (!state || seenAtMs === undefined) return false;
    return this.#nowMs() - seenAtMs < state.targetMs;
  }

  /** What the heaviest of these playlists needs at most, by the multivariant playlist; null where it does not say. */
  bytesPerMs(playlistIds: ReadonlySet<string>): number | null {
    let most: number | null = null;
    for (const { multivariant, text, url } of this.states.values()) {
      if (!multivariant || text === null || url === null) continue;
      for (const [variantUrl, bitsPerSecond] of readBandwidths(text, url))
        if (playlistIds.has(playlistIdOf(variantUrl, url)))
          most = Math.max(most ?? 0, bitsPerSecond / 8_000);
    }
    return most;
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

  /** The URL that the player began with. */
  get rootUrl(): string | null {
    const states = [...this.states.values()];
    return (states.find(({ multivariant }) => multivariant) ?? states[0])?.url ?? null;
  }

  /** The state of a playlist that the multivariant playlist names. */
  known(playlistId: string): PlaylistState | null {
    return this.urlOf(playlistId) === null ? null : this.state(playlistId, false);
  }

  /** A player starts, or starts over, with this multivariant playlist: it has no copy of anything. */
  begin(multivariant: PlaylistState, url: string): void {
    multivariant.isOutdated ||= multivariant.text !== null && multivariant.url !== url;
    for (const state of this.states.values()) state.deliveredVersion = -1;
  }

  state(playlistId: string, multivariant: boolean): PlaylistState {
    const before = this.states.get(playlistId);
    if (before) return before;
    const state = new PlaylistState(playlistId, multivariant);
    if (this.states.size >= playlistTimings.playlistsMax) this.#forgetIdle();
    this.states.set(playlistId, state);
    return state;
  }

  /** Loads that wait for a copy. */
  waiting(): PlaylistWanted[] {
    return [...this.states.values()].flatMap(({ playlistId, url, multivariant, loads }) =>
      [...loads.keys()].map((loadId) => ({
        type: 'playlistWanted' as const,
        ...{ loadId, playlistId, url: url ?? '', multivariant },
      })),
    );
  }

  #forgetIdle(): void {
    for (const { playlistId, multivariant, loads } of this.states.values()) {
      if (multivariant || loads.size > 0) continue;
      this.states.delete(playlistId);
      return;
    }
  }
}

/** Media sequence, and index of a low-latency part; null for an init segment, and for a whole one. */
function numbersOf(segmentId: string): { sequence: number | null; partIndex: number | null } {
  const [, sequence, partIndex] = /#(\d+)(?:\.(\d+))?$/.exec(segmentId) ?? [];
  return {
    sequence: sequence === undefined ? null : Number(sequence),
    partIndex: partIndex === undefined ? null : Number(partIndex),
  };
}
