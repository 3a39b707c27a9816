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
  readonly url: string;
  readonly byteRange: ByteRange | null;
  state: 'wanted' | 'reading' | 'attested' | 'refused';
  /** Of the newest read. */
  readId: number;
  seenAtMs: number;
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
  if (grew) return nowMs + facts.targetDurationMs * timings.rest;
  const standstillMs = (nowMs - (playlist.grewAtMs ?? nowMs)) * timings.standstill;
  const pollMs = Math.max(facts.targetDurationMs * timings.poll, standstillMs, 50);
  return nowMs + Math.min(pollMs, limits.attestorRetryMaxMs);
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
  const first = facts.newestSequence - limits.descriptorsKeptPerPlaylist + 1;
  for (const [sequence, segment] of facts.segments) {
    if (sequence >= first) add(playlist, sequence, segment, nowMs);
  }
}

function add(
  playlist: AttestedPlaylist,
  sequence: number | 'init',
  { url, byteRange }: InitFacts,
  nowMs: number,
): void {
  const { playlistId, segments } = playlist;
  const segmentId = segmentIdOf({ playlistId, sequence, partIndex: null, url, byteRange });
  if (segments.has(segmentId)) return;
  segments.set(segmentId, {
    segmentId,
    sequence,
    url,
    byteRange,
    state: 'wanted',
    readId: -1,
    seenAtMs: nowMs,
    notBeforeMs: 0,
    failures: 0,
  });
}

/** Drops all but the newest, and what has left the window unread. */
function forgetOld(playlist: AttestedPlaylist, facts: PlaylistFacts, limits: Limits): string[] {
  const first = facts.newestSequence - limits.descriptorsKeptPerPlaylist + 1;
  const forgotten: string[] = [];
  let inits = 0;
  // Backwards, so that the newest init segments are the ones that stay.
  for (const segment of [...playlist.segments.values()].reverse()) {
    const { segmentId, sequence, state } = segment;
    const keep =
      sequence === 'init'
        ? ++inits <= limits.descriptorsKeptPerPlaylist
        : sequence >= first && (state !== 'wanted' || facts.segments.has(sequence));
    if (keep) continue;
    playlist.segments.delete(segmentId);
    forgotten.push(segmentId);
  }
  return forgotten;
}
