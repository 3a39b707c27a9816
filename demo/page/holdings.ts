/** What is held where, who reaches an edge, and how long it lasts: from what viewers tell to what is drawn. Pure. */
import type { SegmentStats } from '../../sdk/index.ts';
import type { EdgeHealth, Role } from '../../signaling/protocol/index.ts';
import type { EdgeName } from '../server/edge-offers.ts';
import { edgeWords, sentenceOf } from './outage-words.ts';

/** What one viewer tells at a moment. */
export interface ViewerReading {
  number: number;
  role: Role | null;
  edge: EdgeName;
  health: EdgeHealth;
  /** Why its edge is seen so, as the session says it. */
  reason: string;
  /** Its edge has sent it something within the last seconds. */
  readsEdge: boolean;
  /** In segments: 100.25 is a quarter into number 100. Null before playback. */
  playhead: number | null;
  playbackRate: number;
  isStalled: boolean;
  segments: readonly SegmentStats[];
}

export interface RoomReading {
  viewers: readonly ViewerReading[];
  /** Viewers of other pages that are linked to ours. */
  others: number;
  /** Since the horizon last moved on. */
  horizonAgeMs: number;
  segmentMs: number;
  /** How many segments are shown side by side. */
  columnCount: number;
}

/** `first` reaches an edge and shares, `second` is fed, `adrift` has neither at hand. Null while no edge fails. */
export type Standing = 'first' | 'second' | 'adrift' | null;

export type Phase = 'empty' | 'calm' | 'strained' | 'partial' | 'elsewhere' | 'total' | 'returning';

export interface Cell {
  /** `coming`: asked for, nothing of it is there yet. */
  kind: 'held' | 'part' | 'coming' | 'none';
  /** Where most of it came from, or comes from. */
  source: 'edge' | 'peers' | null;
  /** Share that is held, 0 to 1. */
  share: number;
  isComing: boolean;
  /** In an outage: its viewer was told to keep it. */
  isKept: boolean;
}

export interface HoldingsRow {
  number: number;
  standing: Standing;
  role: Role | null;
  health: EdgeHealth;
  edge: string;
  cells: Cell[];
  /** In columns from the left, within what is shown; null before playback. */
  playhead: number | null;
  isStalled: boolean;
  /** Until the playhead reaches the horizon, at the speed of now. */
  leftMs: number | null;
  playbackRate: number;
  /** The cells in words. */
  description: string;
}

export interface HoldingsView {
  phase: Phase;
  /** Who reaches an edge and who is fed. Without figures that change by the second, as it is read aloud. */
  sentence: string;
  /** Sequence numbers of the segments shown. */
  columns: number[];
  /** In columns from the left; null when nothing ahead is held, or it lies outside. */
  horizon: number | null;
  /** Until the first playhead reaches the horizon; null before playback. */
  leftMs: number | null;
  rows: HoldingsRow[];
}

/** Columns behind the hindmost playhead. */
const columnsBehind = 3;
/** In segments. */
const aheadOfStalledMax = 0.2;
/** A viewer that is further behind the middle one than this is not waited for. */
const behindMiddleMax = 4;

export function viewHoldings(room: RoomReading): HoldingsView {
  const { viewers, columnCount, segmentMs } = room;
  const phase = phaseOf(room);
  const held = heldByAnybody(viewers);
  const playheads = viewers.flatMap(({ playhead }) => playhead ?? []);
  const horizon = horizonOf(held, playheads);
  const firstColumn = firstColumnOf(playheads, held, columnCount);
  const columns = Array.from({ length: columnCount }, (_, index) => firstColumn + index);
  const rows = viewers.map((viewer): HoldingsRow => {
    const { playhead, playbackRate } = viewer;
    const cells = cellsOf(viewer.segments, columns);
    const ahead = horizon === null || playhead === null ? null : Math.max(0, horizon - playhead);
    return {
      number: viewer.number,
      standing: standingOf(viewer, phase),
      role: viewer.role,
      health: viewer.health,
      edge: edgeWords(viewer),
      cells,
      playhead:
        playhead === null ? null : Math.min(columnCount, Math.max(0, playhead - firstColumn)),
      isStalled: viewer.isStalled,
      leftMs: leftOf(viewer, ahead, segmentMs),
      playbackRate,
      description: describe(cells, playhead === null ? 0 : playhead - firstColumn),
    };
  });
  const lefts = rows.flatMap(({ leftMs }) => leftMs ?? []);
  const horizonColumn = horizon === null ? null : horizon - firstColumn;
  return {
    phase,
    sentence: sentenceOf(phase, {
      first: numbersOf(rows, 'first'),
      rest: viewers.length - numbersOf(rows, 'first').length,
      masters: viewers.filter(({ role }) => role === 'master').map(({ number }) => number),
      strained: viewers.filter(isStrained).map(({ number }) => number),
    }),
    columns,
    horizon:
      horizonColumn === null || horizonColumn < 0 || horizonColumn > columnCount
        ? null
        : horizonColumn,
    leftMs: lefts.length > 0 ? Math.min(...lefts) : null,
    rows,
  };
}

function leftOf(
  { isStalled, playbackRate }: ViewerReading,
  ahead: number | null,
  segmentMs: number,
): number | null {
  if (ahead === null) return null;
  // A player stands still a moment before the very last picture.
  if (isStalled && ahead < aheadOfStalledMax) return 0;
  return (ahead * segmentMs) / (playbackRate || 1);
}

