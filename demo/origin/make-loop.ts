/**
 * Makes the committed loop, `loop/`: `node demo/origin/make-loop.ts`. Needs ffmpeg and the font DejaVu Sans Mono.
 * Encodes two rounds and keeps the second, so that the audio encoder is in its steady state where the ends meet.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDecodeTimes, readTimescales, shiftSegment } from './boxes.ts';
import {
  codecs,
  encodeArguments,
  filterGraph,
  frameRate,
  hlsArguments,
  inputArguments,
  ladder,
  type RenditionSpec,
  segmentDurationS,
} from './ladder.ts';
import type { LoopManifest, LoopRendition } from './loop-manifest.ts';

/** 16 s are 750 AAC frames of 1024 samples at 48 kHz: no gap and no overlap where the loop begins again. */
const loopDurationS = 16;
const segmentCount = loopDurationS / segmentDurationS;

async function encode(folder: string): Promise<void> {
  const outputs = ladder.flatMap((spec) => [
    ...encodeArguments(spec),
    ...['-preset', 'slow', '-t', String(2 * loopDurationS + segmentDurationS)],
    ...hlsArguments(join(folder, spec.name)),
    ...['-hls_list_size', '0', join(folder, spec.name, 'playlist.m3u8')],
  ]);
  await Promise.all(ladder.map((spec) => mkdir(join(folder, spec.name))));
  await promisify(execFile)('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...inputArguments(false)],
    ...['-filter_complex', filterGraph(ladder, loopDurationS), ...outputs],
  ]);
}

async function keepSecondRound(
  spec: RenditionSpec,
  from: string,
  to: string,
): Promise<LoopRendition> {
  const init = await readFile(join(from, spec.name, 'init.mp4'));
  const timescales = readTimescales(init);
  await mkdir(join(to, spec.name), { recursive: true });
  await writeFile(join(to, spec.name, 'init.mp4'), init);
  const read = (index: number) => readFile(join(from, spec.name, `${index}.m4s`));
  const segments = await Promise.all(
    Array.from({ length: segmentCount }, async (_, index) =>
      shiftSegment(await read(segmentCount + index), timescales, -loopDurationS, index + 1),
    ),
  );
  assertEndsMeet(segments[0] as Buffer, await read(2 * segmentCount), timescales);
  const segmentFiles = segments.map((_, index) => `${spec.name}/${index}.m4s`);
  await Promise.all(
    segments.map((bytes, index) => writeFile(join(to, segmentFiles[index] ?? ''), bytes)),
  );
  const bits = segments.map((bytes) => (bytes.length * 8) / segmentDurationS);
  return {
    name: spec.name,
    codecs,
    width: spec.width,
    height: spec.height,
    frameRate,
    bandwidth: Math.ceil(Math.max(...bits)),
    averageBandwidth: Math.ceil(bits.reduce((sum, item) => sum + item, 0) / bits.length),
    timescales: Object.fromEntries(
      [...timescales].map(([id, timescale]) => [String(id), timescale]),
    ),
    initFile: `${spec.name}/init.mp4`,
    segmentFiles,
  };
}

/** The segment after the round must start exactly one round after its first segment, on every track. */
function assertEndsMeet(
  first: Buffer,
  next: Buffer,
  timescales: ReadonlyMap<number, number>,
): void {
  const nextTimes = readDecodeTimes(next);
  for (const [trackId, time] of readDecodeTimes(first)) {
    const expected = time + BigInt(2 * loopDurationS * (timescales.get(trackId) ?? 0));
    if (nextTimes.get(trackId) !== expected) throw new Error(`track ${trackId} does not loop`);
  }
}

const target = join(import.meta.dirname, 'loop');
const work = await mkdtemp(join(tmpdir(), 'holdfast-loop-'));
try {
  await encode(work);
  await rm(target, { recursive: true, force: true });
  const renditions = await Promise.all(ladder.map((spec) => keepSecondRound(spec, work, target)));
  const manifest: LoopManifest = { segmentDurationS, loopDurationS, renditions };
  await writeFile(join(target, 'loop.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const { name, bandwidth, averageBandwidth } of renditions) {
    console.log(`${name}: ${averageBandwidth} bit/s on average, ${bandwidth} at most`);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
