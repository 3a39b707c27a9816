import { hashToUnit } from '../../../sdk/core/swarm/rendezvous.ts';

export interface RenditionSpec {
  name: string;
  bitsPerSecond: number;
}

export interface StreamSpec {
  segmentMs: number;
  windowSegments: number;
  renditions: RenditionSpec[];
}

const initBytes = 1_200;
/** Segments that were there before the simulation began, so that its first viewer finds a whole window. */
const firstSequence = 1_000;

/** A live stream as its encoder makes it: what is published when, and how large it is. */
export class LiveStream {
  readonly spec: StreamSpec;
  /** The encoder makes nothing new while it is down. */
  #pausedAtMs: number | null = null;
  #pausedMs = 0;

  constructor(spec: StreamSpec) {
    this.spec = spec;
  }

  stop(nowMs: number): void {
    this.#pausedAtMs ??= nowMs;
  }

  start(nowMs: number): void {
    if (this.#pausedAtMs !== null) this.#pausedMs += nowMs - this.#pausedAtMs;
    this.#pausedAtMs = null;
  }

  newestSequence(nowMs: number): number {
    const activeMs = (this.#pausedAtMs ?? nowMs) - this.#pausedMs;
    return firstSequence + Math.floor(activeMs / this.spec.segmentMs);
  }

  /** What a viewer that comes now could play without waiting: the live edge in media time. */
  oldestSequence(nowMs: number): number {
    return this.newestSequence(nowMs) - this.spec.windowSegments + 1;
  }

  multivariant(): string {
    const lines = this.spec.renditions.flatMap(({ name, bitsPerSecond }) => [
      `#EXT-X-STREAM-INF:BANDWIDTH=${bitsPerSecond}`,
      `${name}/playlist.m3u8`,
    ]);
    return ['#EXTM3U', ...lines, ''].join('\n');
  }

  playlist(nowMs: number): string {
    const seconds = (this.spec.segmentMs / 1_000).toFixed(3);
    const oldest = this.oldestSequence(nowMs);
    const segments = Array.from({ length: this.spec.windowSegments }, (_, index) => [
      `#EXTINF:${seconds},`,
      `${oldest + index}.m4s`,
    ]);
    return [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      `#EXT-X-TARGETDURATION:${Math.ceil(this.spec.segmentMs / 1_000)}`,
      `#EXT-X-MEDIA-SEQUENCE:${oldest}`,
      '#EXT-X-MAP:URI="init.mp4"',
      ...segments.flat(),
      '',
    ].join('\n');
  }

  /** When the segment appeared in the playlist. */
  publishedAtMs(sequence: number): number {
    return (sequence - firstSequence) * this.spec.segmentMs + this.#pausedMs;
  }

  /** Size by path below the stream's folder; null when it is not published now. */
  sizeOf(path: string, nowMs: number): number | null {
    const sequence = Number.parseInt(path.split('/')[1] ?? '', 10);
    // Servers delete a segment some time after it left the playlist.
    if (sequence > this.newestSequence(nowMs)) return null;
    if (sequence < this.oldestSequence(nowMs) - this.spec.windowSegments) return null;
    return this.bytesOf(path);
  }

  bytesOf(path: string): number | null {
    const [rendition, file] = path.split('/');
    const spec = this.spec.renditions.find(({ name }) => name === rendition);
    if (!spec || file === undefined) return null;
    if (file === 'init.mp4') return initBytes;
    const mean = (spec.bitsPerSecond / 8_000) * this.spec.segmentMs;
    return Math.round(mean * (0.85 + 0.3 * hashToUnit(path)));
  }
}
