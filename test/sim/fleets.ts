import type { Scenario } from './scenarios.ts';
import type { SimulationOptions, World } from './simulate.ts';
import type { EdgeServer, Fault } from './world/edge.ts';
import type { FleetEdge } from './world/fleet.ts';
import { willing } from './world/population.ts';

/** Everybody has come and plays. */
export const failsAtMs = 30_000;

/** Three of a kind, each a little further. */
export const threeEdges: readonly FleetEdge[] = [
  { edgeId: 'a', firstByteMs: 20 },
  { edgeId: 'b', firstByteMs: 26 },
  { edgeId: 'c', firstByteMs: 34 },
];

/** What one of them does from then on, although the server goes on to hear it. */
export const edgeFaults = {
  blackHole: { kind: 'blackhole' },
  unavailable: { kind: 'status', status: 503 },
  dead: { kind: 'dead' },
  half: { kind: 'status', status: 503, share: 0.5 },
  /** Its playlists go on. */
  silentSegments: { kind: 'blackhole', of: 'segments' },
  missingSegments: { kind: 'status', status: 404, of: 'segments' },
  /** A quarter of what the stream needs. */
  crawl: { kind: 'throttle', bitsPerSecond: 350_000 },
} satisfies Record<string, Fault>;

export type EdgeFaultName = keyof typeof edgeFaults;

/** What viewers met at the edge that failed. */
export class Watch {
  failed: EdgeServer | null = null;
  /** How long after they first met the failure they asked another edge. */
  readonly leftAfterMs = new Map<string, number>();
  #metAtMs = new Map<string, number>();

  constructor({ clock, edges }: World) {
    for (const edge of edges) {
      edge.onFailure = (viewer) => {
        if (!this.#metAtMs.has(viewer)) this.#metAtMs.set(viewer, clock.nowMs);
      };
      edge.onRequest = (viewer) => {
        const atMs = this.#metAtMs.get(viewer);
        if (atMs === undefined || edge === this.failed || this.leftAfterMs.has(viewer)) return;
        this.leftAfterMs.set(viewer, clock.nowMs - atMs);
      };
    }
  }

  /** Viewers that met it and asked nobody else. */
  get stayed(): string[] {
    return [...this.#metAtMs.keys()].filter((viewer) => !this.leftAfterMs.has(viewer));
  }
}

const watches = new WeakMap<World, Watch>();

export function watchOf(world: World): Watch {
  const watch = watches.get(world);
  if (!watch) throw new Error('no edge fails in this world');
  return watch;
}

const alone = { profile: { ...willing, peersAllowed: false } };

/** The busiest of three edges fails for everybody. `isAlone`: nobody has peers. */
function failingEdge(seed: number, fault: Fault, isAlone: boolean): SimulationOptions {
  return {
    seed,
    viewers: 24,
    durationMs: 60_000,
    joinGapMs: [400, 800],
    edges: threeEdges,
    viewer: () => (isAlone ? alone : {}),
    script: (world) => {
      const watch = new Watch(world);
      watches.set(world, watch);
      world.at(failsAtMs, () => {
        watch.failed = busiest(world);
        watch.failed.setFaultOfAll(fault);
      });
    },
  };
}

/** From which most read. */
function busiest(world: World): EdgeServer {
  const readers = ({ edgeId }: EdgeServer): number =>
    world.alive().filter(({ core }) => core.edges.edgeId === edgeId).length;
  return world.edges.toSorted((a, b) => readers(b) - readers(a))[0] as EdgeServer;
}

const bandwidth = (bitsPerSecond: number) => ({ bandwidthBitsPerSecond: bitsPerSecond });

/** Worlds with several edges, by name. */
export const fleetScenarios: Record<string, Scenario> = {
  ...Object.fromEntries(
    Object.entries<Fault>(edgeFaults).flatMap(([name, fault]) => [
      [`edge-${name}`, (seed: number) => failingEdge(seed, fault, false)],
      [`edge-${name}-alone`, (seed: number) => failingEdge(seed, fault, true)],
    ]),
  ),

  /** A group with edges of which two are as good as what the app expects. */
  'edges-close': (seed) => ({
    seed,
    viewers: 8,
    durationMs: 90_000,
    edges: [
      { edgeId: 'a', firstByteMs: 30 },
      { edgeId: 'b', firstByteMs: 40 },
      { edgeId: 'far', firstByteMs: 700, bitsPerSecond: 2_500_000 },
    ],
    viewer: () => ({
      edgeNeeds: {
        minimum: {},
        expected: { responseTimeMs: 200, ...bandwidth(4e6) },
        isStrict: false,
      },
    }),
  }),

  /** The nearest edges offer too little, or do not say; the player names one of them. */
  'edges-minimum': (seed) => ({
    seed,
    viewers: 8,
    durationMs: 40_000,
    edges: [
      { edgeId: 'thin', firstByteMs: 5, kpis: bandwidth(2e6) },
      { edgeId: 'silent', firstByteMs: 5 },
      { edgeId: 'good', firstByteMs: 80, kpis: bandwidth(1e8) },
    ],
    viewer: () => ({
      edgeNeeds: { minimum: bandwidth(5e6), expected: {}, isStrict: true },
    }),
  }),

  /** Lone viewers, of which the nearest edge can bear a third. */
  'edges-full': (seed) => ({
    seed,
    viewers: 24,
    durationMs: 90_000,
    joinGapMs: [300, 600],
    edges: [
      { edgeId: 'near', firstByteMs: 20, uplinkBitsPerSecond: 14e6 },
      { edgeId: 'middle', firstByteMs: 30, uplinkBitsPerSecond: 30e6 },
      { edgeId: 'far', firstByteMs: 80, uplinkBitsPerSecond: 100e6 },
    ],
    viewer: () => alone,
  }),
};
