/** One edge of the demo as a site would run it: the cache, its address, and its word to the signaling server. */

import type { Signaling } from '../../signaling/adapters/server.ts';
import type { Kpis } from '../../signaling/protocol/index.ts';
import { parseKpi, parseKpis } from '../../signaling/protocol/index.ts';
import type { Counters } from '../origin/counters.ts';
import { type Edge, startEdge } from '../origin/edge.ts';
import type { Fault } from '../origin/fault.ts';
import { type Door, startDoor } from './door.ts';
import { type EdgeName, edgeOffers } from './edge-offers.ts';
import type { Lines } from './lines.ts';
import { Registrar, type Standing } from './registrar.ts';

export interface DemoEdgeOptions {
  name: EdgeName;
  host: string;
  /** By which viewers reach this machine, as in a URL. */
  address: string;
  originUrl: string;
  lines: Lines;
  signalingUrl: string;
  issueToken: Signaling['issueToken'];
}

export interface DemoEdge {
  /** Without a line: for those who need none. */
  readonly port: number;
  readonly playlistUrl: string;
  /** As it is registered; a line's name and the path of the stream follow. */
  readonly baseUrl: string;
  readonly offers: Kpis;
  readonly standing: Standing | null;
  setFault(fault: Fault): void;
  counters(): Counters;
  close(): Promise<void>;
}

/** @throws OriginError or Error with `code` when it cannot listen. */
export async function startDemoEdge(options: DemoEdgeOptions): Promise<DemoEdge> {
  const { name, host, address, originUrl, lines, signalingUrl, issueToken } = options;
  const { role, kpis, latencyMs } = edgeOffers[name];
  const bytesPerSecondMax = (parseKpi('bandwidth', kpis.bandwidth) ?? 0) / 8;
  const edge = await startEdge({ host, originUrl, edgeId: name, latencyMs, bytesPerSecondMax });
  let door: Door;
  try {
    door = await startDoor({ host, edge, lines });
  } catch (error) {
    await edge.close();
    throw error;
  }
  const baseUrl = `http://${address}:${door.port}/`;
  const registrar = new Registrar({
    edgeId: name,
    registration: { baseUrl, role, kpis },
    signalingUrl,
    issueToken,
    load: loadOf(edge, bytesPerSecondMax),
  });
  return {
    port: edge.port,
    playlistUrl: edge.playlistUrl,
    baseUrl,
    offers: parseKpis(kpis) as Kpis,
    get standing() {
      return registrar.standing;
    },
    setFault(fault) {
      edge.setFault(fault);
      registrar.isSilent = fault.kind === 'refuse';
    },
    counters: () => edge.counters(),
    async close() {
      await Promise.all([registrar.close(), door.close(), edge.close()]);
    },
  };
}

/** Share of the line that was used since it was asked last. */
function loadOf(edge: Edge, bytesPerSecondMax: number): () => number {
  let last = { bytes: 0, atMs: performance.now() };
  return () => {
    const { playlist, init, segment } = edge.counters().bytes;
    const now = { bytes: playlist + init + segment, atMs: performance.now() };
    const elapsedS = Math.max(1, (now.atMs - last.atMs) / 1_000);
    const share = (now.bytes - last.bytes) / elapsedS / bytesPerSecondMax;
    last = now;
    return Math.min(1, share);
  };
}