/** The newest instant, in segments, up to which everything ahead of somebody's playhead is held; null before playback. */
export function horizonOf(held: ReadonlySet<number>, playheads: readonly number[]): number | null {
  let horizon: number | null = null;
  for (const playhead of playheads) {
    const current = Math.floor(playhead);
    // What plays out of the player's own buffer may have left the room's memory.
    let end = held.has(current) ? current : current + 1;
    while (held.has(end)) end += 1;
    const isAnyHeld = held.has(end - 1);
    horizon = Math.max(horizon ?? 0, isAnyHeld ? end : playhead);
  }
  return horizon;
}

/** Segments that a viewer of this page, or one that is linked to it, holds whole, in whatever rendition. */
export function heldByAnybody(viewers: readonly ViewerReading[]): Set<number> {
  const held = new Set<number>();
  for (const { segments } of viewers) {
    for (const { segmentId, heldShare, holders } of segments) {
      const sequence = sequenceOf(segmentId);
      if (sequence !== null && (heldShare === 1 || holders > 0)) held.add(sequence);
    }
  }
  return held;
}

function sequenceOf(segmentId: string): number | null {
  const [, digits] = /#(\d+)$/.exec(segmentId) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** All that a viewer cannot get by itself, or not all kinds of it. */
function hasLostEdge({ health }: ViewerReading): boolean {
  return health === 'dark' || health === 'partial';
}

/** Whoever is fed by now asks its edge for nothing, and does not know whether it is any better. */
function isStrained({ health, readsEdge }: ViewerReading): boolean {
  return health === 'strained' && readsEdge;
}

function phaseOf({ viewers, others, horizonAgeMs, segmentMs }: RoomReading): Phase {
  if (viewers.length === 0) return 'empty';
  if (!viewers.some(hasLostEdge)) {
    if (viewers.some(isStrained)) return 'strained';
    return viewers.some(({ health }) => health === 'recovering') ? 'returning' : 'calm';
  }
  if (viewers.some((viewer) => !hasLostEdge(viewer) && viewer.readsEdge)) return 'partial';
  return others > 0 && horizonAgeMs < 3 * segmentMs ? 'elsewhere' : 'total';
}

function standingOf(viewer: ViewerReading, phase: Phase): Standing {
  if (phase === 'total') return 'adrift';
  if (phase === 'elsewhere') return 'second';
  if (phase !== 'partial') return null;
  return !hasLostEdge(viewer) && viewer.readsEdge ? 'first' : 'second';
}

function numbersOf(rows: readonly HoldingsRow[], standing: Standing): number[] {
  return rows.filter((row) => row.standing === standing).map(({ number }) => number);
}

function firstColumnOf(
  playheads: readonly number[],
  held: ReadonlySet<number>,
  columnCount: number,
): number {
  if (playheads.length === 0) {
    const newest = Math.max(0, ...held);
    return Math.max(0, newest - columnCount + 2);
  }
  const sorted = playheads.map(Math.floor).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  return Math.max(sorted[0] ?? 0, middle - behindMiddleMax) - columnsBehind;
}

/** Of several renditions the one of which most is held. */
function cellsOf(segments: readonly SegmentStats[], columns: readonly number[]): Cell[] {
  const best = new Map<number, SegmentStats>();
  const from = columns[0] ?? 0;
  for (const segment of segments) {
    const sequence = sequenceOf(segment.segmentId);
    if (sequence === null || sequence < from) continue;
    const known = best.get(sequence);
    if (!known || rankOf(segment) > rankOf(known)) best.set(sequence, segment);
  }
  return columns.map((sequence) => cellOf(best.get(sequence)));
}

function rankOf({ heldShare, pending }: SegmentStats): number {
  return heldShare + (pending ? 0.01 : 0);
}

function cellOf(segment: SegmentStats | undefined): Cell {
  if (!segment) return { kind: 'none', source: null, share: 0, isComing: false, isKept: false };
  const { heldShare: share, bytes, pending, isKept } = segment;
  const isComing = share < 1 && pending !== null;
  if (share === 0) {
    return {
      kind: isComing ? 'coming' : 'none',
      source: isComing ? pending : null,
      share,
      isComing,
      isKept,
    };
  }
  const source = bytes.edge > bytes.peers ? 'edge' : 'peers';
  return { kind: share === 1 ? 'held' : 'part', source, share, isComing, isKept };
}

function describe(cells: readonly Cell[], playhead: number): string {
  const count = (holds: (cell: Cell) => boolean) => cells.filter(holds).length;
  const ahead = cells.slice(Math.max(0, Math.ceil(playhead))).filter(({ kind }) => kind === 'held');
  const fromEdge = count(({ kind, source }) => kind === 'held' && source === 'edge');
  const held = count(({ kind }) => kind === 'held');
  const coming = count(({ isComing }) => isComing);
  const kept = count(({ isKept, kind }) => isKept && kind === 'held');
  const partly = count(({ kind }) => kind === 'part');
  return [
    `holds ${held} of ${cells.length} segments, ${ahead.length} of them ahead of its playhead`,
    `${fromEdge} from its edge and ${held - fromEdge} from other viewers`,
    ...(partly > 0 ? [`${partly} held in part`] : []),
    ...(kept > 0 ? [`${kept} kept for the room`] : []),
    ...(coming > 0 ? [`${coming} on the way`] : []),
  ].join('; ');
}
