import type { PeerMessage } from '../../sdk/core/peer-wire.ts';
import { limits } from '../../signaling/protocol/index.ts';

/** One random thing that happens; what the numbers mean depends on the kind. */
export interface Step {
  kind: string;
  peer: number;
  a: number;
  b: number;
  flag: boolean;
}

export const stepKinds = [
  'wait',
  'woke',
  'welcome',
  'directive',
  'linkOpened',
  'linkClosed',
  'hello',
  'message',
  'refused',
  'wantSegment',
  'abandonSegment',
  'wantPlaylist',
  'playlistFetched',
  'playlistFailed',
  'fetchHeaders',
  'fetchPart',
  'fetchProgress',
  'fetchEnded',
  'fetchFailed',
  'partProgress',
  'partReceived',
  'partSent',
  'profile',
  'buffer',
  'signalingClosed',
  'page',
  'disturbed',
  'bye',
  'stray',
  'restored',
] as const;

export const playlistId = 'high/playlist.m3u8';
export const multivariantUrl = 'https://edge.example/live/master.m3u8';
export const playlistUrl = `https://edge.example/live/${playlistId}`;
export const partCount = 3;
export const sizeBytes = limits.partBytes * (partCount - 1) + 100;

export function segmentIdOf(n: number): string {
  return `${playlistId}#${100 + (n % 4)}`;
}

export function urlOf(n: number): string {
  return `https://edge.example/live/high/${100 + (n % 4)}.m4s`;
}

export function playlistText(n: number): string {
  const oldest = 100 + (n % 5);
  const segments = [0, 1, 2].map((index) => `#EXTINF:2,\n${oldest + index}.m4s`);
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${oldest}\n${segments.join('\n')}\n`;
}

export function failureOf(n: number) {
  if (n % 3 === 0) return { status: 404, reason: 'status' as const };
  if (n % 3 === 1) return { status: null, reason: 'network' as const };
  return { status: null, reason: 'offline' as const };
}

/** Anything that the wire lets through, honest or not. */
export function messageOf(a: number, b: number, flag: boolean): PeerMessage {
  const segment = segmentIdOf(b);
  const part = a % (partCount + 1);
  const requestId = 1 + (a % 40);
  const kinds: PeerMessage[] = [
    { type: 'want', segment },
    { type: 'unwant', segment },
    { type: 'holding', segment, sizeBytes, parts: [part], complete: false, fetching: flag },
    { type: 'holding', segment, sizeBytes, parts: [], complete: true, fetching: false },
    { type: 'holding', segment, sizeBytes: null, parts: [], complete: false, fetching: flag },
    { type: 'unable', segment },
    {
      ...{ type: 'holding', segment, sizeBytes, parts: [], complete: false, fetching: flag },
      digests: Array(partCount).fill('d'.repeat(43)),
    },
    { type: 'playlistUnable', playlistId },
    { type: 'request', requestId: a, segment, part },
    { type: 'refuse', requestId, reason: flag ? 'busy' : 'missing' },
    { type: 'cancel', requestId: a },
    { type: 'playlist', playlistId, text: playlistText(b) },
    { type: 'holding', segment, sizeBytes, parts: [0, 1, 2], complete: false, fetching: false },
    { type: 'request', requestId: a + b, segment, part },
    { type: 'follow', follows: [{ playlistId, version: b }] },
    { type: 'want', segment: `other#${a}.${b}` },
    { type: 'reading', segment, bytes: a * 1_000 },
  ];
  return kinds[(a + b) % kinds.length] as PeerMessage;
}

export function pick<T>(items: readonly T[], index: number): T | undefined {
  return items.length === 0 ? undefined : items[index % items.length];
}
