import { type ByteRange, resolveUri } from './identity.ts';
import { partsPerSegmentBound } from './low-latency.ts';

/** The few facts of a media playlist that the room needs; the text itself is passed on unchanged. */
export interface PlaylistFacts {
  mediaSequence: number;
  /** Media sequence number of the newest whole segment. */
  newestSequence: number;
  /** Grows with every update of a live playlist: newest segment, then its low-latency parts. */
  version: number;
  targetDurationMs: number;
  ended: boolean;
  /** The server holds a reload until it has what the request names (`CAN-BLOCK-RELOAD`). */
  blockingReload: boolean;
  /** Longest low-latency part; null where there are none. */
  partTargetMs: number | null;
  /** Low-latency parts of the segment after the newest whole one. */
  trailingParts: number;
  segments: Map<number, SegmentFacts>;
  /** Low-latency parts, in order. */
  parts: PartFacts[];
  /** Init segments (`EXT-X-MAP`), each once. */
  inits: InitFacts[];
}

export interface InitFacts {
  url: string;
  byteRange: ByteRange | null;
}

export interface PartFacts extends SegmentFacts {
  sequence: number;
  partIndex: number;
}

export interface SegmentFacts {
  url: string;
  byteRange: ByteRange | null;
  durationMs: number;
}

/**
 * Reads a media playlist (RFC 8216).
 * Returns null for anything else, a multivariant playlist included.
 */
export function readMediaPlaylist(text: string, url: string): PlaylistFacts | null {
  if (!text.startsWith('#EXTM3U') || !text.includes('#EXT-X-TARGETDURATION:')) return null;
  const partTarget = /^#EXT-X-PART-INF:.*PART-TARGET=([\d.]+)/m.exec(text)?.[1];
  const facts: PlaylistFacts = {
    mediaSequence: numberAfter(text, '#EXT-X-MEDIA-SEQUENCE:') ?? 0,
    newestSequence: -1,
    version: -1,
    targetDurationMs: (numberAfter(text, '#EXT-X-TARGETDURATION:') ?? 0) * 1_000,
    ended: text.includes('#EXT-X-ENDLIST'),
    blockingReload: text.includes('CAN-BLOCK-RELOAD=YES'),
    partTargetMs: partTarget === undefined ? null : Number(partTarget) * 1_000,
    trailingParts: 0,
    segments: new Map(),
    parts: [],
    inits: readInits(text, url),
  };
  if (!(facts.targetDurationMs > 0) || !Number.isSafeInteger(facts.mediaSequence)) return null;
  facts.trailingParts = readSegments(text, url, facts);
  facts.newestSequence = facts.mediaSequence + facts.segments.size - 1;
  facts.version = facts.newestSequence * partsPerSegmentBound + facts.trailingParts;
  return facts;
}

function readSegments(text: string, url: string, facts: PlaylistFacts): number {
  let durationMs = 0;
  let byteRange: ByteRange | null = null;
  let rangeEnd = 0;
  let parts = 0;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('#EXTINF:')) durationMs = Number.parseFloat(line.slice(8)) * 1_000;
    else if (line.startsWith('#EXT-X-PART:')) {
      const sequence = facts.mediaSequence + facts.segments.size;
      facts.parts.push({ ...readPart(line, url, facts.parts.at(-1)), sequence, partIndex: parts });
      parts += 1;
    } else if (line.startsWith('#EXT-X-BYTERANGE:')) {
      const [length, start] = line.slice(17).split('@').map(Number);
      const from = start ?? rangeEnd;
      rangeEnd = from + (length ?? 0);
      byteRange = { start: from, end: rangeEnd };
    } else if (line !== '' && !line.startsWith('#')) {
      const sequence = facts.mediaSequence + facts.segments.size;
      const segmentUrl = resolveUri(line, url);
      facts.segments.set(sequence, { url: segmentUrl, byteRange, durationMs });
      byteRange = null;
      parts = 0;
    }
  }
  return parts;
}

function readPart(tag: string, baseUrl: string, before: PartFacts | undefined): SegmentFacts {
  const url = resolveUri(/[:,]URI="([^"]+)"/.exec(tag)?.[1] ?? '', baseUrl);
  const durationMs = Number(/[:,]DURATION=([\d.]+)/.exec(tag)?.[1] ?? 0) * 1_000;
  const [length, start] = (/BYTERANGE="([^"]+)"/.exec(tag)?.[1] ?? '').split('@').map(Number);
  if (!length) return { url, byteRange: null, durationMs };
  const from = start ?? (before?.url === url ? (before.byteRange?.end ?? 0) : 0);
  return { url, byteRange: { start: from, end: from + length }, durationMs };
}

function readInits(text: string, url: string): InitFacts[] {
  const inits = new Map<string, InitFacts>();
  for (const [tag, uri = ''] of text.matchAll(/^#EXT-X-MAP:.*?URI="([^"]+)".*$/gm)) {
    const [length, start = 0] = (/BYTERANGE="([^"]+)"/.exec(tag)?.[1] ?? '').split('@').map(Number);
    const byteRange = length ? { start, end: start + length } : null;
    inits.set(`${uri} ${byteRange?.start}`, { url: resolveUri(uri, url), byteRange });
  }
  return [...inits.values()];
}

/** URLs of the media playlists that a multivariant playlist names. */
export function readMultivariantPlaylist(text: string, url: string): string[] {
  if (!text.startsWith('#EXTM3U')) return [];
  const urls = new Set<string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const attribute = line.startsWith('#EXT-X-MEDIA:')
      ? /[:,]URI="([^"]+)"/.exec(line)?.[1]
      : undefined;
    if (attribute !== undefined) urls.add(resolveUri(attribute, url));
    else if (line !== '' && !line.startsWith('#')) urls.add(resolveUri(line, url));
  }
  return [...urls];
}

/** Bits per second that each variant of a multivariant playlist needs at most, by its URL. */
export function readBandwidths(text: string, url: string): [url: string, bitsPerSecond: number][] {
  const variants = /^#EXT-X-STREAM-INF:(?:.*,)?BANDWIDTH=(\d+).*\s+(?:#.*\s+)*(\S+)/gm;
  return [...text.matchAll(variants)].map(([, bandwidth, uri = '']) => [
    resolveUri(uri, url),
    Number(bandwidth),
  ]);
}

function numberAfter(text: string, tag: string): number | null {
  const at = text.indexOf(tag);
  if (at < 0) return null;
  const value = Number.parseInt(text.slice(at + tag.length), 10);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
