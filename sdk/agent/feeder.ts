import { multivariantId, playlistIdOf, segmentIdOf } from '../../signaling/protocol/identity.ts';
import {
  type PlaylistFacts,
  readMediaPlaylist,
  readMultivariantPlaylist,
} from '../../signaling/protocol/playlist-text.ts';
import type { SegmentRequest } from '../core/events.ts';

export type FeederEvent =
  /** Ids of the playlists that viewers of the site play now. Told several times a second, changed or not. */
  | { type: 'followed'; playlistIds: readonly string[] }
  | { type: 'playlistLoaded'; playlistId: string; text: string }
  | { type: 'playlistFailed'; playlistId: string };

export type FeederEffect =
  | { type: 'loadPlaylist'; playlistId: string; url: string; multivariant: boolean }
  | { type: 'loadSegment'; request: SegmentRequest; deadlineMs: number };

interface Followed {
  url: string;
  isLoading: boolean;
  /** When it is looked at again. */
  atMs: number;
  /** Newest segment that was loaded; null before any. */
  newest: number | null;
  /** Init segments that were loaded, by URL and range. */
  inits: Set<string>;
}

/** Players start three segments behind the end. */
const startSegments = 3;
const retryMs = 1_000;
/** Of a playlist that says nothing of its own pace. */
const targetMsDefault = 2_000;

/**
 * What a player would load that plays all that the viewers of a site play: each of their playlists, and every segment as
 * it is published. Decides only: no clock, no timer, no I/O.
 */
export class Feeder {
  #streamUrl: string;
  #playlists = new Map<string, Followed>();
  /** Renditions and languages of the stream, by id; null before the multivariant playlist was read. */
  #urls: ReadonlyMap<string, string> | null = null;
  #isLoadingRoot = false;
  #rootAtMs = 0;
  #followed: readonly string[] = [];

  constructor(streamUrl: string) {
    this.#streamUrl = streamUrl;
  }

  handle(event: FeederEvent, nowMs: number): FeederEffect[] {
    const effects: FeederEffect[] = [];
    switch (event.type) {
      case 'followed':
        this.#followed = event.playlistIds;
        break;
      case 'playlistLoaded':
        this.#loaded(event.playlistId, event.text, nowMs, effects);
        break;
      case 'playlistFailed':
        this.#again(event.playlistId, nowMs + retryMs);
    }
    this.#look(nowMs, effects);
    return effects;
  }

  #look(nowMs: number, effects: FeederEffect[]): void {
    if (!this.#urls) {
      if (this.#isLoadingRoot || nowMs < this.#rootAtMs) return;
      this.#isLoadingRoot = true;
      const url = this.#streamUrl;
      effects.push({ type: 'loadPlaylist', playlistId: multivariantId, url, multivariant: true });
      return;
    }
    for (const playlistId of this.#playlists.keys())
      if (!this.#followed.includes(playlistId)) this.#playlists.delete(playlistId);
    for (const playlistId of this.#followed) {
      const url = this.#urls.get(playlistId);
      if (url === undefined) continue;
      const known = this.#playlists.get(playlistId);
      const state = known ?? { url, isLoading: false, atMs: 0, newest: null, inits: new Set() };
      this.#playlists.set(playlistId, state);
      if (state.isLoading || nowMs < state.atMs) continue;
      state.isLoading = true;
      effects.push({ type: 'loadPlaylist', playlistId, url, multivariant: false });
    }
  }

  #again(playlistId: string, atMs: number): void {
    const state = this.#playlists.get(playlistId);
    if (playlistId === multivariantId) {
      this.#isLoadingRoot = false;
      this.#rootAtMs = atMs;
    } else if (state) {
      state.isLoading = false;
      state.atMs = atMs;
    }
  }

  #loaded(playlistId: string, text: string, nowMs: number, effects: FeederEffect[]): void {
    const state = this.#playlists.get(playlistId);
    if (playlistId === multivariantId) return this.#rootLoaded(text, nowMs);
    const facts = state && readMediaPlaylist(text, state.url);
    if (!state || !facts) return this.#again(playlistId, nowMs + retryMs);
    const targetMs = facts.targetDurationMs || targetMsDefault;
    this.#again(playlistId, facts.ended ? Number.POSITIVE_INFINITY : nowMs + targetMs / 2);
    this.#loadInits(playlistId, state, facts, nowMs, effects);
    // An encoder that starts over counts from the beginning.
    const isRestart = state.newest !== null && facts.newestSequence < state.newest - startSegments;
    const from =
      state.newest === null || isRestart
        ? facts.newestSequence - startSegments + 1
        : state.newest + 1;
    for (const [sequence, { url, byteRange, durationMs }] of facts.segments) {
      if (sequence < from) continue;
      const segmentId = segmentIdOf({ playlistId, sequence, partIndex: null, url, byteRange });
      const request = { segmentId, url, byteRange, durationMs };
      effects.push({ type: 'loadSegment', request, deadlineMs: nowMs + targetMs });
    }
    state.newest = facts.newestSequence;
  }

  #rootLoaded(text: string, nowMs: number): void {
    const root = this.#streamUrl;
    this.#isLoadingRoot = false;
    this.#rootAtMs = nowMs + retryMs;
    if (!text.startsWith('#EXTM3U')) return;
    // A stream of a single rendition is its media playlist.
    const isMedia = readMediaPlaylist(text, root) !== null;
    const urls = isMedia ? [root] : readMultivariantPlaylist(text, root);
    this.#urls = new Map(urls.map((url) => [playlistIdOf(url, root), url]));
  }

  #loadInits(
    playlistId: string,
    state: Followed,
    facts: PlaylistFacts,
    nowMs: number,
    effects: FeederEffect[],
  ): void {
    for (const { url, byteRange } of facts.inits) {
      const name = `${url} ${byteRange?.start}`;
      if (state.inits.has(name)) continue;
      state.inits.add(name);
      const sequence = 'init' as const;
      const segmentId = segmentIdOf({ playlistId, sequence, partIndex: null, url, byteRange });
      const request = { segmentId, url, byteRange, durationMs: facts.targetDurationMs };
      effects.push({ type: 'loadSegment', request, deadlineMs: nowMs });
    }
  }
}
