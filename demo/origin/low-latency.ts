/** Low-Latency HLS out of the loop: segments cut into parts, and answers that are held until there is something new. */
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { splitFragments } from './boxes.ts';
import { OriginError } from './errors.ts';

/** Ten pictures: a segment of two seconds has five. */
export const partDurationS = 0.4;

/** What a request for a playlist may wait for. */
export interface Directives {
  /** Media sequence, and the part of it; null for the whole segment. */
  sequence: number;
  part: number | null;
}

export function directivesOf(query: URLSearchParams): Directives | null {
  const sequence = query.get('_HLS_msn');
  const part = query.get('_HLS_part');
  if (sequence === null || !/^\d{1,15}$/.test(sequence)) return null;
  return {
    sequence: Number(sequence),
    part: part !== null && /^\d{1,4}$/.test(part) ? Number(part) : null,
  };
}

/** Seconds of media after the start of segment `sequenceBase` at which the request can be answered. */
export function answerableAtS(
  { sequence, part }: Directives,
  sequenceBase: number,
  segmentDurationS: number,
): number {
  const startS = (sequence - sequenceBase) * segmentDurationS;
  if (part === null) return startS + segmentDurationS;
  const partsPerSegment = Math.round(segmentDurationS / partDurationS);
  // Past the last part of a segment the first of the next is meant.
  const index = Math.min(part, partsPerSegment);
  return startS + (index + 1) * partDurationS;
}

/**
 * Cuts fMP4 segments into fragments that can be decoded one after another.
 * @throws OriginError `encoder_missing` without ffmpeg, `loop_invalid` when it cannot cut them.
 */
export async function cutIntoParts(
  init: Buffer,
  segments: readonly Buffer[],
  ffmpegPath: string,
): Promise<{ init: Buffer; segments: Buffer[][] }> {
  const child = spawn(
    ffmpegPath,
    [
      ...['-hide_banner', '-loglevel', 'error', '-i', 'pipe:0', '-c', 'copy', '-copyts'],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-use_editlist', '0'],
      ...['-frag_duration', String(partDurationS * 1_000_000), '-f', 'mp4', 'pipe:1'],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) =>
      reject(new OriginError('encoder_missing', `${ffmpegPath} cannot be run`, error)),
    );
  });
  // It may end before it has read everything; what came out says so.
  child.stdin.on('error', () => {});
  child.stdin.end(Buffer.concat([init, ...segments]));
  const cut = splitFragments(await Promise.race([buffer(child.stdout), failed]));
  const partsPerSegment = cut.fragments.length / segments.length;
  if (!Number.isInteger(partsPerSegment) || partsPerSegment === 0)
    throw new OriginError('loop_invalid', 'the loop cannot be cut into equal parts');
  return {
    init: cut.init,
    segments: segments.map((_, index) =>
      cut.fragments.slice(index * partsPerSegment, (index + 1) * partsPerSegment),
    ),
  };
}
