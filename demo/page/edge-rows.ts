/** From what the demo server and a viewer tell of edges to one row for each. Pure. */
import type { EdgeStats } from '../../sdk/index.ts';
import type { Kpis } from '../../signaling/protocol/kpis.ts';
import { type EdgeName, edgeNames } from '../server/edge-offers.ts';
import {
  type EdgesSeen,
  exclusionCode,
  exclusionWords,
  failureWords,
  kpiWordsOf,
  megabits,
  milliseconds,
} from './edge-words.ts';
import { namesOf } from './outage-words.ts';
import { letterOf } from './servers.ts';
import { capital, duration, percent } from './text.ts';

export interface EdgeReading {
  offers: Kpis;
  /** Null before it was heard. */
  load: number | null;
  /** Since its last heartbeat. */
  silentMs: number | null;
}

export interface EdgesReading {
  edges: Record<EdgeName, EdgeReading>;
  /** What the viewer that is looked at knows. */
  seen: EdgesSeen;
  /** Who reads for the room, and from which edge. */
  masters: readonly { number: number; edge: EdgeName }[];
}

export interface EdgeRow {
  edge: EdgeName;
  /** Edge whose place it has taken. */
  standsInFor: EdgeName | null;
  offers: string;
  /** How it is, by its last heartbeat; `isSilent` when one is missing. */
  health: string;
  isSilent: boolean;
  measured: string;
  predicted: string;
  /** 0 to 1, of four times the best: the shorter, the better. Null where it has none. */
  scoreShare: number | null;
  score: string;
  /** `shared`: others read from it. */
  state: 'chosen' | 'shared' | 'ready' | 'failing' | 'out' | 'gone';
  /** Why it is not used, and the same as the sdk names it; empty when it is or may be. */
  words: string;
  code: string;
  /** Numbers of the masters that read from it. */
  masters: number[];
}

/** Heartbeats are 4 s apart. */
const silentAfterMs = 6_000;
/** A score that is so many times the best one fills the bar. */
const scoreSpan = 4;

export function viewEdges({ edges, seen, masters }: EdgesReading): EdgeRow[] {
  const scores = seen.edges.filter(({ failures }) => failures === 0).map(({ scoreMs }) => scoreMs);
  const best = Math.min(...(scores.length > 0 ? scores : seen.edges.map(({ scoreMs }) => scoreMs)));
  return edgeNames.map((edge) => {
    const { offers, load, silentMs } = edges[edge];
    const isSilent = silentMs !== null && silentMs > silentAfterMs;
    const stats = seen.edges.find(({ listing }) => listing.edgeId === edge);
    const readers = masters.filter((master) => master.edge === edge);
    const name = edgeNames.find((each) => each === stats?.listing.name);
    return {
      edge,
      standsInFor: name && name !== edge ? name : null,
      offers: kpiWordsOf(offers),
      health: healthWords(edges[edge], isSilent, stats?.listing.load ?? load),
      isSilent,
      measured: measuredWords(stats),
      predicted: stats ? milliseconds(stats.predictedMs) : '–',
      scoreShare: stats ? Math.min(1, stats.scoreMs / best / scoreSpan) : null,
      score: stats ? String(Math.round(stats.scoreMs)) : '',
      ...standing(edge, seen, readers.length > 0, isSilent),
      masters: readers.map(({ number }) => number),
    };
  });
}

function healthWords({ offers, silentMs }: EdgeReading, isSilent: boolean, load: number | null) {
  if (isSilent) return `no heartbeat for ${duration(silentMs ?? 0)}`;
  const { availabilityShare } = offers;
  return [
    ...(availabilityShare === undefined
      ? []
      : [`${Number((availabilityShare * 100).toFixed(2))} % available`]),
    ...(load === null ? [] : [`load ${percent(load)}`]),
  ].join(', ');
}

function measuredWords(stats: EdgeStats | undefined): string {
  if (!stats) return '–';
  if (stats.failures > 0) return 'no answer';
  const { firstByteMs, bytesPerMs } = stats;
  if (firstByteMs === null) return 'nothing yet';
  const pace = bytesPerMs === null ? [] : [megabits(bytesPerMs * 8_000)];
  return [milliseconds(firstByteMs), ...pace].join(', ');
}

function standing(
  edge: EdgeName,
  { edges, edgesExcluded }: EdgesSeen,
  isRead: boolean,
  isSilent: boolean,
): Pick<EdgeRow, 'state' | 'words' | 'code'> {
  const stats = edges.find(({ listing }) => listing.edgeId === edge);
  if (stats) {
    const words = failureWords(stats);
    if (words !== '') return { state: 'failing', words, code: stats.reason ?? 'failed' };
    const state = stats.isChosen ? 'chosen' : isRead ? 'shared' : 'ready';
    return { state, words, code: '' };
  }
  const exclusion = edgesExcluded.find(({ edgeId }) => edgeId === edge);
  if (exclusion)
    return { state: 'out', words: exclusionWords(exclusion), code: exclusionCode(exclusion) };
  const isTold = edges.length > 0 || edgesExcluded.length > 0;
  if (isTold && isSilent) return { state: 'gone', words: 'its lease has ended', code: 'gone' };
  return { state: 'out', words: 'not told of yet', code: '' };
}

/** Who reads from where. Without figures that change by the second, as it is read aloud. */
export function edgesSentence(rows: readonly EdgeRow[]): string {
  const readers = rows.filter(({ masters }) => masters.length > 0);
  if (readers.length === 0) return 'No viewer of this page reads for the room.';
  const parts = readers.map(({ edge, masters }, index) => {
    const verb = masters.length === 1 ? 'reads' : 'read';
    const from = `from edge ${letterOf(edge)}`;
    return index === 0
      ? `${namesOf(masters)} ${verb} for the room ${from}`
      : `${namesOf(masters)} ${from}`;
  });
  return `${capital(parts.join(', '))}.`;
}
