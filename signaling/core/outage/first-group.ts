import type { Context, Group, Viewer } from '../state.ts';

/** Who reads for a group while edges fail. */
export interface FirstGroup {
  /** May be masters. */
  readers: ReadonlySet<Viewer>;
  /** Higher comes first, before any merit. */
  order(viewer: Viewer): number;
}

/** Its edge gives nothing, or nothing of one kind: what it plays it cannot get by itself. */
export function hasLostEdge({ edgeHealth }: Viewer): boolean {
  return edgeHealth === 'dark' || edgeHealth === 'partial';
}

/** Remembers since when edges of the group fail. */
export function noteTrouble(context: Context, group: Group): boolean {
  const isTroubled = group.members.some(hasLostEdge);
  group.troubledAtMs = isTroubled ? (group.troubledAtMs ?? context.nowMs) : null;
  return isTroubled;
}

/**
 * Those of `able` whose edge gives everything; if there is none those whose edge gives something, else all. An edge
 * that has answered since trouble began counts for more than one that is merely not known to be gone.
 */
export function firstGroup({ troubledAtMs }: Group, able: readonly Viewer[]): FirstGroup {
  const lit = able.filter(({ edgeHealth }) => edgeHealth !== 'dark');
  const whole = lit.filter(({ edgeHealth }) => edgeHealth !== 'partial');
  const readers = new Set([whole, lit].find(({ length }) => length > 0) ?? able);
  return {
    readers,
    order: (viewer) => {
      if (!readers.has(viewer)) return 0;
      return troubledAtMs !== null && viewer.edgeSeenAtMs >= troubledAtMs ? 2 : 1;
    },
  };
}
