/** Replays the committed loop against the wall clock, as if it were being encoded now. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTimescales, shiftSegment, type Timescales } from './boxes.ts';
import type { Encoder } from './encoder.ts';
import { OriginError } from './errors.ts';
import { wait } from './fault.ts';
import { originLimits } from './limits.ts';
import { type LoopRendition, readLoopManifest } from './loop-manifest.ts';
import { answerableAtS, cutIntoParts, directivesOf, partDurationS } from './low-latency.ts';
import { type MediaWindow, mediaPlaylist } from './playlist.ts';

export interface LoopEncoderOptions {
  folder: string;
  /** Names of those to offer. */
  renditions: readonly string[];
  windowSegments: number;
  /** The ffmpeg that cuts segments into low-latency parts; null for none. */
  partsBy: string | null;
  /** The first window is all there ever is. */
  recorded: boolean;
  /** Wall clock at which the segment `mediaSequenceBase` began, in ms since the epoch. */
  startedAtMs: number;
  mediaSequenceBase: number;
  now: () => number;
}

interface LoadedRendition extends LoopRendition {
  init: Buffer;
  /** Each in parts: one where there is no low latency. */
  segments: Buffer[][];
  trackTimescales: Timescales;
}

/** @throws OriginError `loop_invalid`. */
export async function startLoopEncoder(options: LoopEncoderOptions): Promise<Encoder> {
  const manifest = await readLoopManifest(options.folder);
  const { segmentDurationS, loopDurationS } = manifest;
  const offered = manifest.renditions.filter(({ name }) => options.renditions.includes(name));
  const loaded = await Promise.all(offered.map((item) => load(options, item)));
  const renditions = new Map(loaded.map((item) => [item.name, item]));
  const patched = new Map<string, Buffer>();

  const currentWindow = (): MediaWindow => windowOf(options, segmentDurationS);

  function segment(rendition: LoadedRendition, sequence: number, part: number | null): Buffer {
    const window = currentWindow();
    const isTrailing = sequence === window.last + 1 && part !== null;
    if (isTrailing ? part >= (window.parts?.trailing ?? 0) : sequence > window.last)
      throw notFound();
    if (sequence < window.first - originLimits.retainedSegments) throw notFound();
    const key = `${rendition.name}/${sequence}/${part}`;
    let bytes = patched.get(key);
    if (!bytes) {
      const round = Math.floor(sequence / rendition.segments.length);
      const source = rendition.segments[sequence % rendition.segments.length] as Buffer[];
      const cut = part === null ? source : source.slice(part, part + 1);
      if (cut.length === 0) throw notFound();
      // From the media sequence alone, so that the timeline also continues over a restart of the origin.
      const offsetS = round * loopDurationS;
      bytes = Buffer.concat(
        cut.map((each) => shiftSegment(each, rendition.trackTimescales, offsetS, sequence)),
      );
      const oldest = patched.keys().next();
      if (patched.size >= originLimits.patchedSegmentsMax && !oldest.done)
        patched.delete(oldest.value);
      patched.set(key, bytes);
    }
    return bytes;
  }

  return {
    renditions: loaded,
    async read(name, file, query, signal) {
      const rendition = renditions.get(name);
      if (!rendition) throw notFound();
      if (file === 'playlist.m3u8') await hold(options, segmentDurationS, query, signal);
      if (file === 'playlist.m3u8') return Buffer.from(mediaPlaylist(currentWindow()));
      if (file === 'init.mp4') return rendition.init;
      const [, sequence, part] = /^(\d{1,15})(?:-(\d{1,4}))?\.m4s$/.exec(file) ?? [];
      if (sequence === undefined) throw notFound();
      return segment(rendition, Number(sequence), part === undefined ? null : Number(part));
    },
    async close() {
      patched.clear();
    },
  };
}

/** A segment is complete, and listed, once its whole duration has passed. */
function windowOf(options: LoopEncoderOptions, segmentDurationS: number): MediaWindow {
  const segmentDurationMs = segmentDurationS * 1_000;
  const complete = options.recorded
    ? options.windowSegments
    : Math.floor((options.now() - options.startedAtMs) / segmentDurationMs);
  const elapsedMs = options.now() - options.startedAtMs - complete * segmentDurationMs;
  const parts = options.partsBy
    ? {
        durationS: partDurationS,
        perSegment: Math.round(segmentDurationS / partDurationS),
        trailing: Math.floor(elapsedMs / (partDurationS * 1_000)),
      }
    : null;
  const last = options.mediaSequenceBase + Math.max(0, complete) - 1;
  const first = Math.max(options.mediaSequenceBase, last - options.windowSegments + 1);
  const firstStartsAtMs =
    options.startedAtMs + (first - options.mediaSequenceBase) * segmentDurationMs;
  return { first, last, segmentDurationS, firstStartsAtMs, parts, ended: options.recorded };
}

/** Holds a request until what it asks for is there. */
async function hold(
  options: LoopEncoderOptions,
  segmentDurationS: number,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<void> {
  const directives = options.partsBy ? directivesOf(query) : null;
  if (!directives) return;
  // As RFC 8216bis, 6.2.5.2, wants it: nobody waits for what is far off, or will never be.
  if (directives.sequence > windowOf(options, segmentDurationS).last + 2)
    throw new OriginError('reload_refused', 'the segment lies beyond the next two');
  const atS = answerableAtS(directives, options.mediaSequenceBase, segmentDurationS);
  const waitMs = options.startedAtMs + atS * 1_000 - options.now();
  if (waitMs > 0) await wait(waitMs + 1, signal);
}

async function load(
  { folder, partsBy }: LoopEncoderOptions,
  rendition: LoopRendition,
): Promise<LoadedRendition> {
  try {
    const init = await readFile(join(folder, rendition.initFile));
    const segments = await Promise.all(
      rendition.segmentFiles.map((file) => readFile(join(folder, file))),
    );
    const cut = partsBy
      ? await cutIntoParts(init, segments, partsBy)
      : { init, segments: segments.map((segment) => [segment]) };
    return { ...rendition, ...cut, trackTimescales: readTimescales(cut.init) };
  } catch (error) {
    if (error instanceof OriginError) throw error;
    throw new OriginError('loop_invalid', `cannot read the loop: ${String(error)}`, error);
  }
}

function notFound(): OriginError {
  return new OriginError('not_found', 'no such file in the live window');
}
