/**
 * The live origin of the demo and the tests.
 *
 *   const origin = await startOrigin({ encoder: 'loop', control: true });
 *   origin.playlistUrl                  // http://127.0.0.1:PORT/live/main.m3u8
 *   origin.setFault({ kind: 'refuse' }) // see fault.ts; { kind: 'none' } ends it
 *   origin.counters()                   // see counters.ts
 *   await origin.close();
 *
 * Serves `/live/main.m3u8`, `/live/<rendition>/playlist.m3u8`, `/live/<rendition>/init.mp4` and
 * `/live/<rendition>/<mediaSequence>.m4s`; with `control` also `/control/fault` and `/control/counters`.
 * Renditions are `high` (1.4 Mbit/s) and `low` (0.4 Mbit/s), segments last 2 s.
 */
import { join } from 'node:path';
import type { Counters } from './counters.ts';
import type { Encoder } from './encoder.ts';
import { OriginError } from './errors.ts';
import type { Fault } from './fault.ts';
import { startFfmpegEncoder } from './ffmpeg-encoder.ts';
import { ladder, type RenditionSpec, segmentDurationS } from './ladder.ts';
import { originLimits } from './limits.ts';
import { startLoopEncoder } from './loop-encoder.ts';
import { multivariantPlaylist } from './playlist.ts';
import { type Resource, startLiveServer } from './server.ts';

export interface OriginOptions {
  /** `loop` replays the committed loop, `ffmpeg` runs a real encoder. Default `loop`. */
  encoder?: 'loop' | 'ffmpeg';
  /** Low-Latency HLS: parts of 0.4 s, and playlists that are held until they are new. Default false. `loop` only; needs ffmpeg. */
  lowLatency?: boolean;
  /** A recording of one window instead of a live stream. Default false. `loop` only. */
  recorded?: boolean;
  /** Sound in a rendition of its own, `audio`, as `EXT-X-MEDIA`. Default false. `ffmpeg` only. */
  separateAudio?: boolean;
  /** Names of those to offer, of `high` and `low`. Default both. */
  renditions?: readonly string[];
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** Segments in the playlist, 1 to 60. Default 6. */
  windowSegments?: number;
  /**
   * Wall clock, in ms since the epoch, at which the first segment began. Default: one window ago, so that the
   * playlist is full at once. Give the same value again to continue a stream after a restart. `loop` only.
   */
  startedAtMs?: number;
  /** Media sequence of the first segment. Default 1000. */
  mediaSequenceBase?: number;
  /** Serves `/control/*` to loopback clients. Default false. */
  control?: boolean;
  /** Added before every answer. Default 0. */
  latencyMs?: number;
  /** Default `ffmpeg`, found in the path. */
  ffmpegPath?: string;
  /** Folder of the loop; default the committed one. */
  loopFolder?: string;
  /** Called once if a running encoder dies; every request is then answered with 503 `encoder_failed`. */
  onFailure?: (error: OriginError) => void;
  /** Wall clock of the loop. Default `Date.now`. */
  now?: () => number;
  /** For faults that hit a share of the requests. Default `Math.random`. */
  random?: () => number;
  /** Cancels the start. */
  signal?: AbortSignal;
}

export interface Origin {
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The multivariant playlist. */
  readonly playlistUrl: string;
  /** Names, best first. */
  readonly renditions: readonly string[];
  readonly fault: Fault;
  /** @throws OriginError `fault_invalid`. */
  setFault(fault: Fault): void;
  counters(): Counters;
  resetCounters(): void;
  /** Ends connections, port and encoder; removes the encoder's files. Can be called again. */
  close(): Promise<void>;
}

/** @throws OriginError `option_invalid`, `loop_invalid`, `encoder_*`, `listen_failed` or `aborted`. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const encoder = await startEncoder(options);
  try {
    const server = await startLiveServer({
      ...options,
      resolve: (...request) => resolve(encoder, ...request),
    });
    return {
      url: server.url,
      port: server.port,
      playlistUrl: `${server.url}/live/main.m3u8`,
      renditions: encoder.renditions.map((item) => item.name),
      get fault() {
        return server.gate.fault;
      },
      setFault: server.setFault,
      counters: server.counters,
      resetCounters: server.resetCounters,
      async close() {
        await server.close();
        await encoder.close();
      },
    };
  } catch (error) {
    await encoder.close();
    throw error;
  }
}

async function startEncoder(options: OriginOptions): Promise<Encoder> {
  const windowSegments = integer(
    'windowSegments',
    options.windowSegments ?? 6,
    1,
    originLimits.windowSegmentsMax,
  );
  const mediaSequenceBase = integer(
    'mediaSequenceBase',
    options.mediaSequenceBase ?? 1_000,
    0,
    2 ** 31,
  );
  const specs = offered(options.renditions);
  if (options.encoder === 'ffmpeg') {
    const { onFailure, signal, ffmpegPath = 'ffmpeg', separateAudio = false } = options;
    return await startFfmpegEncoder({
      specs,
      windowSegments,
      mediaSequenceBase,
      ffmpegPath,
      separateAudio,
      onFailure,
      signal,
    });
  }
  const now = options.now ?? Date.now;
  return await startLoopEncoder({
    folder: options.loopFolder ?? join(import.meta.dirname, 'loop'),
    startedAtMs: options.startedAtMs ?? now() - windowSegments * segmentDurationS * 1_000,
    renditions: specs.map(({ name }) => name),
    windowSegments,
    recorded: options.recorded ?? false,
    partsBy: options.lowLatency ? (options.ffmpegPath ?? 'ffmpeg') : null,
    mediaSequenceBase,
    now,
  });
}

function offered(names: readonly string[] | undefined): readonly RenditionSpec[] {
  if (!names) return ladder;
  const specs = ladder.filter(({ name }) => names.includes(name));
  if (specs.length === names.length && specs.length > 0) return specs;
  const known = ladder.map(({ name }) => name).join(', ');
  throw new OriginError('option_invalid', `renditions: some of ${known}, not ${names.join(', ')}`);
}

async function resolve(
  encoder: Encoder,
  path: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Resource> {
  if (path === '/live/main.m3u8') {
    return resource(
      'playlist',
      Buffer.from(multivariantPlaylist(encoder.renditions, encoder.audio)),
    );
  }
  const [, rendition = '', file = ''] = /^\/live\/([\w-]+)\/([\w.-]+)$/.exec(path) ?? [];
  const bytes = await encoder.read(rendition, file, query, signal);
  if (file.endsWith('.m3u8')) return resource('playlist', bytes);
  return resource(file === 'init.mp4' ? 'init' : 'segment', bytes);
}

function resource(kind: Resource['kind'], bytes: Buffer): Resource {
  return { kind, sizeBytes: bytes.length, read: (start, end) => [bytes.subarray(start, end)] };
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new OriginError('option_invalid', `${name} must be a whole number from ${min} to ${max}`);
}
