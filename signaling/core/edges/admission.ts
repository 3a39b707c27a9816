import { type Context, type Edge, edgesOf } from './state.ts';
import * as thresholds from './thresholds.ts';

/**
 * Share of those that read elsewhere that may move to an edge until the next word. From how many it serves with its load,
 * where that tells; else a part of them, and the next load tells how they were borne. What loads are usual is asked of the
 * edges of this room once: how busy others are is nothing to its viewers.
 */
export function admission(context: Context, room: string): (edge: Edge) => number {
  const { loadTelling, readersTelling, readersHarmless } = thresholds;
  const { admitsUnknown, admitsMax } = thresholds;
  const loadMax = loadMaxOf(edgesOf(context, room));
  return (edge) => {
    const { load, readerCount } = edge;
    if (edge.role !== 'active' || edge.fullSinceMs !== null || (load ?? 0) >= loadMax) return 0;
    const elsewhereCount = readersFor(context, edge) - readerCount;
    if (elsewhereCount <= readersHarmless) return 1;
    const isTelling = load !== null && load >= loadTelling && readerCount >= readersTelling;
    const share = isTelling
      ? ((loadMax / load - 1) * readerCount) / elsewhereCount
      : admitsUnknown * (1 - (load ?? 0) / loadMax);
    const harmless = readersHarmless / elsewhereCount;
    return Number(Math.min(admitsMax, Math.max(harmless, share)).toFixed(2));
  };
}

/** However much better an edge is: beyond this it serves more than its share, and would not be better for long. */
function loadMaxOf(edges: readonly Edge[]): number {
  let count = 0;
  let sum = 0;
  for (const { role, load } of edges) {
    if (role !== 'active' || load === null) continue;
    count++;
    sum += load;
  }
  const { loadBusy, loadIdle, loadOverMean } = thresholds;
  return Math.min(loadBusy, Math.max(loadIdle, (sum / Math.max(1, count)) * loadOverMean));
}

function readersFor(context: Context, { registration }: Edge): number {
  if (registration.rooms === null) return context.readerCount;
  return registration.rooms.reduce(
    (sum, room) => sum + (context.rooms.get(room)?.readerCount ?? 0),
    0,
  );
}
