import type { Limits } from '../../signaling/protocol/index.ts';
import { Clock } from './world/clock.ts';
import { EdgeServer, type EdgeSpec, type Fault } from './world/edge.ts';
import type { FleetEdge } from './world/fleet.ts';
import type { Invariants } from './world/invariants.ts';
import { Network, type NetworkSpec } from './world/network.ts';
import { willing } from './world/population.ts';
import { Random } from './world/random.ts';
import { makeReport, type Report, type ServedSegment } from './world/report.ts';
import { SignalingServer } from './world/signaling.ts';
import { LiveStream, type RenditionSpec } from './world/stream.ts';
import { Viewer } from './world/viewer.ts';
import type { ViewerSpec } from './world/viewer-spec.ts';

export interface SimulationOptions {
  seed: number;
  /** Viewers that join from the start, one after another. */
  viewers: number;
  durationMs: number;
  /** Between two joins, drawn between these. Default 500 to 1 000. */
  joinGapMs?: [number, number];
  /** Segments published from this long after the last of them joined count as settled. Default 10 000. */
  settleMs?: number;
  renditions?: RenditionSpec[];
  segmentMs?: number;
  windowSegments?: number;
  edge?: Partial<EdgeSpec>;
  /** Several, of which a directory tells; players name the first. Default the one above, of which nobody tells. */
  edges?: readonly FleetEdge[];
  network?: Partial<NetworkSpec>;
  /** Of the server's rooms. */
  limits?: Partial<Limits>;
  /** What differs from the usual viewer. */
  viewer?: (index: number, random: Random) => Partial<ViewerSpec>;
  /** Share of control messages and frames that go through the real encoders and parsers. Default all. */
  wireShare?: number;
  /** Of the clock, for large worlds. */
  sliceMs?: number;
  /** What happens, when: called once before time begins. */
  script?: (world: World) => void;
  /** Called after each second of the world. */
  onSecond?: (world: World) => void;
}

const defaultSettleMs = 10_000;

