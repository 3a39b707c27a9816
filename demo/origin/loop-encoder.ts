/** Replays the committed loop against the wall clock, as if it were being encoded now. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTimescales, shiftSegment, type Timescales } from './boxes.ts';
import type { Encoder } from './encoder.ts';
import { OriginError } from './errors.ts';
import { originLimits } from './limits.ts';
import { type LoopRendition, readLoopManifest } from './loop-manifest.ts';
import { type MediaWindow, mediaPlaylist } from './playlist.ts';

export interface LoopEncoderOptions {
  folder: string;
  windowSegments: number;
  /** Wall clock at which the segment `mediaSequenceBase` began, in ms since the epoch. */
  startedAtMs: number;
  mediaSequenceBase: number;
  now: () => number;
}

interface LoadedRendition extends LoopRendition {
  init: Buffer;
  segments: Buffer[];
  trackTimescales: Timescales;
}

/** @throws OriginError `loop_invalid`. */
export async function startLoopEncoder(options: LoopEncoderOptions): Promise<Encoder> {
  const manifest = await readLoopManifest(options.folder);
  const { segmentDurationS, loopDurationS } = manifest;
  const loaded = await Promise.all(manifest.renditions.map((item) => load(options.folder, item)));
  const renditions = new Map(loaded.map((item) => [item.name, item]));
  const patched = new Map<string, Buffer>();

  /** A segment is complete, and listed, once its whole duration has passed. */
  function currentWindow(): MediaWindow {
    const segmentDurationMs = segmentDurationS * 1_000;
    const complete = Math.floor((options.now() - options.startedAtMs) / segmentDurationMs);
    const last = options.mediaSequenceBase + Math.max(0, complete) - 1;
    const first = Math.max(options.mediaSequenceBase, last - options.windowSegments + 1);
    const firstStartsAtMs =
      options.startedAtMs + (first - options.mediaSequenceBase) * segmentDurationMs;
    return { first, last, segmentDurationS, firstStartsAtMs };
  }

  function segment(rendition: LoadedRendition, sequence: number): Buffer {
    const window = currentWindow();
    if (sequence > window.last || sequence < window.first - originLimits.retainedSegments)
      throw notFound();
    const key = `${rendition.name}/${sequence}`;
    let bytes = patched.get(key);
    if (!bytes) {
      const round = Math.floor(sequence / rendition.segments.length);
      const source = rendition.segments[sequence % rendition.segments.length] as Buffer;
      // From the media sequence alone, so that the timeline also continues over a restart of the origin.
      bytes = shiftSegment(source, rendition.trackTimescales, round * loopDurationS, sequence);
      const oldest = patched.keys().next();
      if (patched.size >= originLimits.patchedSegmentsMax && !oldest.done)
        patched.delete(oldest.value);
      patched.set(key, bytes);
    }
    return bytes;
  }

  return {
    renditions: loaded,
    async read(name, file) {
      const rendition = renditions.get(name);
      if (!rendition) throw notFound();
      if (file === 'playlist.m3u8') return Buffer.from(mediaPlaylist(currentWindow()));
      if (file === 'init.mp4') return rendition.init;
      const sequence = /^(\d{1,15})\.m4s$/.exec(file)?.[1];
      if (sequence === undefined) throw notFound();
      return segment(rendition, Number(sequence));
    },
    async close() {
      patched.clear();
    },
  };
}

async function load(folder: string, rendition: LoopRendition): Promise<LoadedRendition> {
  try {
    const init = await readFile(join(folder, rendition.initFile));
    const segments = await Promise.all(
      rendition.segmentFiles.map((file) => readFile(join(folder, file))),
    );
    return { ...rendition, init, segments, trackTimescales: readTimescales(init) };
  } catch (error) {
    if (error instanceof OriginError) throw error;
    throw new OriginError('loop_invalid', `cannot read the loop: ${String(error)}`, error);
  }
}

function notFound(): OriginError {
  return new OriginError('not_found', 'no such file in the live window');
}
