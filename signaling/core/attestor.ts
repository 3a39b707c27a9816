import { originOf, playlistIdOf, playlistOfSegment } from '../protocol/identity.ts';
import { withDirectives } from '../protocol/low-latency.ts';
import { readMediaPlaylist, readMultivariantPlaylist } from '../protocol/playlist-text.ts';
import { assert } from './assert.ts';
import {
  type AttestedPlaylist,
  type AttestedSegment,
  adopt,
  askFor,
  backoffMs,
  createPlaylist,
  forgetAll,
} from './attested-playlist.ts';
import type {
  Attestation,
  AttestationOptions,
  AttestorEffect,
  AttestorEvent,
} from './attestor-events.ts';
import { Sight } from './sight.ts';

const rootId = 'multivariant';
/** So many failures of one playlist in a row: its URL may have changed. */
const failuresBeforeLookup = 3;
/** So many failures in a row, of anything or of one segment: another copy of the stream may do better. */
const failuresBeforeSwitch = 2;

export function createAttestation(options: AttestationOptions): Attestation {
  return new StreamAttestation(options);
}

class StreamAttestation implements Attestation {
  readonly knows = (playlistId: string): boolean => this.#playlists.has(playlistId);
  readonly #options: AttestationOptions;
  readonly #origins: Set<string>;
  readonly #root: AttestedPlaylist;
  readonly #playlists = new Map<string, AttestedPlaylist>();
  readonly #sight: Sight;
  #reads = 0;
  #nextReadId = 0;
  /** Nobody has said yet what it plays. */
  #guessing = true;
  #emptyAtMs: number | null = null;
  #stopped = false;
  #announcedMs: number | null = null;
  /** Failures since the last success. */
  #misses = 0;
  #effects: AttestorEffect[] = [];
  #nowMs = 0;

  constructor(options: AttestationOptions) {
    this.#options = options;
    this.#origins = new Set([...options.streamUrls, ...options.origins].map(originOf));
    this.#root = createPlaylist(rootId, options.streamUrls[0]);
    this.#sight = new Sight(options.limits.attestorBlindAfterMs);
  }

  get streamUrl(): string {
    return this.#root.url;
  }

