/**
 * Moves an fMP4 (ISO BMFF, ISO/IEC 14496-12) media segment along the timeline: sets the decode time of every
 * track and the fragment's sequence number. The few boxes needed are fixed-layout integers.
 */
import { OriginError } from './errors.ts';

interface Box {
  type: string;
  /** First byte after the header. */
  start: number;
  end: number;
}

/** Timescale (ticks per second) by track id, from an init segment. */
export type Timescales = ReadonlyMap<number, number>;

export function readTimescales(init: Buffer): Timescales {
  const timescales = new Map<number, number>();
  for (const moov of boxes(init, 0, init.length, 'moov')) {
    for (const trak of boxes(init, moov.start, moov.end, 'trak')) {
      const tkhd = boxes(init, trak.start, trak.end, 'tkhd')[0];
      const mdia = boxes(init, trak.start, trak.end, 'mdia')[0];
      const mdhd = mdia && boxes(init, mdia.start, mdia.end, 'mdhd')[0];
      if (!tkhd || !mdhd) throw invalid('a track without tkhd or mdhd');
      // Creation and modification time, 32 or 64 bits each by version, come before the wanted field.
      const trackId = init.readUInt32BE(tkhd.start + (init[tkhd.start] === 1 ? 20 : 12));
      timescales.set(trackId, init.readUInt32BE(mdhd.start + (init[mdhd.start] === 1 ? 20 : 12)));
    }
  }
  if (timescales.size === 0) throw invalid('an init segment without tracks');
  return timescales;
}

/**
 * A copy of `segment` whose tracks start `offsetS` seconds later.
 * @throws OriginError `loop_invalid` when it is not a segment of these tracks, or a 32-bit time overflows.
 */
export function shiftSegment(
  segment: Buffer,
  timescales: Timescales,
  offsetS: number,
  sequenceNumber: number,
): Buffer {
  const shifted = Buffer.from(segment);
  for (const sidx of boxes(shifted, 0, shifted.length, 'sidx')) {
    const at = sidx.start + 12;
    const timescale = shifted.readUInt32BE(sidx.start + 8);
    addTime(shifted, at, shifted[sidx.start] === 1, offsetS * timescale);
  }
  const moofs = boxes(shifted, 0, shifted.length, 'moof');
  if (moofs.length === 0) throw invalid('a segment without moof');
  for (const moof of moofs) {
    const mfhd = boxes(shifted, moof.start, moof.end, 'mfhd')[0];
    if (!mfhd) throw invalid('a fragment without mfhd');
    shifted.writeUInt32BE(sequenceNumber >>> 0, mfhd.start + 4);
    for (const track of tracks(shifted, moof)) {
      const timescale = timescales.get(track.trackId);
      if (timescale === undefined) throw invalid(`unknown track ${track.trackId}`);
      addTime(shifted, track.timeAt, track.isLong, offsetS * timescale);
    }
  }
  return shifted;
}

/** Init segment and fragments (`moof` with its `mdat`) of a fragmented file. */
export function splitFragments(file: Buffer): { init: Buffer; fragments: Buffer[] } {
  const moofs = boxes(file, 0, file.length, 'moof').map(({ start }) => start - 8);
  const mdats = boxes(file, 0, file.length, 'mdat').map(({ end }) => end);
  if (moofs.length === 0 || moofs.length !== mdats.length)
    throw invalid('a file without fragments');
  return {
    init: file.subarray(0, moofs[0]),
    fragments: moofs.map((start, index) => file.subarray(start, mdats[index])),
  };
}

/** Decode time in ticks of each track's first sample, by track id. */
export function readDecodeTimes(segment: Buffer): Map<number, bigint> {
  const times = new Map<number, bigint>();
  for (const moof of boxes(segment, 0, segment.length, 'moof')) {
    for (const { trackId, timeAt, isLong } of tracks(segment, moof)) {
      if (times.has(trackId)) continue;
      times.set(
        trackId,
        isLong ? segment.readBigUInt64BE(timeAt) : BigInt(segment.readUInt32BE(timeAt)),
      );
    }
  }
  return times;
}

function tracks(
  segment: Buffer,
  moof: Box,
): { trackId: number; timeAt: number; isLong: boolean }[] {
  return boxes(segment, moof.start, moof.end, 'traf').map((traf) => {
    const tfhd = boxes(segment, traf.start, traf.end, 'tfhd')[0];
    const tfdt = boxes(segment, traf.start, traf.end, 'tfdt')[0];
    if (!tfhd || !tfdt) throw invalid('a track fragment without tfhd or tfdt');
    return {
      trackId: segment.readUInt32BE(tfhd.start + 4),
      timeAt: tfdt.start + 4,
      isLong: segment[tfdt.start] === 1,
    };
  });
}

function addTime(buffer: Buffer, at: number, isLong: boolean, ticks: number): void {
  const sum =
    (isLong ? buffer.readBigUInt64BE(at) : BigInt(buffer.readUInt32BE(at))) + BigInt(ticks);
  if (sum < 0n || sum >= 2n ** (isLong ? 64n : 32n))
    throw invalid(`time ${sum} does not fit its field`);
  if (isLong) buffer.writeBigUInt64BE(sum, at);
  else buffer.writeUInt32BE(Number(sum), at);
}

function boxes(buffer: Buffer, start: number, end: number, type: string): Box[] {
  const found: Box[] = [];
  for (let at = start; at + 8 <= end; ) {
    const size = buffer.readUInt32BE(at);
    if (size < 8 || at + size > end) throw invalid(`a box of ${size} bytes at ${at}`);
    if (buffer.toString('latin1', at + 4, at + 8) === type) {
      found.push({ type, start: at + 8, end: at + size });
    }
    at += size;
  }
  return found;
}

function invalid(message: string): OriginError {
  return new OriginError('loop_invalid', `not a usable fMP4 file: ${message}`);
}
