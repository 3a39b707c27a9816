import { originOf, pathOf, resolveUri } from '../../../signaling/protocol/identity.ts';
import {
  type PlaylistFacts,
  readMultivariantPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';
import * as trustBounds from './trust-bounds.ts';

/** What this viewer's own edge has said of a playlist: the measure of what peers send. */
export interface OwnCopy {
  facts: PlaylistFacts;
  /** When this version first came. */
  atMs: number;
  /** Scheme and host of everything that own copies named so far. */
  origins: Set<string>;
}

/**
 * `forged`: no correct peer sends it. `contrary`: the own edge has said otherwise, which a peer that passes it on in
 * good faith cannot know. `doubtful`: only the own edge can tell.
 */
export type Judgement = 'sound' | 'doubtful' | 'contrary' | 'forged';

/** What is known of the playlist that a peer's copy is to replace. */
export interface Known {
  /** This viewer's own URL of it. */
  url: string;
  facts: PlaylistFacts | null;
  changedAtMs: number;
  own: OwnCopy | null;
}

/** Judges a media playlist that a peer sent. */
export function judge(text: string, facts: PlaylistFacts, known: Known, nowMs: number): Judgement {
  const { own } = known;
  if (
    facts.targetDurationMs > trustBounds.targetDurationMsMax ||
    facts.segments.size > trustBounds.segmentsMax
  )
    return 'forged';
  if (own && facts.targetDurationMs !== own.facts.targetDurationMs) return 'contrary';
  const uris = judgeUris(text, known.url, own);
  if (uris !== 'sound') return uris;
  // The end of a stream would end all polling.
  if (facts.ended && !own?.facts.ended) return 'doubtful';
  for (const { durationMs } of facts.segments.values())
    if (!(durationMs >= 0 && durationMs <= 2 * trustBounds.targetDurationMsMax)) return 'doubtful';
  if (facts.newestSequence > newestPossible(known, nowMs)) return 'doubtful';
  return own && contradicts(own.facts, facts) ? 'doubtful' : 'sound';
}

/** Whether a multivariant playlist leads to this viewer's own edge only. */
export function leadsHome(text: string, url: string): boolean {
  return (
    judgeUris(text, url, null) === 'sound' &&
    readMultivariantPlaylist(text, url).every((each) => originOf(each) === originOf(url))
  );
}

/** The two name different resources for one segment. Tokens in the query differ from viewer to viewer. */
export function contradicts(a: PlaylistFacts, b: PlaylistFacts): boolean {
  for (const [sequence, { url, byteRange }] of a.segments) {
    const other = b.segments.get(sequence);
    if (!other) continue;
    if (pathOf(other.url) !== pathOf(url) || other.byteRange?.start !== byteRange?.start)
      return true;
  }
  return false;
}

/** The two have a segment in common. */
export function overlaps(a: PlaylistFacts, b: PlaylistFacts): boolean {
  for (const sequence of a.segments.keys()) if (b.segments.has(sequence)) return true;
  return false;
}

/** Remembers what the own edge gave. */
export function ownCopy(
  before: OwnCopy | null,
  text: string,
  facts: PlaylistFacts,
  url: string,
  nowMs: number,
): OwnCopy {
  const origins = before?.origins ?? new Set<string>();
  for (const { uri } of urisOf(text)) {
    if (origins.size >= trustBounds.originsMax) break;
    origins.add(originOf(resolveUri(uri, url)));
  }
  const isSame = before !== null && before.facts.version === facts.version;
  return { facts, atMs: isSame ? before.atMs : nowMs, origins };
}

function newestPossible({ facts, changedAtMs, own }: Known, nowMs: number): number {
  const base = own?.facts ?? facts;
  if (!base) return Number.POSITIVE_INFINITY;
  const sinceMs = nowMs - (own?.atMs ?? changedAtMs);
  const durations = [...base.segments.values()].map(({ durationMs }) => durationMs || 0);
  const shortestMs = durations.reduce((a, b) => Math.min(a, b), base.targetDurationMs);
  const grown = Math.ceil(sinceMs / Math.max(trustBounds.segmentMsMin, shortestMs));
  return base.newestSequence + base.segments.size + trustBounds.leadSegmentsMax + grown;
}

function judgeUris(text: string, url: string, own: OwnCopy | null): Judgement {
  const home = originOf(url);
  let judgement: Judgement = 'sound';
  for (const { uri, isSegment } of urisOf(text)) {
    // URL parsers of browsers read these otherwise than they look: `/\host/` is another host.
    if (hasTrick(uri)) return 'doubtful';
    const origin = originOf(resolveUri(uri, url));
    if (origin === home || own?.origins.has(origin)) continue;
    // Before the own edge has said where segments lie, another host may be right; keys and inserts lie anywhere.
    if (own && isSegment) return 'contrary';
    judgement = 'doubtful';
  }
  return judgement;
}

function hasTrick(uri: string): boolean {
  for (let index = 0; index < uri.length; index += 1) {
    const code = uri.charCodeAt(index);
    if (code < 0x20 || code === 0x5c) return true;
  }
  return false;
}

/** Every URI of a playlist, attributes of tags included. */
function* urisOf(text: string): Generator<{ uri: string; isSegment: boolean }> {
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '') continue;
    if (!line.startsWith('#')) yield { uri: line, isSegment: true };
    else if (line.includes('URI'))
      for (const [, uri] of line.matchAll(/URI\s*=\s*"?([^"]*)/g))
        if (uri) yield { uri, isSegment: false };
  }
}
