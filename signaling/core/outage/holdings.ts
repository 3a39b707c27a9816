import { playlistOfSegment } from '../../protocol/identity.ts';
import type { HoldingsFrame } from '../../protocol/index.ts';
import {
  type Context,
  type Device,
  type Group,
  type PlacedSegment,
  type Room,
  trim,
  type Viewer,
} from '../state.ts';
import { hasLostEdge } from './first-group.ts';

/** Of one playlist at once: before and after a discontinuity. What few hold may be made up. */
const initSegmentsMax = 2;

/** A member tells what has changed of what it holds; nobody is asked to where no outage is planned. */
export function holdingsTold(context: Context, viewer: Viewer, frame: HoldingsFrame): void {
  if (viewer.toldPortion === null) return;
  const held = viewer.holdings?.held ?? new Map<string, PlacedSegment>();
  for (const segmentId of frame.lost) held.delete(segmentId);
  for (const segmentId of frame.gained) held.set(segmentId, placed(segmentId));
  trim(held, context.limits.holdingsMax);
  const gainedAtMs =
    frame.gained.length > 0 ? context.nowMs : (viewer.holdings?.gainedAtMs ?? null);
  viewer.holdings = { held, playing: frame.playing.map(placed), gainedAtMs };
  context.touched.add(viewer.group);
}

function placed(segmentId: string): PlacedSegment {
  const playlistId = playlistOfSegment(segmentId);
  const sequence = Number.parseInt(segmentId.slice(playlistId.length + 1), 10);
  return { playlistId, sequence: Number.isNaN(sequence) ? Number.POSITIVE_INFINITY : sequence };
}

/** On its next connection, or in its next outage, it tells everything anew. */
export function forgetHoldings(viewer: Viewer): void {
  viewer.holdings = null;
  viewer.toldPortion = null;
}

export function holdingsOf(room: Room | undefined): Map<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { viewerId, holdings } of room?.viewers.values() ?? [])
    if (holdings) found.set(viewerId, new Set(holdings.held.keys()));
  return found;
}

/** Somebody has been there for a while to get it from, and most of those that have lost their edge got nothing. */
export function isStarved(
  { nowMs, limits }: Context,
  { members, suppliedSinceMs }: Group,
): boolean {
  const beforeMs = nowMs - limits.starvedAfterMs;
  if (suppliedSinceMs === null || suppliedSinceMs > beforeMs) return false;
  const dark = members.filter(
    (viewer) => viewer.presence === 'connected' && viewer.holdings && hasLostEdge(viewer),
  );
  const hungry = dark.filter(({ holdings }) => (holdings?.gainedAtMs ?? 0) <= beforeMs);
  return hungry.length * 2 > dark.length;
}

export interface HeldSegment extends PlacedSegment {
  segmentId: string;
  holders: Viewer[];
}

/** A playlist that members play. */
export interface Played {
  /** Sequence at the playhead that is furthest behind. */
  slowest: number;
  devices: Set<Device>;
}

/**
 * What the members hold that somebody is still to play, what is needed first at first. A playlist that one device alone
 * plays comes last: it may be made up, and must not take the room of what the others play.
 */
export function neededOf(
  members: readonly Viewer[],
  played: ReadonlyMap<string, Played>,
): HeldSegment[] {
  const found = new Map<string, HeldSegment>();
  for (const viewer of members)
    for (const [segmentId, segment] of viewer.holdings?.held ?? []) {
      const known = found.get(segmentId);
      const slowest = played.get(segment.playlistId)?.slowest;
      if (known) known.holders.push(viewer);
      else if (slowest !== undefined && segment.sequence >= slowest)
        found.set(segmentId, { ...segment, segmentId, holders: [viewer] });
    }
  const ahead = ({ playlistId, sequence }: PlacedSegment): number =>
    Number.isFinite(sequence) ? sequence - (played.get(playlistId)?.slowest ?? 0) : -1;
  const isLone = ({ playlistId }: PlacedSegment): number =>
    Number((played.get(playlistId)?.devices.size ?? 0) < 2);
  const needed = [...found.values()].sort(
    (a, b) => isLone(a) - isLone(b) || ahead(a) - ahead(b) || b.holders.length - a.holders.length,
  );
  const unnumbered = new Map<string, number>();
  return needed.filter(({ playlistId, sequence }) => {
    if (Number.isFinite(sequence)) return true;
    const count = (unnumbered.get(playlistId) ?? 0) + 1;
    unnumbered.set(playlistId, count);
    return count <= initSegmentsMax;
  });
}

export function playedBy(members: readonly Viewer[]): Map<string, Played> {
  const played = new Map<string, Played>();
  for (const { holdings, device } of members)
    for (const { playlistId, sequence } of holdings?.playing ?? []) {
      const { slowest, devices } = played.get(playlistId) ?? {
        slowest: sequence,
        devices: new Set(),
      };
      played.set(playlistId, {
        slowest: Math.min(sequence, slowest),
        devices: devices.add(device),
      });
    }
  return played;
}

/** The newest sequence of each playlist, as the second of the devices says: what one alone tells of may be made up. */
export function newestOf(needed: readonly HeldSegment[]): Map<string, number> {
  const byDevice = new Map<string, Map<Device, number>>();
  for (const { playlistId, sequence, holders } of needed) {
    if (!Number.isFinite(sequence)) continue;
    const known = byDevice.get(playlistId) ?? new Map<Device, number>();
    for (const { device } of holders)
      known.set(device, Math.max(sequence, known.get(device) ?? sequence));
    byDevice.set(playlistId, known);
  }
  const newest = new Map<string, number>();
  for (const [playlistId, known] of byDevice) {
    const [first = 0, second = first] = [...known.values()].sort((a, b) => b - a);
    newest.set(playlistId, second);
  }
  return newest;
}
