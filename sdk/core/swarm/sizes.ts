import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import { rankByWeight } from './rendezvous.ts';
import type { PeerView, SegmentState } from './segment.ts';

/** Segments of one playlist differ in density, but hardly by more than this. */
const densityFactorMax = 16;

/**
 * The size of a segment by what peers say of it, until the edge says: what most say, and of equals what the elected
 * fetcher says. A size that one peer alone names and that is far below what is usual is nobody's.
 */
export function electSize(
  segment: SegmentState,
  room: Room,
  peers: Peers,
  usualBytes: number | null,
): number | null {
  const votes = new Map<number, string[]>();
  for (const [id, { sizeBytes, wrongSize }] of segment.peers) {
    if (sizeBytes === null || wrongSize || !peers.isLinked(id)) continue;
    votes.set(sizeBytes, [...(votes.get(sizeBytes) ?? []), id]);
  }
  const sizeBytesMin = segment.isInit ? 0 : (usualBytes ?? 0) / densityFactorMax;
  const plausible = [...votes].filter(([bytes, ids]) => ids.length > 1 || bytes >= sizeBytesMin);
  const most = Math.max(...plausible.map(([, ids]) => ids.length));
  const best = plausible.filter(([, ids]) => ids.length === most);
  if (best.length < 2) return best[0]?.[0] ?? null;
  const masters = best
    .flatMap(([, ids]) => ids.map((id) => room.member(id)))
    .filter((member) => member?.role === 'master')
    .map((member) => ({ id: member?.viewerId ?? '', weight: member?.weight ?? 1 }));
  const elected = rankByWeight(segment.segmentId, masters)[0];
  const winner = best.find(([bytes, ids]) =>
    elected === undefined ? bytes === segment.sizeBytes : ids.includes(elected),
  );
  return (winner ?? best[0])?.[0] ?? null;
}

/** Whether the peer may be asked for parts: it means the same segment as we do. */
export function agrees(segment: SegmentState, view: PeerView | undefined): boolean {
  if (!view) return true;
  return !view.wrongSize && (view.sizeBytes === null || view.sizeBytes === segment.sizeBytes);
}
