/** The servers of one run of one mode: a fresh origin, fresh edges, and what the mode's library needs. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Tracker from 'bittorrent-tracker/server';
import { type Edge, startEdge } from '../../demo/origin/edge.ts';
import { type Origin, startOrigin } from '../../demo/origin/origin.ts';
import { startSignaling } from '../../signaling/adapters/server.ts';
import type { Mode } from './options.ts';
import { stream, trackerIntervalMs } from './settings.ts';

export interface Stage {
  readonly origin: Origin;
  /** The viewers' edge. */
  readonly edge: Edge;
  /** Of the viewers that a scenario gives an edge of their own. */
  readonly spareEdge: Edge;
  readonly trackerUrl: string | null;
  readonly signalingUrl: string | null;
  /** Null in modes without room tokens. */
  issueToken(viewerName: string): Promise<string | null>;
  /** Wall clock at which a segment is complete and listed, in ms since the epoch. */
  publishedAtMs(mediaSequence: number): number;
  close(): Promise<void>;
}

export const room = 'bench';
const mediaSequenceBase = 1_000;

export async function startStage(mode: Mode): Promise<Stage> {
  const owned: { close(): Promise<void> }[] = [];
  const own = <T extends { close(): Promise<void> }>(item: T): T => {
    owned.unshift(item);
    return item;
  };
  const close = async (): Promise<void> => {
    for (const item of owned) await item.close();
  };
  try {
    const { segmentDurationMs, windowSegments } = stream;
    const startedAtMs = Date.now() - windowSegments * segmentDurationMs;
    const origin = own(await startOrigin({ startedAtMs, windowSegments, mediaSequenceBase }));
    const edge = own(await startEdge({ originUrl: origin.url, edgeId: 'edge-a' }));
    const spareEdge = own(await startEdge({ originUrl: origin.url, edgeId: 'edge-b' }));
    const tracker = mode === 'p2pml' ? own(await startTracker()) : null;
    const signaling = mode === 'holdfast' ? own(await startSignaling()) : null;
    return {
      origin,
      edge,
      spareEdge,
      trackerUrl: tracker?.url ?? null,
      signalingUrl: signaling?.url ?? null,
      async issueToken(viewerName) {
        const { playlistUrl } = origin;
        const request = { room, subject: viewerName, lifetimeSeconds: 3_600, stream: playlistUrl };
        return signaling?.issueToken(request) ?? null;
      },
      publishedAtMs: (mediaSequence) =>
        startedAtMs + (mediaSequence - mediaSequenceBase + 1) * segmentDurationMs,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startTracker(): Promise<{ url: string; close(): Promise<void> }> {
  const tracker = new Tracker({
    http: false,
    udp: false,
    stats: false,
    interval: trackerIntervalMs,
  });
  // A client that breaks off is reported here, too; without a listener it would end the bench.
  tracker.on('error', () => {});
  tracker.on('warning', () => {});
  tracker.listen(0, '127.0.0.1');
  await once(tracker, 'listening');
  const { port } = tracker.http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => tracker.close(() => resolve()));
      tracker.http.closeAllConnections();
      await closed;
    },
  };
}

/** Of a rendition, from the multivariant playlist; the best one's for `auto`. */
export async function bitsPerSecondOf(edge: Edge, rendition: string): Promise<number> {
  const playlist = await (await fetch(edge.playlistUrl)).text();
  const rates = [...playlist.matchAll(/AVERAGE-BANDWIDTH=(\d+).*\n([\w-]+)\//g)];
  const found = rates.find(([, , name]) => name === rendition) ?? rates[0];
  if (!found) throw new Error('the multivariant playlist names no bitrate');
  return Number(found[1]);
}