  get isComplete(): boolean {
    const { attestedPlaylistsGuessed } = this.#options.limits;
    const all = [...this.#playlists.values()];
    const followed = this.#guessing ? all.slice(0, attestedPlaylistsGuessed) : all;
    const isDone = ({ facts, segments }: AttestedPlaylist): boolean =>
      facts?.ended === true &&
      [...segments.values()].every(({ state }) => state === 'attested' || state === 'refused');
    return followed.length > 0 && followed.every(isDone);
  }

  get isLive(): boolean {
    return [...this.#playlists.values()].some(({ facts }) => facts?.ended === false);
  }

  handle(event: AttestorEvent, nowMs: number): AttestorEffect[] {
    if (this.#stopped) return [];
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#effects = [];
    if (event.type === 'woke' || (this.#announcedMs !== null && this.#announcedMs <= this.#nowMs)) {
      this.#announcedMs = null;
    }
    this.#dispatch(event);
    this.#look(event);
    this.#decide();
    return this.#effects;
  }

  #dispatch(event: AttestorEvent): void {
    if (event.type === 'viewersChanged') {
      this.#emptyAtMs = event.count > 0 ? null : (this.#emptyAtMs ?? this.#nowMs);
    } else if (event.type === 'playsChanged') this.#plays(event.playlistIds);
    else if (event.type === 'descriptorWanted') this.#asked(event.segmentId);
    else if (event.type === 'playlistRead') this.#playlistRead(event.playlistId, event.text);
    else if (event.type === 'playlistFailed') this.#playlistFailed(this.#find(event.playlistId));
    else if (event.type === 'segmentRead') this.#segmentRead(event);
    else if (event.type === 'segmentFailed') this.#segmentFailed(event);
  }

  #look({ type }: AttestorEvent): void {
    const hasSeen = type === 'playlistRead' || type === 'segmentRead';
    const hasMissed = type === 'playlistFailed' || type === 'segmentFailed';
    const hasChanged =
      (hasSeen && this.#sight.saw(this.#nowMs)) || (hasMissed && this.#sight.missed(this.#nowMs));
    if (hasChanged) this.#effects.push({ type: 'sight', seeing: this.#sight.isSeeing });
    if (hasSeen) this.#misses = 0;
    else if (hasMissed && ++this.#misses >= failuresBeforeSwitch) this.#switch();
  }

  /** Turns to the next copy of the stream; what is known of it stays. */
  #switch(): void {
    const { streamUrls } = this.#options;
    this.#misses = 0;
    if (streamUrls.length < 2) return;
    const next = (streamUrls.indexOf(this.#root.url) + 1) % streamUrls.length;
    this.#root.url = streamUrls[next] ?? streamUrls[0];
    this.#root.failures = 0;
    this.#root.nextAtMs = this.#nowMs;
  }

  #plays(playlistIds: readonly string[]): void {
    for (const playlist of this.#playlists.values()) {
      const played = playlistIds.includes(playlist.playlistId);
      if (played || playlist.played) playlist.playedAtMs = this.#nowMs;
      playlist.played = played;
      if (played) this.#guessing = false;
    }
  }

  #find(playlistId: string): AttestedPlaylist | undefined {
    return playlistId === rootId ? this.#root : this.#playlists.get(playlistId);
  }

  #playlistRead(playlistId: string, text: string): void {
    const playlist = this.#find(playlistId);
    if (!playlist) return;
    playlist.reading = false;
    if (playlist === this.#root) {
      this.#rootRead(text);
      return;
    }
    const facts = readMediaPlaylist(text, playlist.url);
    if (facts) this.#forget(adopt(playlist, facts, this.#nowMs, this.#options.limits));
    else this.#playlistFailed(playlist);
  }

  #rootRead(text: string): void {
    const { limits } = this.#options;
    const { streamUrl } = this;
    const isMedia = readMediaPlaylist(text, streamUrl) !== null;
    const urls = isMedia ? [streamUrl] : readMultivariantPlaylist(text, streamUrl);
    const allowed = urls.filter((url) => this.#origins.has(originOf(url)));
    if (allowed.length === 0) {
      this.#playlistFailed(this.#root);
      return;
    }
    this.#root.failures = 0;
    this.#root.nextAtMs = Number.POSITIVE_INFINITY;
    for (const url of allowed) {
      const playlistId = playlistIdOf(url, streamUrl);
      const known = this.#playlists.get(playlistId);
      if (known) {
        if (known.url !== url) known.nextAtMs = this.#nowMs;
        known.url = url;
      } else if (this.#playlists.size < limits.attestedPlaylistsMax) {
        this.#playlists.set(playlistId, createPlaylist(playlistId, url));
      }
    }
  }

  #asked(segmentId: string): void {
    const playlist = this.#playlists.get(playlistOfSegment(segmentId));
    if (!playlist || this.#segment(segmentId)) return;
    this.#forget(askFor(playlist, segmentId, this.#nowMs, this.#options.limits));
  }

  #playlistFailed(playlist: AttestedPlaylist | undefined): void {
    if (!playlist) return;
    playlist.reading = false;
    playlist.failures++;
    playlist.nextAtMs = this.#nowMs + backoffMs(playlist.failures, this.#options.limits);
    if (playlist !== this.#root && playlist.failures % failuresBeforeLookup === 0) {
      this.#root.nextAtMs = Math.min(this.#root.nextAtMs, this.#nowMs);
    }
  }

  #segment(segmentId: string): AttestedSegment | undefined {
    for (const { segments } of this.#playlists.values()) {
      const segment = segments.get(segmentId);
      if (segment) return segment;
    }
    return undefined;
  }

  #segmentRead({ segmentId, readId, sizeBytes, digests }: Of<'segmentRead'>): void {
    this.#reads--;
    const segment = this.#segment(segmentId);
    // Forgotten, or started over, while it was read.
    if (segment?.state !== 'reading' || segment.readId !== readId) return;
    segment.state = 'attested';
    const descriptor = { room: this.#options.room, segmentId, sizeBytes, digests };
    const lagMs = this.#nowMs - segment.seenAtMs;
    this.#effects.push({ type: 'attest', descriptor, lagMs });
  }

