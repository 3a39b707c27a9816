import { type ByteRange, segmentIdOf } from '../protocol/identity.ts';
import type { Limits } from '../protocol/limits.ts';
import type { InitFacts, PlaylistFacts } from '../protocol/playlist-text.ts';

/** Fractions of the target duration. */
const timings = {
  /** The next update is not looked for before this. */
  rest: 0.9,
  /** Then this often: all viewers wait for the descriptor, and only one asks. */
  poll: 0.1,
  /** A playlist that stands still is asked more and more rarely: after this share of its standstill. */
  standstill: 0.05,
};

/** However short the window is, so many segments are kept. */
const keptMin = 12;

/** A playlist of the stream as the attestor knows it. */
export interface AttestedPlaylist {
  readonly playlistId: string;
  url: string;
  facts: PlaylistFacts | null;
  reading: boolean;
  nextAtMs: number;
  /** When it was last seen to grow; null until that was seen once. */
  grewAtMs: number | null;
  readAtMs: number;
  failures: number;
  /** Whether somebody plays it, and when somebody last did. */
  played: boolean;
  playedAtMs: number;
  /** By id; what viewers are told of, and what is still to be read. */
  readonly segments: Map<string, AttestedSegment>;
}

export interface AttestedSegment {
  readonly segmentId: string;
  readonly sequence: number | 'init';
  /** Of a low-latency part; null for a whole segment. */
  readonly partIndex: number | null;
  url: string;
  readonly byteRange: ByteRange | null;
  state: 'wanted' | 'reading' | 'attested' | 'refused';
  /** Of the newest read. */
  readId: number;
  seenAtMs: number;
  /** Not at the live edge: a viewer plays it. */
  readonly asked: boolean;
  notBeforeMs: number;
  failures: number;
}

export function createPlaylist(playlistId: string, url: string): AttestedPlaylist {
  return {
    playlistId,
    url,
    facts: null,
    reading: false,
    nextAtMs: 0,
    grewAtMs: null,
    readAtMs: 0,
    failures: 0,
    played: false,
    playedAtMs: Number.NEGATIVE_INFINITY,
    segments: new Map(),
  };
}

/** Takes a copy that was just read. Returns ids of segments that are not told of any more. */
export function adopt(
  playlist: AttestedPlaylist,
  facts: PlaylistFacts,
  nowMs: number,
  limits: Limits,
): string[] {
  const before = playlist.facts;
  // An encoder that starts over gives old numbers to new media; a stale cache is only a little behind.
  const isRestart =
    before !== null && facts.newestSequence < before.mediaSequence - before.segments.size;
  const forgotten = isRestart ? forgetAll(playlist) : [];
  const grew = before !== null && !isRestart && facts.version > before.version;
  if (isRestart) playlist.grewAtMs = null;
  else relocate(playlist, facts);
  if (grew) playlist.grewAtMs = nowMs;
  if (before === null || grew || isRestart) {
    playlist.facts = facts;
    addSegments(playlist, facts, nowMs, limits);
    forgotten.push(...forgetOld(playlist, facts, limits));
  }
  playlist.failures = 0;
  playlist.nextAtMs = nextReadMs(playlist, facts, grew, nowMs, limits);
  playlist.readAtMs = nowMs;
  return forgotten;
}

/** Somebody plays a segment that is not at the live edge. Returns ids of segments that are not told of any more. */
export function askFor(
  playlist: AttestedPlaylist,
  segmentId: string,
  nowMs: number,
  limits: Limits,
): string[] {
  const { facts, segments } = playlist;
  const asked = [...segments.values()].filter((segment) => segment.asked);
  const waiting = asked.filter(({ state }) => state === 'wanted' || state === 'reading');
  if (!facts || waiting.length >= limits.descriptorsAskedMax) return [];
  for (const [sequence, segment] of facts.segments) {
    const name = { playlistId: playlist.playlistId, sequence, partIndex: null, ...segment };
    if (segmentIdOf(name) === segmentId) add(playlist, sequence, segment, nowMs, true);
  }
  const oldest = asked.length >= limits.descriptorsKept ? asked[0]?.segmentId : undefined;
  if (oldest === undefined) return [];
  segments.delete(oldest);
  return [oldest];
}

export function forgetAll(playlist: AttestedPlaylist): string[] {
  const segmentIds = [...playlist.segments.keys()];
  playlist.segments.clear();
  playlist.facts = null;
  return segmentIds;
}

