import * as limits from './limits.ts';

/**
 * Names that are the same on every viewer whatever edge, token or query string it uses.
 * A playlist is named by its path relative to the multivariant playlist; a segment by its playlist
 * and its media sequence number (or by its URI and byte range where it has no number).
 */

/** There is one multivariant playlist to a room, so it needs no name of its own. */
export const multivariantId = 'multivariant';

/** Path of a playlist below the folder of its multivariant playlist, or its whole path where it lies elsewhere. */
export function playlistIdOf(url: string, multivariantUrl: string): string {
  const path = pathOf(url);
  const folder = folderOf(pathOf(multivariantUrl));
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** Where a publisher's descriptors lie: beside the multivariant playlist, under the same token. */
export function descriptorsUrlOf(multivariantUrl: string): string {
  const query = /\?[^#]*/.exec(multivariantUrl)?.[0] ?? '';
  return resolveUri('holdfast.jsonl', multivariantUrl) + query;
}

export interface SegmentName {
  playlistId: string;
  /** Media sequence number, or `init` for an init segment. */
  sequence: number | 'init';
  /** Index of a low-latency part inside the segment; null for the whole segment. */
  partIndex: number | null;
  /** Needed only to tell init segments of one playlist apart. */
  url: string;
  byteRange: ByteRange | null;
}

/** First byte and the byte after the last one, as in HLS's `EXT-X-BYTERANGE`. */
export interface ByteRange {
  start: number;
  end: number;
}

export function segmentIdOf(name: SegmentName): string {
  if (name.sequence === 'init') {
    const range = name.byteRange ? `@${name.byteRange.start}-${name.byteRange.end}` : '';
    return `${name.playlistId}#init:${pathOf(name.url).split('/').pop() ?? ''}${range}`;
  }
  const part = name.partIndex === null ? '' : `.${name.partIndex}`;
  return `${name.playlistId}#${name.sequence}${part}`;
}

export function playlistOfSegment(segmentId: string): string {
  return segmentId.slice(0, segmentId.lastIndexOf('#'));
}

/** Scheme and host of a URL: what an edge is known by. */
export function originOf(url: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url);
  return match ? match[0].toLowerCase() : '';
}

export function pathOf(url: string): string {
  const withoutOrigin = url.slice(originOf(url).length);
  return withoutOrigin.split(/[?#]/, 1)[0] || '/';
}

/** Resolves a URI of a playlist against the URL it was loaded from (RFC 3986 for what HLS uses). */
export function resolveUri(uri: string, baseUrl: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri)) return uri;
  const origin = originOf(baseUrl);
  if (uri.startsWith('//')) return origin.split('//', 1)[0] + uri;
  if (uri.startsWith('/')) return origin + uri;
  const path: string[] = [];
  const relative = /^([^?#]*)(.*)$/s.exec(uri);
  for (const step of (folderOf(pathOf(baseUrl)) + (relative?.[1] ?? '')).split('/')) {
    if (step === '..') {
      if (path.length > 1) path.pop();
    } else if (step !== '.') path.push(step);
  }
  return origin + path.join('/') + (relative?.[2] ?? '');
}

/** Whether an id of a playlist or a segment fits the wire. */
export function isNameable(id: string): boolean {
  return id !== '' && utf8Bytes(JSON.stringify(id)) - 2 <= limits.segmentIdBytesMax;
}

export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // The two halves of a surrogate pair are four bytes together.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}
