import type { SessionEvents } from '../events.ts';

export interface PlaybackEvents {
  onStall(stall: SessionEvents['stall']): void;
  /** About once a second while an element is set, and as other media begins. */
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
  #rate = 1;
  /** The user, or the player, has chosen another rate. */
  #isRateTaken = false;

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
    this.#begin();
    if (!media) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    media.addEventListener('waiting', () => this.#waiting(), { signal });
    media.addEventListener('timeupdate', () => this.#moved(), { signal });
    media.addEventListener('emptied', () => this.#begin(), { signal });
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

  /** Plays faster or slower, unless somebody else has changed the rate. */
  setRate(rate: number): void {
    const media = this.#media;
    if (!media) return;
    this.#isRateTaken ||= media.playbackRate !== this.#rate;
    if (this.#isRateTaken) return;
    media.playbackRate = rate;
    // As the element has rounded it.
    this.#rate = media.playbackRate;
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
    this.setRate(1);
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

  /** A load has set the rate back, whoever had chosen it: what held for the media before it is over. */
  #begin(): void {
    this.#emptied();
    this.#events.onBuffer(null);
  }

  #emptied(): void {
    this.#hasPlayed = false;
    this.#stalledAtMs = null;
    this.#rate = 1;
    this.#isRateTaken = false;
  }
}
