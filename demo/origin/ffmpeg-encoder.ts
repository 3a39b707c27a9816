/** A real encoder: one ffmpeg process that writes a live HLS window of all renditions into a temporary folder. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Encoder } from './encoder.ts';
import { OriginError } from './errors.ts';
import { wait } from './fault.ts';
import {
  audioArguments,
  audioCodecs,
  codecs,
  encodeArguments,
  filterGraph,
  frameRate,
  hlsArguments,
  inputArguments,
  type RenditionSpec,
  videoArguments,
} from './ladder.ts';
import { originLimits } from './limits.ts';
import type { PlaylistRendition } from './playlist.ts';

export interface FfmpegEncoderOptions {
  specs: readonly RenditionSpec[];
  windowSegments: number;
  mediaSequenceBase: number;
  /** Sound in a rendition of its own. */
  separateAudio: boolean;
  /** Default `ffmpeg`, found in the path. */
  ffmpegPath: string;
  /** Called once if the process ends by itself after the start. */
  onFailure?: ((error: OriginError) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Ends when every rendition has the three segments that a live playlist needs (RFC 8216, 6.3.3), after about 7 s.
 * @throws OriginError `encoder_missing`, `encoder_failed` or `encoder_timeout`.
 */
export async function startFfmpegEncoder(options: FfmpegEncoderOptions): Promise<Encoder> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-encoder-'));
  const names = namesOf(options);
  await Promise.all(names.map((name) => mkdir(join(folder, name))));
  const encoder = startProcess(folder, options);
  const close = async (): Promise<void> => {
    await encoder.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(folder, encoder, options);
  } catch (error) {
    await close();
    throw error;
  }
  if (encoder.failure) options.onFailure?.(encoder.failure);
  else encoder.onFailure = options.onFailure;
  return {
    renditions: options.specs.map(describe),
    audio: options.separateAudio ? { name: audioName, codecs: audioCodecs } : null,
    async read(rendition, file) {
      if (encoder.failure) throw encoder.failure;
      if (!names.includes(rendition)) throw notFound();
      if (!/^(playlist\.m3u8|init\.mp4|\d{1,15}\.m4s)$/.test(file)) throw notFound();
      return await readFile(join(folder, rendition, file)).catch((error: unknown) => {
        throw notFound(error);
      });
    },
    close,
  };
}

const audioName = 'audio';

function namesOf({ specs, separateAudio }: FfmpegEncoderOptions): string[] {
  return [...specs.map((spec) => spec.name), ...(separateAudio ? [audioName] : [])];
}

interface EncoderProcess {
  failure: OriginError | null;
  /** Aborted when the process has ended. */
  ended: AbortSignal;
  onFailure: ((error: OriginError) => void) | undefined;
  kill(): Promise<void>;
}

function startProcess(folder: string, options: FfmpegEncoderOptions): EncoderProcess {
  const child = spawn(options.ffmpegPath, liveArguments(folder, options), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new AbortController();
  let log = '';
  let killed = false;
  const killWithUs = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', killWithUs);
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-originLimits.encoderLogBytesMax);
  });
  const state: EncoderProcess = {
    failure: null,
    ended: ended.signal,
    onFailure: undefined,
    async kill() {
      killed = true;
      child.kill('SIGKILL');
      await wait(null, ended.signal);
    },
  };
  const end = (failure: OriginError): void => {
    if (ended.signal.aborted) return;
    process.off('exit', killWithUs);
    if (!killed) state.failure = failure;
    ended.abort();
    if (!killed) state.onFailure?.(failure);
  };
  child.once('error', (error) => end(spawnError(error, options.ffmpegPath)));
  child.once('close', (code, signal) =>
    end(new OriginError('encoder_failed', `ffmpeg ended with ${signal ?? code}: ${log.trim()}`)),
  );
  return state;
}

function liveArguments(folder: string, options: FfmpegEncoderOptions): string[] {
  const { specs, separateAudio } = options;
  const pictures = specs.map((spec) => ({
    name: spec.name,
    encode: [
      ...(separateAudio ? videoArguments(spec) : encodeArguments(spec)),
      ...['-preset', 'veryfast'],
    ],
  }));
  const sound = { name: audioName, encode: audioArguments(specs[0]?.audioBitsPerSecond ?? 0) };
  const outputs = [...pictures, ...(separateAudio ? [sound] : [])].flatMap(({ name, encode }) => [
    ...encode,
    ...hlsArguments(join(folder, name)),
    ...['-hls_flags', 'delete_segments+program_date_time+independent_segments+temp_file'],
    ...['-hls_list_size', String(options.windowSegments)],
    ...['-hls_delete_threshold', String(originLimits.retainedSegments)],
    ...['-start_number', String(options.mediaSequenceBase), join(folder, name, 'playlist.m3u8')],
  ]);
  // A pipe that nobody holds any more ends ffmpeg even when this process is killed without warning.
  const leash = ['-map', '1:a', '-c:a', 'pcm_s16le', '-ar', '8000', '-f', 's16le', 'pipe:1'];
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...inputArguments(true)],
    ...['-filter_complex', filterGraph(specs, 3_600), ...outputs, ...leash],
  ];
}

async function ready(
  folder: string,
  encoder: EncoderProcess,
  options: FfmpegEncoderOptions,
): Promise<void> {
  const { windowSegments, signal } = options;
  const needed = Math.min(3, windowSegments);
  const giveUpAtMs = performance.now() + originLimits.encoderReadyWithinMs;
  const playlists = namesOf(options).map((name) => join(folder, name, 'playlist.m3u8'));
  for (;;) {
    if (encoder.failure) throw encoder.failure;
    if (signal?.aborted) throw new OriginError('aborted', 'the start was cancelled', signal.reason);
    const counts = await Promise.all(playlists.map(countSegments));
    if (counts.every((count) => count >= needed)) return;
    if (performance.now() > giveUpAtMs) {
      throw new OriginError(
        'encoder_timeout',
        `too few segments within ${originLimits.encoderReadyWithinMs} ms`,
      );
    }
    await wait(100, encoder.ended, ...(signal ? [signal] : []));
  }
}

async function countSegments(playlistPath: string): Promise<number> {
  // Not there yet counts as none.
  const text = await readFile(playlistPath, 'utf8').catch(() => '');
  return text.split('#EXTINF:').length - 1;
}

function describe(spec: RenditionSpec): PlaylistRendition {
  const averageBandwidth = spec.videoBitsPerSecond + spec.audioBitsPerSecond;
  // The rate control's buffer is half a second: a segment of two can exceed the average by a quarter.
  return {
    ...spec,
    codecs,
    frameRate,
    averageBandwidth,
    bandwidth: Math.ceil(averageBandwidth * 1.25),
  };
}

function spawnError(error: NodeJS.ErrnoException, path: string): OriginError {
  return error.code === 'ENOENT'
    ? new OriginError('encoder_missing', `${path} is not installed: apt-get install ffmpeg`, error)
    : new OriginError('encoder_failed', `${path} cannot be run: ${error.message}`, error);
}

function notFound(cause?: unknown): OriginError {
  return new OriginError('not_found', 'no such file in the live window', cause);
}