  #segmentFailed({ segmentId, readId, refused }: Of<'segmentFailed'>): void {
    this.#reads--;
    const segment = this.#segment(segmentId);
    if (segment?.state !== 'reading' || segment.readId !== readId) return;
    segment.failures++;
    segment.state = refused ? 'refused' : 'wanted';
    segment.notBeforeMs = this.#nowMs + backoffMs(segment.failures, this.#options.limits);
    if (!refused && segment.failures === failuresBeforeSwitch) this.#switch();
  }

  #forget(segmentIds: string[]): void {
    if (segmentIds.length > 0) this.#effects.push({ type: 'forget', segmentIds });
  }

  #decide(): void {
    const { attestorLingerMs } = this.#options.limits;
    const stopAtMs = this.#emptyAtMs === null ? null : this.#emptyAtMs + attestorLingerMs;
    if (stopAtMs !== null && stopAtMs <= this.#nowMs) {
      this.#stopped = true;
      this.#effects.push({ type: 'stop' });
      return;
    }
    const followed = this.#followed();
    for (const playlist of [this.#root, ...followed]) this.#readWhenDue(playlist);
    const wanted = followed.flatMap(({ segments, facts }) =>
      [...segments.values()]
        .filter(({ state }) => state === 'wanted')
        .map((segment) => ({ segment, age: ageOf(segment, facts?.newestSequence ?? 0) })),
    );
    wanted.sort((a, b) => a.age - b.age);
    for (const { segment } of wanted) this.#readSegment(segment);
    this.#announceWake(followed, stopAtMs);
  }

  /** What is played, or was a moment ago; before anybody said so, the first ones of the stream. */
  #followed(): AttestedPlaylist[] {
    const { attestedPlaylistsGuessed, attestorLingerMs } = this.#options.limits;
    const all = [...this.#playlists.values()];
    if (this.#guessing) return all.slice(0, attestedPlaylistsGuessed);
    return all.filter((playlist) => {
      if (playlist.played || this.#nowMs < playlist.playedAtMs + attestorLingerMs) return true;
      this.#forget(forgetAll(playlist));
      if (!playlist.reading) playlist.nextAtMs = 0;
      return false;
    });
  }

  #readWhenDue(playlist: AttestedPlaylist): void {
    if (playlist.reading || playlist.nextAtMs > this.#nowMs) return;
    playlist.reading = true;
    const { playlistId, url } = playlist;
    // What it asked for may never come, as where the encoder has started over: then for whatever there is.
    this.#effects.push({
      type: 'readPlaylist',
      playlistId,
      url: playlist.failures > 0 ? url : withDirectives(url, playlist.facts),
    });
  }

  #readSegment(segment: AttestedSegment): void {
    const { segmentId, url, byteRange, notBeforeMs } = segment;
    if (!this.#origins.has(originOf(url))) {
      segment.state = 'refused';
      return;
    }
    if (this.#reads >= this.#options.limits.attestorReadsMax || notBeforeMs > this.#nowMs) return;
    this.#reads++;
    segment.state = 'reading';
    segment.readId = this.#nextReadId++;
    const { readId } = segment;
    this.#effects.push({ type: 'readSegment', segmentId, readId, url, byteRange });
  }

  #announceWake(followed: AttestedPlaylist[], stopAtMs: number | null): void {
    let atMs = stopAtMs ?? Number.POSITIVE_INFINITY;
    for (const playlist of [this.#root, ...followed]) {
      if (!playlist.reading) atMs = Math.min(atMs, playlist.nextAtMs);
      for (const { state, notBeforeMs } of playlist.segments.values()) {
        // One that waits for a free place is looked at when a read ends.
        if (state === 'wanted' && notBeforeMs > this.#nowMs) atMs = Math.min(atMs, notBeforeMs);
      }
    }
    if (!Number.isFinite(atMs) || atMs === this.#announcedMs) return;
    assert(atMs > this.#nowMs, 'a wake-up lies in the future');
    this.#announcedMs = atMs;
    this.#effects.push({ type: 'wakeAt', atMs });
  }
}

type Of<Type extends AttestorEvent['type']> = Extract<AttestorEvent, { type: Type }>;

/** Init segments first, then the newest: those are missed first, and the oldest soon leave the window. */
function ageOf({ sequence }: AttestedSegment, newestSequence: number): number {
  return sequence === 'init' ? -1 : newestSequence - sequence;
}
