/** What the page learns about the servers once a second, and what it may ask of them. */
import type { Kpis } from '../../signaling/protocol/index.ts';
import type { Counters } from '../origin/counters.ts';
import type { Fault } from '../origin/fault.ts';
import type { Origin } from '../origin/origin.ts';
import type { DemoEdge } from './demo-edge.ts';
import { type EdgeName, edgeNames } from './edge-offers.ts';
import type { Lines, Outage } from './lines.ts';

export const serverNames = ['origin', ...edgeNames] as const;
export type ServerName = (typeof serverNames)[number];

/** `cut` resets every connection; `slow` leaves less than the stream needs. */
export type FaultName = 'none' | 'cut' | 'slow';

export const faults: Record<FaultName, Fault> = {
  none: { kind: 'none' },
  cut: { kind: 'refuse' },
  // About half of the better rendition's 178 kB/s, all viewers together.
  slow: { kind: 'throttle', bytesPerSecond: 80_000 },
};

export interface ServerState {
  port: number;
  fault: FaultName;
  /** How long the fault has held; null when there is none. */
  faultForMs: number | null;
  /** Body bytes sent since the start: media, init segments and playlists. */
  bytesSent: number;
  /** Of an edge: bytes read from the origin. */
  bytesRead: number;
}

export interface EdgeState extends ServerState {
  /** As viewers are told of it. */
  baseUrl: string;
  offers: Kpis;
  /** Share of its line that was in use when it was last heard; null before that. */
  load: number | null;
  /** Name that it goes by; null while it stands by as a spare, or has not registered. */
  place: string | null;
  /** Since the signaling server last heard of it; null before it did. */
  silentMs: number | null;
}

export interface DemoState {
  signalingPort: number;
  outage: (Outage & { forMs: number }) | null;
  servers: { origin: ServerState } & Record<EdgeName, EdgeState>;
  /** Mean number of times that one segment left the edges, over the last segments; null before there were any. */
  copiesPerSegment: number | null;
}

export interface DemoControlOptions {
  origin: Origin;
  edges: Record<EdgeName, DemoEdge>;
  lines: Lines;
  signalingPort: number;
}

/** Of each rendition: about the last half minute, without the newest, which may be on its way. */
const recentSegments = 15;

export class DemoControl {
  readonly lines: Lines;
  readonly #servers: { origin: Origin } & Record<EdgeName, DemoEdge>;
  readonly #signalingPort: number;
  readonly #faults = new Map<ServerName, { name: FaultName; sinceMs: number }>();

  constructor({ origin, edges, lines, signalingPort }: DemoControlOptions) {
    this.lines = lines;
    this.#servers = { origin, ...edges };
    this.#signalingPort = signalingPort;
  }

  setFault(server: ServerName, name: FaultName): void {
    if (name === this.#faults.get(server)?.name) return;
    this.#servers[server].setFault(faults[name]);
    if (name === 'none') this.#faults.delete(server);
    else this.#faults.set(server, { name, sinceMs: performance.now() });
  }

  state(): DemoState {
    return {
      signalingPort: this.#signalingPort,
      outage: this.lines.outage,
      servers: {
        origin: this.#serverState('origin'),
        'edge-a': this.#edgeState('edge-a'),
        'edge-b': this.#edgeState('edge-b'),
        'edge-c': this.#edgeState('edge-c'),
        'edge-d': this.#edgeState('edge-d'),
      },
      copiesPerSegment: recentCopies(edgeNames.map((name) => this.#servers[name].counters())),
    };
  }

  #edgeState(name: EdgeName): EdgeState {
    const { baseUrl, offers, standing } = this.#servers[name];
    return {
      ...this.#serverState(name),
      baseUrl,
      offers,
      load: standing?.load ?? null,
      place: standing?.name ?? null,
      silentMs: standing && Math.round(performance.now() - standing.heardAtMs),
    };
  }

  #serverState(name: ServerName): ServerState {
    const server = this.#servers[name];
    const fault = this.#faults.get(name);
    const { bytes, upstream } = server.counters();
    return {
      port: server.port,
      fault: fault?.name ?? 'none',
      faultForMs: fault ? Math.round(performance.now() - fault.sinceMs) : null,
      bytesSent: bytes.playlist + bytes.init + bytes.segment,
      bytesRead: upstream.bytes,
    };
  }
}

/** Copies that all edges sent together, of the newest segments of each rendition. */
export function recentCopies(edges: readonly Counters[]): number | null {
  const byRendition = new Map<string, Map<number, number>>();
  for (const { segments } of edges) {
    for (const [path, { copies }] of Object.entries(segments)) {
      const [, rendition = '', sequence = ''] = /\/([\w-]+)\/(\d+)\.m4s$/.exec(path) ?? [];
      const bySequence = byRendition.get(rendition) ?? new Map<number, number>();
      byRendition.set(rendition, bySequence);
      bySequence.set(Number(sequence), (bySequence.get(Number(sequence)) ?? 0) + copies);
    }
  }
  const newest = Math.max(...[...byRendition.values()].flatMap((item) => [...item.keys()]));
  const copies: number[] = [];
  for (const bySequence of byRendition.values()) {
    for (const [sequence, count] of bySequence) {
      if (sequence < newest && sequence >= newest - recentSegments) copies.push(count);
    }
  }
  if (copies.length === 0) return null;
  return copies.reduce((sum, count) => sum + count, 0) / copies.length;
}