/** A room full of real cores in virtual time. */
export class World {
  readonly clock: Clock;
  readonly random: Random;
  readonly stream: LiveStream;
  /** The one that players name. */
  readonly edge: EdgeServer;
  readonly edges: readonly EdgeServer[];
  readonly network: Network;
  readonly signaling: SignalingServer;
  readonly viewers: Viewer[] = [];
  #byName = new Map<string, Viewer>();
  readonly options: SimulationOptions;
  readonly served = new Map<string, ServedSegment>();
  /** When the first viewers have all joined and found their places. */
  settledAtMs = 0;
  /** Looks at the room while something fails; null where nothing does. */
  invariants: Invariants | null = null;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.clock = new Clock(options.sliceMs);
    this.random = new Random(options.seed);
    const { clock, random } = this;
    const renditions = options.renditions ?? [{ name: 'high', bitsPerSecond: 1_400_000 }];
    this.stream = new LiveStream({
      segmentMs: options.segmentMs ?? 2_000,
      windowSegments: options.windowSegments ?? 6,
      renditions,
    });
    const specs = options.edges ?? [{ edgeId: 'edge', ...options.edge }];
    this.edges = specs.map((each, index) => {
      const spec = { firstByteMs: 60, bitsPerSecond: 20_000_000, ...each };
      const chance = random.fork(index === 0 ? 'edge' : `edge ${spec.edgeId}`);
      return new EdgeServer(clock, this.stream, spec, chance);
    });
    this.edge = this.edges[0] as EdgeServer;
    for (const edge of this.edges)
      edge.onServed = (path, viewer, bytes) => this.#count(path, viewer, bytes);
    const networkSpec = { detectMinMs: 5_000, detectMaxMs: 8_000, jitterMs: 4, ...options.network };
    this.network = new Network(clock, random.fork('network'), networkSpec);
    const isChecked = (options.wireShare ?? 1) >= 1;
    const { limits = {} } = options;
    this.signaling = new SignalingServer(clock, random.fork('signaling'), isChecked, limits);
    if (options.edges) this.signaling.tellOf(options.edges, this.edges);
  }

  at(atMs: number, run: () => void): void {
    this.clock.at(atMs, run);
  }

  join(change: Partial<ViewerSpec> = {}): Viewer {
    const index = this.viewers.length;
    const random = this.random.fork(`viewer${index}`);
    const spec: ViewerSpec = {
      name: `n${index}`,
      deviceId: `device${index}`,
      profile: willing,
      nat: 'open',
      accessMs: random.between(5, 40),
      lossShare: 0,
      signalingMs: random.between(10, 60),
      uplinkBitsPerSecond: random.between(4e6, 20e6),
      downlinkBitsPerSecond: random.between(15e6, 60e6),
      rendition: this.stream.spec.renditions[0]?.name ?? '',
      bufferMaxMs: 30_000,
      behindSegments: 3,
      memoryBytesMax: 64 * 1_048_576,
      storageBytesMax: 0,
      uploadBytesPerSecondMax: 1_250_000,
      wireShare: this.options.wireShare ?? 1,
      behaviour: null,
      ...this.options.viewer?.(index, random),
      ...change,
    };
    const viewer = new Viewer(this, spec);
    this.viewers.push(viewer);
    this.#byName.set(spec.name, viewer);
    viewer.start();
    return viewer;
  }

  edgeAt(url: string): EdgeServer {
    const edge = this.edges.find(({ baseUrl }) => url.startsWith(`${baseUrl}/`));
    if (!edge) throw new Error(`no edge has ${url}`);
    return edge;
  }

  /** All edges fail so, but not for these viewers; null ends it. */
  failEdges(fault: Fault | null, exempt: (viewer: string) => boolean = () => false): void {
    for (const edge of this.edges) {
      edge.exempt = exempt;
      edge.setFaultOfAll(fault);
    }
  }

  alive(): Viewer[] {
    return this.viewers.filter((viewer) => viewer.alive);
  }

  masters(): Viewer[] {
    return this.alive().filter((viewer) => viewer.groupRole === 'master');
  }

  named(name: string): Viewer | undefined {
    return this.#byName.get(name);
  }

  publishedAtMs(sequence: number): number {
    return this.stream.publishedAtMs(sequence);
  }

  report(): Report {
    const { clock, viewers, edges, served, stream, settledAtMs, options } = this;
    return makeReport({
      seed: options.seed,
      nowMs: clock.nowMs,
      viewers,
      edges,
      served,
      settledAtMs,
      sizeOf: (path) => stream.bytesOf(path) ?? 0,
      publishedAtMs: (sequence) => stream.publishedAtMs(sequence),
    });
  }

  /** From then on every upload counts. */
  settleAt(atMs: number): void {
    this.settledAtMs = atMs;
    this.at(atMs, () => {
      for (const each of this.viewers) each.settledUploadBytes = each.uplink.bytes;
    });
  }

  #count(path: string, name: string, bytes: number): void {
    const sequence = Number.parseInt(path.split('/')[1] ?? '', 10);
    if (!Number.isFinite(sequence)) return;
    const groupId = this.#byName.get(name)?.groupId ?? name;
    const key = `${path}|${groupId}`;
    const entry = this.served.get(key) ?? { path, sequence, groupId, bytes: 0 };
    entry.bytes += bytes;
    this.served.set(key, entry);
  }
}

/** Runs one world to its end. Same options, same report. */
export function simulate(options: SimulationOptions): Report {
  return simulateWorld(options).report();
}

export function simulateWorld(options: SimulationOptions): World {
  const world = new World(options);
  const [gapMin, gapMax] = options.joinGapMs ?? [500, 1_000];
  const random = world.random.fork('joins');
  let atMs = 0;
  for (let index = 0; index < options.viewers; index += 1) {
    world.at(atMs, () => void world.join());
    if (index === options.viewers - 1) world.settleAt(atMs + (options.settleMs ?? defaultSettleMs));
    atMs += random.between(gapMin, gapMax);
  }
  options.script?.(world);
  const { onSecond, durationMs } = options;
  if (onSecond)
    for (let endMs = 1_000; endMs < durationMs; endMs += 1_000) {
      world.clock.runUntil(endMs);
      onSecond(world);
    }
  world.clock.runUntil(durationMs);
  return world;
}
