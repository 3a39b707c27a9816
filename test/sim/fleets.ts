import type { SimulationOptions, World } from './simulate.ts';
import type { EdgeServer, Fault } from './world/edge.ts';
import type { FleetEdge } from './world/fleet.ts';

/** Of every world of this kind: everybody has come and plays, and one edge fails. */
export const failsAtMs = 30_000;

/** Three of the same kind, each a little further. */
export const three: readonly FleetEdge[] = [
  { edgeId: 'a', firstByteMs: 20 },
  { edgeId: 'b', firstByteMs: 26 },
  { edgeId: 'c', firstByteMs: 34 },
];

/** What each viewer met at an edge that failed: how long until it asked another one, instead. */
export interface Leaving {
  viewer: string;
  afterMs: number;
}

/** One of three edges fails for everybody, although the server goes on to hear it; the busiest one. */
export function failingEdge(
  seed: number,
  viewers: number,
  fault: Fault,
): SimulationOptions & { leavings: Leaving[]; failed: () => EdgeServer | null } {
  const leavings: Leaving[] = [];
  let failed: EdgeServer | null = null;
  const metAtMs = new Map<string, number>();
  return {
    seed,
    viewers,
    durationMs: 60_000,
    joinGapMs: [10_000 / viewers, 20_000 / viewers],
    edges: three,
    leavings,
    failed: () => failed,
    script: (world) => {
      const { clock } = world;
      for (const edge of world.edges) {
        const { onRequest } = edge;
        edge.onFailure = (viewer) => {
          if (!metAtMs.has(viewer)) metAtMs.set(viewer, clock.nowMs);
        };
        edge.onRequest = (viewer, resource) => {
          onRequest(viewer, resource);
          const atMs = metAtMs.get(viewer);
          if (atMs === undefined || edge === failed) return;
          if (leavings.every((each) => each.viewer !== viewer))
            leavings.push({ viewer, afterMs: clock.nowMs - atMs });
        };
      }
      world.at(failsAtMs, () => {
        failed = busiest(world);
        failed.setFaultOfAll(fault);
      });
    },
  };
}

/** From which most read. */
export function busiest(world: World): EdgeServer {
  const readers = (edge: EdgeServer): number =>
    world.alive().filter(({ core }) => core.edges.edgeId === edge.edgeId).length;
  return world.edges.toSorted((a, b) => readers(b) - readers(a))[0] as EdgeServer;
}
