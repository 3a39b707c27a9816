import { playlistOfSegment } from '../../protocol/identity.ts';
import type { HoldingsFrame } from '../../protocol/index.ts';
import { type Context, type PlacedSegment, type Room, trim, type Viewer } from '../state.ts';

/** A member tells what has changed of what it holds; nobody is asked to where no outage is planned. */
export function holdingsTold(context: Context, viewer: Viewer, frame: HoldingsFrame): void {
  if (viewer.toldPortion === null) return;
  const held = viewer.holdings?.held ?? new Map<string, PlacedSegment>();
  for (const segmentId of frame.lost) held.delete(segmentId);
  for (const segmentId of frame.gained) held.set(segmentId, placed(segmentId));
  trim(held, context.limits.holdingsMax);
  viewer.holdings = { held, playing: frame.playing.map(placed) };
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

export interface HeldSegment extends PlacedSegment {
  segmentId: string;
  holders: Viewer[];
}

/** What the members hold that somebody is still to play, what is needed first at first. */
export function neededOf(
  members: readonly Viewer[],
  slowest: ReadonlyMap<string, number>,
): HeldSegment[] {
  const found = new Map<string, HeldSegment>();
  for (const viewer of members)
    for (const [segmentId, segment] of viewer.holdings?.held ?? []) {
      const known = found.get(segmentId);
      if (known) known.holders.push(viewer);
      else if (segment.sequence >= (slowest.get(segment.playlistId) ?? Number.POSITIVE_INFINITY))
        found.set(segmentId, { ...segment, segmentId, holders: [viewer] });
    }
  const ahead = ({ playlistId, sequence }: PlacedSegment): number =>
    Number.isFinite(sequence) ? sequence - (slowest.get(playlistId) ?? 0) : -1;
  return [...found.values()].sort((a, b) => ahead(a) - ahead(b));
}

/** The slowest playhead of each playlist that is played. */
export function slowestOf(members: readonly Viewer[]): Map<string, number> {
  const slowest = new Map<string, number>();
  for (const { holdings } of members)
    for (const { playlistId, sequence } of holdings?.playing ?? [])
      slowest.set(playlistId, Math.min(sequence, slowest.get(playlistId) ?? sequence));
  return slowest;
}