export function backoffMs(failures: number, limits: Limits): number {
  return Math.min(limits.attestorRetryMinMs * 2 ** (failures - 1), limits.attestorRetryMaxMs);
}

function nextReadMs(
  playlist: AttestedPlaylist,
  facts: PlaylistFacts,
  grew: boolean,
  nowMs: number,
  limits: Limits,
): number {
  if (facts.ended) return Number.POSITIVE_INFINITY;
  // The server holds the answer until there is something new.
  if (facts.blockingReload && grew) return nowMs;
  if (grew) return nowMs + facts.targetDurationMs * timings.rest;
  const standstillMs = (nowMs - (playlist.grewAtMs ?? nowMs)) * timings.standstill;
  const pollMs = Math.max(facts.targetDurationMs * timings.poll, standstillMs, 50);
  return nowMs + Math.min(pollMs, limits.attestorRetryMaxMs);
}

/** What has left a live window is still held by members for about as long again. */
function keptOf({ segments }: PlaylistFacts, { descriptorsKeptPerPlaylist }: Limits): number {
  return Math.min(descriptorsKeptPerPlaylist, Math.max(keptMin, 2 * segments.size));
}

function addSegments(
  playlist: AttestedPlaylist,
  facts: PlaylistFacts,
  nowMs: number,
  limits: Limits,
): void {
  for (const init of facts.inits.slice(-limits.descriptorsKeptPerPlaylist)) {
    add(playlist, 'init', init, nowMs);
  }
  // A recording of which viewers play some part is read where they play.
  if (facts.ended && facts.segments.size > limits.descriptorsKeptPerPlaylist) return;
  const first = facts.newestSequence - keptOf(facts, limits) + 1;
  for (const [sequence, segment] of facts.segments) {
    if (sequence >= first) add(playlist, sequence, segment, nowMs);
  }
  for (const part of facts.parts) add(playlist, part.sequence, part, nowMs);
}

/** The copy may be another server's: what was not read yet is read from there. */
function relocate({ playlistId, segments }: AttestedPlaylist, facts: PlaylistFacts): void {
  for (const init of facts.inits) {
    const segment = segments.get(
      segmentIdOf({ playlistId, sequence: 'init', partIndex: null, ...init }),
    );
    if (segment) segment.url = init.url;
  }
  for (const segment of segments.values()) {
    if (segment.sequence !== 'init' && segment.partIndex === null)
      segment.url = facts.segments.get(segment.sequence)?.url ?? segment.url;
  }
}

function add(
  playlist: AttestedPlaylist,
  sequence: number | 'init',
  { url, byteRange, partIndex = null }: InitFacts & { partIndex?: number | null },
  nowMs: number,
  asked = false,
): void {
  const { playlistId, segments } = playlist;
  const segmentId = segmentIdOf({ playlistId, sequence, partIndex, url, byteRange });
  if (segments.has(segmentId)) return;
  segments.set(segmentId, {
    segmentId,
    sequence,
    partIndex,
    url,
    byteRange,
    state: 'wanted',
    readId: -1,
    seenAtMs: nowMs,
    asked,
    notBeforeMs: 0,
    failures: 0,
  });
}

/** Drops all but the newest, and what has left the window unread. */
function forgetOld(playlist: AttestedPlaylist, facts: PlaylistFacts, limits: Limits): string[] {
  const first = facts.newestSequence - keptOf(facts, limits) + 1;
  const forgotten: string[] = [];
  const listedParts = new Set(facts.parts.map((part) => `${part.sequence}.${part.partIndex}`));
  let inits = 0;
  // Backwards, so that the newest init segments are the ones that stay.
  for (const segment of [...playlist.segments.values()].reverse()) {
    const { segmentId, sequence, partIndex, state } = segment;
    const isListed =
      partIndex === null
        ? facts.segments.has(Number(sequence))
        : listedParts.has(`${sequence}.${partIndex}`);
    const keep =
      sequence === 'init'
        ? ++inits <= keptOf(facts, limits)
        : (sequence >= first && partIndex === null && state !== 'wanted') ||
          ((sequence >= first || segment.asked) && isListed);
    if (keep) continue;
    playlist.segments.delete(segmentId);
    forgotten.push(segmentId);
  }
  return forgotten;
}
