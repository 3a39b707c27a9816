import type { FetchFailure, SegmentRequest } from '../../../sdk/core/events.ts';
import { playlistIdOf, resolveUri, segmentIdOf } from '../../../signaling/protocol/identity.ts';
import {
  type PlaylistFacts,
  readMediaPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';
import type { Clock } from './clock.ts';
import { isFinal, playlistRetriesMax, retryDelayMs, segmentRetriesMax } from './player-retries.ts';

/** What the player asks of the viewer, as hls.js asks its loaders. */
export interface Loaders {
  wantPlaylist(loadId: number, playlistId: string, url: string, multivariant: boolean): void;
  wantSegment(loadId: number, request: SegmentRequest, deadlineMs: number): void;
  abandonSegment(loadId: number, segmentId: string): void;
  abandonPlaylist(loadId: number, playlistId: string): void;
}

export interface PlayerSpec {
  multivariantUrl: string;
  rendition: string;
  bufferMaxMs: number;
  /** So many segments behind the live edge it begins. */
  behindSegments: number;
}

interface Load {
  loadId: number;
  id: string;
  sequence: number | 'init' | 'playlist' | 'multivariant';
  startedAtMs: number;
}

/** A live player with the habits of hls.js. It plays sequences; what is in them does not matter. */
export class Player {
  /** First frame; null before. */
  startedAtMs: number | null = null;
  stalls: { startedAtMs: number; durationMs: number | null }[] = [];
  resyncs = 0;
  failures = 0;
  fatal: string | null = null;
  /** When each segment came, and when it was asked for. */
  arrivals: { sequence: number; wantedAtMs: number; atMs: number }[] = [];
  rendition: string;
  #clock: Clock;
  #loaders: Loaders;
  #spec: PlayerSpec;
  #stopped = false;
  #facts: PlaylistFacts | null = null;
  #segmentMs = 2_000;
  #segment: Load | null = null;
  #playlist: Load | null = null;
  #hasInit = new Set<string>();
  #next: number | null = null;
  /** Media times are sequence times duration. */
  #playheadMs = 0;
  #endMs = 0;
  #playheadAtMs = 0;
  #playing = false;
  #rate = 1;
  #lastId = 0;
  #segmentTries = 0;
  #playlistTries = 0;
  #checks = 0;
  #reloads = 0;

  constructor(clock: Clock, loaders: Loaders, spec: PlayerSpec) {
    this.#clock = clock;
    this.#loaders = loaders;
    this.#spec = spec;
    this.rendition = spec.rendition;
  }

  start(): void {
    const { multivariantUrl } = this.#spec;
    const id = 'multivariant';
    this.#playlist = this.#load(id, 'multivariant');
    this.#loaders.wantPlaylist(this.#playlist.loadId, id, multivariantUrl, true);
  }

  stop(): void {
    this.#endStall();
    this.#stopped = true;
  }

  get bufferMs(): number | null {
    return this.startedAtMs === null ? null : this.#bufferedMs();
  }

  get isStalled(): boolean {
    return this.startedAtMs !== null && !this.#playing;
  }

  /** Id of the segment that follows what is buffered; null before it is known. */
  get nextSegmentId(): string | null {
    return this.#next === null ? null : this.#segmentId(this.#next);
  }

  get playheadSequence(): number | null {
    const startMs = this.#endMs - this.#bufferedMs();
    return this.startedAtMs === null ? null : Math.floor(startMs / this.#segmentMs);
  }

  get stallMs(): number {
    return this.stalls.reduce(
      (sum, stall) => sum + (stall.durationMs ?? this.#clock.nowMs - stall.startedAtMs),
      0,
    );
  }

  setRate(rate: number): void {
    this.#advance();
    this.#rate = rate;
    this.#checkLater();
  }
  switchTo(rendition: string): void {
    if (this.rendition === rendition || this.#stopped) return;
    if (this.#segment) this.#loaders.abandonSegment(this.#segment.loadId, this.#segment.id);
    if (this.#playlist) this.#loaders.abandonPlaylist(this.#playlist.loadId, this.#playlist.id);
    this.#segment = null;
    this.#playlist = null;
    this.rendition = rendition;
    this.#reloads += 1;
    this.#loadPlaylist();
  }

  playlistLoaded(loadId: number, text: string): void {
    const load = this.#playlist;
    if (this.#stopped || load?.loadId !== loadId) return;
    this.#playlist = null;
    this.#playlistTries = 0;
    if (load.sequence === 'multivariant') return this.#loadPlaylist();
    const facts = readMediaPlaylist(text, this.#playlistUrl());
    if (!facts) return this.#playlistFailed('not a playlist');
    const isNews = !this.#facts || facts.version !== this.#facts.version;
    this.#facts = facts;
    this.#segmentMs = facts.segments.get(facts.newestSequence)?.durationMs ?? 2_000;
    const tookMs = this.#clock.nowMs - load.startedAtMs;
    const restMs = isNews ? facts.targetDurationMs : facts.targetDurationMs / 2;
    this.#reloads += 1;
    const reload = this.#reloads;
    this.#clock.after(Math.max(20, restMs - tookMs), () => {
      if (reload === this.#reloads) this.#loadPlaylist();
    });
    this.#loadNext();
  }

  playlistFailed(loadId: number, failure: FetchFailure): void {
    if (this.#stopped || this.#playlist?.loadId !== loadId) return;
    this.#playlist = null;
    this.#playlistFailed('playlist', isFinal(failure));
  }

  segmentLoaded(loadId: number): void {
    const load = this.#segment;
    if (this.#stopped || load?.loadId !== loadId) return;
    this.#segment = null;
    this.#segmentTries = 0;
    if (load.sequence === 'init') this.#hasInit.add(this.rendition);
    else this.#append(load.sequence as number, load.startedAtMs);
    this.#loadNext();
  }

  segmentFailed(loadId: number, failure: FetchFailure): void {
    const load = this.#segment;
    if (this.#stopped || load?.loadId !== loadId) return;
    this.#segment = null;
    this.failures += 1;
    this.#segmentTries += 1;
    if (isFinal(failure) || this.#segmentTries > segmentRetriesMax)
      this.fatal ??= `segment ${load.id}`;
    else this.#clock.after(retryDelayMs(this.#segmentTries), () => this.#loadNext());
  }

  #playlistFailed(reason: string, isFinal = false): void {
    this.failures += 1;
    this.#playlistTries += 1;
    if (isFinal || this.#playlistTries > playlistRetriesMax) this.fatal ??= reason;
    else
      this.#clock.after(retryDelayMs(this.#playlistTries), () =>
        this.#facts ? this.#loadPlaylist() : this.start(),
      );
  }

  #append(sequence: number, wantedAtMs: number): void {
    const { nowMs } = this.#clock;
    this.arrivals.push({ sequence, wantedAtMs, atMs: nowMs });
    this.#advance();
    if (this.#next !== sequence) return;
    const startMs = sequence * this.#segmentMs;
    // Nothing before it is there: playback begins, or goes on, at its start.
    if (this.startedAtMs === null || startMs > this.#endMs) this.#playheadMs = startMs;
    this.#next = sequence + 1;
    this.#endMs = this.#next * this.#segmentMs;
    this.startedAtMs ??= nowMs;
    if (!this.#playing) {
      this.#endStall();
      this.#playing = true;
      this.#playheadAtMs = nowMs;
    }
    this.#checkLater();
  }

  /** Moves the playhead to where it is by now; finds out that it has run dry. */
  #advance(): void {
    const { nowMs } = this.#clock;
    if (!this.#playing) return;
    const playedMs = Math.min(
      (nowMs - this.#playheadAtMs) * this.#rate,
      this.#endMs - this.#playheadMs,
    );
    this.#playheadMs += playedMs;
    this.#playheadAtMs = nowMs;
    if (this.#playheadMs < this.#endMs - 0.001) return;
    this.#playing = false;
    this.stalls.push({ startedAtMs: nowMs, durationMs: null });
  }

  #checkLater(): void {
    this.#checks += 1;
    const check = this.#checks;
    this.#clock.after(this.#bufferedMs() / this.#rate + 0.01, () => {
      if (check === this.#checks && !this.#stopped) this.#advance();
    });
  }

  #endStall(): void {
    const stall = this.stalls.at(-1);
    if (stall) stall.durationMs ??= this.#clock.nowMs - stall.startedAtMs;
  }

  #bufferedMs(): number {
    const sinceMs = this.#playing ? this.#clock.nowMs - this.#playheadAtMs : 0;
    return Math.max(0, this.#endMs - this.#playheadMs - sinceMs * this.#rate);
  }

  #loadPlaylist(): void {
    if (this.#stopped || this.#playlist || this.fatal) return;
    const url = this.#playlistUrl();
    const id = this.#playlistId();
    this.#playlist = this.#load(id, 'playlist');
    this.#loaders.wantPlaylist(this.#playlist.loadId, id, url, false);
  }

  #loadNext(): void {
    const facts = this.#facts;
    if (this.#stopped || this.#segment || !facts || this.fatal) return;
    if (!this.#hasInit.has(this.rendition))
      return this.#want('init', resolveUri('init.mp4', this.#playlistUrl()));
    if (this.#next === null) this.#next = this.#syncSequence(facts);
    if (this.#next < facts.mediaSequence) {
      this.resyncs += 1;
      this.#next = this.#syncSequence(facts);
    }
    const found = facts.segments.get(this.#next);
    if (!found) return;
    if (this.#bufferedMs() > this.#spec.bufferMaxMs) {
      return this.#clock.after(500, () => this.#loadNext());
    }
    this.#want(this.#next, found.url);
  }

  #syncSequence(facts: PlaylistFacts): number {
    return Math.max(facts.mediaSequence, facts.newestSequence - this.#spec.behindSegments + 1);
  }

  #segmentId(sequence: number | 'init', url = ''): string {
    const playlistId = this.#playlistId();
    return segmentIdOf({ playlistId, sequence, partIndex: null, url, byteRange: null });
  }

  #want(sequence: number | 'init', url: string): void {
    const segmentId = this.#segmentId(sequence, url);
    const { nowMs } = this.#clock;
    const isUrgent = sequence === 'init' || !this.#playing;
    const deadlineMs = isUrgent ? nowMs : nowMs + this.#bufferedMs();
    this.#segment = this.#load(segmentId, sequence);
    const request = { segmentId, url, byteRange: null, durationMs: this.#segmentMs };
    this.#loaders.wantSegment(this.#segment.loadId, request, deadlineMs);
  }

  #playlistUrl(): string {
    return resolveUri(`${this.rendition}/playlist.m3u8`, this.#spec.multivariantUrl);
  }

  #playlistId(): string {
    return playlistIdOf(this.#playlistUrl(), this.#spec.multivariantUrl);
  }

  #load(id: string, sequence: Load['sequence']): Load {
    this.#lastId += 1;
    return { loadId: this.#lastId, id, sequence, startedAtMs: this.#clock.nowMs };
  }
}
