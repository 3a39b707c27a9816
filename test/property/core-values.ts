import type { CoreEvent } from '../../sdk/core/core.ts';
import type { PeerMessage } from '../../sdk/core/peer-wire.ts';
import { type EdgesBody, limits } from '../../signaling/protocol/index.ts';

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
  'edges',
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

/** The player names the first of them. */
export const edgeIds: readonly string[] = ['edge', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Any of the edges, as the server may list them; now and then an older list. */
export function edgesOf(a: number, b: number, version: number): EdgesBody {
  const edges = edgeIds
    .filter((_, index) => ((a * 37 + b) >> index) % 2 === 0)
    .map((edgeId, index) => ({
      edgeId,
      name: edgeId,
      baseUrl: `${(a + index) % 7 === 6 ? 'http' : 'https'}://${edgeId}.example/live/`,
      region: null,
      kpis: index % 3 === 0 ? {} : { responseTimeMs: 1 + ((a * index) % 300) },
      load: index % 2 === 0 ? null : (b % 10) / 10,
      costPerGigabyte: index % 4 === 0 ? index : null,
      prior: index % 3 === 2 ? { firstByteMs: 5 + a * 10, bytesPerMs: 100 + b * 50 } : null,
      admits: (b % 4) / 3,
      validForMs: 30_000,
    }));
  const isOld = a % 5 === 4;
  return {
    room: 'room',
    version: isOld ? 0 : version,
    createdAtMs: isOld ? 0 : version * 1_000,
    validForMs: 30_000,
    edges,
    excluded: [],
    failing: null,
    weights: { version: 0, load: b % 2 ? 3 : 0, age: a % 3 === 0 ? 1 : 0 },
  };
}

export function failureOf(n: number) {
  if (n % 12 === 9) return { status: 503, reason: 'status' as const };
  if (n % 12 === 10) return { status: null, reason: 'first_byte_timeout' as const };
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
    { type: 'reads', edgeId: edgeIds[a % edgeIds.length] as string },
  ];
  return kinds[(a + b) % kinds.length] as PeerMessage;
}

/** What adapters may say late, of things that the core has long forgotten. */
export function strayOf(peer: string, a: number, b: number): CoreEvent {
  const strays: CoreEvent[] = [
    { type: 'linkClosed', peer: 'stranger' },
    { type: 'peerMessage', peer: 'stranger', message: messageOf(a, b, true) },
    { type: 'partProgress', peer, requestId: 999_999, bytes: 5 },
    { type: 'partReceived', peer, requestId: 999_999, bytes: 5 },
    { type: 'partSent', peer, requestId: 999_999, bytes: 5 },
    { type: 'fetchHeaders', fetchId: 999_999, sizeBytes },
    { type: 'fetchPart', fetchId: 999_999, part: 0, bytes: 5 },
    { type: 'fetchProgress', fetchId: 999_999, bytes: 5 },
    { type: 'fetchEnded', fetchId: 999_999, sizeBytes },
    { type: 'fetchFailed', fetchId: 999_999, failure: failureOf(b) },
    { type: 'playlistFetched', fetchId: 999_999, text: playlistText(b) },
    { type: 'segmentAbandoned', loadId: 999_999, segmentId: segmentIdOf(a) },
    { type: 'playlistAbandoned', loadId: 999_999, playlistId },
    { type: 'linkSignal', peer, signal: { type: 'offer' } },
    { type: 'frameReceived', frame: { type: 'signal', from: peer, signal: { type: 'offer' } } },
    { type: 'frameReceived', frame: { type: 'heartbeat' } },
    { type: 'segmentRestored', segmentId: 'stranger#1' },
    { type: 'segmentLost', segmentId: 'stranger#1' },
  ];
  return strays[(a * 7 + b) % strays.length] as CoreEvent;
}

export function pick<T>(items: readonly T[], index: number): T | undefined {
  return items.length === 0 ? undefined : items[index % items.length];
}
