import type { SessionEvents } from '../events.ts';

export interface PlaybackEvents {
  onStall(stall: SessionEvents['stall']): void;
  /** About once a second while an element is set. */
  onBuffer(bufferMs: number | null): void;
}

const measureEveryMs = 1_000;
/** Two ranges of the buffer that lie closer than this play through. */
const gapSeconds = 0.1;

/** Reads playhead, buffer and stalls off the media element. */
export class Playback {
  #media: HTMLMediaElement | null = null;
  #events: PlaybackEvents;
  #listening: AbortController | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stalledAtMs: number | null = null;
  #hasPlayed = false;
  stallCount = 0;
  #stallMs = 0;

  constructor(events: PlaybackEvents) {
    this.#events = events;
  }

  get media(): HTMLMediaElement | null {
    return this.#media;
  }

  set media(media: HTMLMediaElement | null) {
    if (media === this.#media) return;
    this.close();
    this.#media = media;
    if (!media) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    media.addEventListener('waiting', () => this.#waiting(), { signal });
    media.addEventListener('timeupdate', () => this.#moved(), { signal });
    media.addEventListener('emptied', () => this.#emptied(), { signal });
    this.#timer = setInterval(() => this.#events.onBuffer(this.bufferMs), measureEveryMs);
  }

  /** Media ahead of the playhead; null before playback. */
  get bufferMs(): number | null {
    const media = this.#media;
    if (!media || media.readyState === 0) return null;
    const { buffered, currentTime } = media;
    let end = currentTime;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= end + gapSeconds && buffered.end(index) > end)
        end = buffered.end(index);
    }
    return (end - currentTime) * 1_000;
  }

  get stallMs(): number {
    return this.#stallMs + (this.#stalledAtMs === null ? 0 : performance.now() - this.#stalledAtMs);
  }

  /** Milliseconds until the playhead reaches a time of the media; 0 before there is anything to play. */
  untilMs(mediaSeconds: number): number {
    const media = this.#media;
    if (!media || media.buffered.length === 0) return 0;
    // Before the first frame the playhead may still have to jump to where the buffer begins.
    const playheadSeconds = Math.max(
      media.currentTime,
      this.#hasPlayed ? 0 : media.buffered.start(0),
    );
    return Math.max(0, ((mediaSeconds - playheadSeconds) * 1_000) / (media.playbackRate || 1));
  }

  close(): void {
    this.#listening?.abort();
    this.#listening = null;
    clearInterval(this.#timer);
    this.#media = null;
    this.#emptied();
  }

  #waiting(): void {
    const media = this.#media;
    if (!media || !this.#hasPlayed || media.seeking || media.paused || this.#stalledAtMs !== null)
      return;
    this.#stalledAtMs = performance.now();
    this.stallCount += 1;
    this.#events.onStall({ startedAtMs: this.#stalledAtMs, durationMs: null });
  }

  #moved(): void {
    this.#hasPlayed ||= (this.#media?.currentTime ?? 0) > 0 && this.#media?.paused === false;
    const startedAtMs = this.#stalledAtMs;
    if (startedAtMs === null || (this.#media?.readyState ?? 0) < 3) return;
    const durationMs = performance.now() - startedAtMs;
    this.#stallMs += durationMs;
    this.#stalledAtMs = null;
    this.#events.onStall({ startedAtMs, durationMs });
  }

  #emptied(): void {
    this.#hasPlayed = false;
    this.#stalledAtMs = null;
  }
}
