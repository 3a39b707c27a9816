/** The description of the committed loop, `loop/loop.json`, checked when it is read. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { OriginError } from './errors.ts';

const positive = v.pipe(v.number(), v.finite(), v.minValue(1));
const fileName = v.pipe(v.string(), v.regex(/^[\w-]+(\/[\w-]+)*\.\w+$/));

const rendition = v.object({
  name: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
  codecs: v.string(),
  width: positive,
  height: positive,
  frameRate: positive,
  /** Of the heaviest segment, in bits per second, as `BANDWIDTH` in HLS. */
  bandwidth: positive,
  averageBandwidth: positive,
  /** Ticks per second by track id. */
  timescales: v.record(v.string(), positive),
  initFile: fileName,
  segmentFiles: v.pipe(v.array(fileName), v.minLength(1)),
});

const manifest = v.object({
  segmentDurationS: positive,
  /** A whole number of segments, video frames and audio frames, so that the loop's ends meet. */
  loopDurationS: positive,
  renditions: v.pipe(v.array(rendition), v.minLength(1)),
});

export type LoopRendition = v.InferOutput<typeof rendition>;
export type LoopManifest = v.InferOutput<typeof manifest>;

/** @throws OriginError `loop_invalid`. */
export async function readLoopManifest(folder: string): Promise<LoopManifest> {
  try {
    const parsed = v.parse(manifest, JSON.parse(await readFile(join(folder, 'loop.json'), 'utf8')));
    const segmentCount = parsed.loopDurationS / parsed.segmentDurationS;
    if (parsed.renditions.some((item) => item.segmentFiles.length !== segmentCount)) {
      throw new Error('number of segments does not match the durations');
    }
    return parsed;
  } catch (error) {
    throw new OriginError(
      'loop_invalid',
      `${folder} holds no usable loop: ${String(error)}`,
      error,
    );
  }
}
