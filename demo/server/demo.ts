import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { startSignaling } from '../../signaling/adapters/server.ts';
import type { OriginError } from '../origin/errors.ts';
import { startOrigin } from '../origin/origin.ts';
import { type DemoEdge, startDemoEdge } from './demo-edge.ts';
import { type EdgeName, edgeNames, edgeTitles } from './edge-offers.ts';
import { Lines } from './lines.ts';
import { startPage } from './page.ts';
import { DemoControl } from './state.ts';

export interface DemoOptions {
  host: string;
  /** Of the page; null takes 8080 or the next free one. */
  port: number | null;
  encoder: 'loop' | 'ffmpeg';
  /** A part is up. */
  onStarted: (part: string, detail: string) => void;
  /** A running encoder died. */
  onFailure: (error: OriginError) => void;
  /** Cancels the start. */
  signal: AbortSignal;
}

export interface Demo {
  /** URLs of the page, the one to print first. */
  readonly urls: string[];
  /** Ends everything that was started, newest first. */
  close(): Promise<void>;
}

/** Twelve segments of 2 s: a viewer who joins has something to fall back on. */
const windowSegments = 12;
/** Nobody who looks on waits half a minute to see a lost edge replaced. Heartbeats are a third of it apart. */
const edgeLeaseMs = 12_000;

/**
 * Starts signaling, live origin, edges and the page.
 * @throws What the failing part throws; what had been started is ended first.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const parts: { close(): Promise<void> }[] = [];
  const close = async () => {
    // Ended together: an edge must not wait for viewers that wait for signaling.
    await Promise.all(parts.splice(0).map((part) => part.close()));
  };
  const started = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    parts.push(part);
    options.signal.throwIfAborted();
    return part;
  };
  try {
    return { urls: await startParts(options, started), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  { host, port, encoder, onStarted, onFailure, signal }: DemoOptions,
  started: <Part extends { close(): Promise<void> }>(part: Part) => Part,
): Promise<string[]> {
  const names = hostNames(host);
  const limits = { edgeLeaseMs };
  const signaling = started(await startSignaling({ host, limits, ...exposure(host) }));
  onStarted('signaling', signaling.url);
  const origin = started(await startOrigin({ host, encoder, windowSegments, onFailure, signal }));
  onStarted('live origin', `${origin.playlistUrl}  (${encoder})`);
  const lines = new Lines();
  const inside = urlHost(names[0] ?? host);
  const edges: [EdgeName, DemoEdge][] = [];
  for (const name of edgeNames) {
    const edge = await startDemoEdge({
      name,
      host,
      lines,
      // A phone must reach what viewers are told of.
      address: urlHost(names[1] ?? names[0] ?? host),
      originUrl: `http://${inside}:${origin.port}`,
      signalingUrl: `http://${inside}:${signaling.port}`,
      issueToken: signaling.issueToken,
    });
    edges.push([name, started(edge)]);
    onStarted(edgeTitles[name], edge.playlistUrl);
  }
  const control = new DemoControl({
    origin,
    edges: Object.fromEntries(edges) as Record<EdgeName, DemoEdge>,
    lines,
    signalingPort: signaling.port,
  });
  const page = started(
    await startPage({
      host,
      port,
      control,
      // The server reads the stream once itself, so that nobody has to believe what peers send.
      issueToken: (request) => signaling.issueToken({ ...request, stream: origin.playlistUrl }),
    }),
  );
  return names.map((name) => `http://${urlHost(name)}:${page.port}/`);
}

/** Outside of loopback the signaling server wants a key; who may connect is decided by the demo's tokens. */
function exposure(host: string): { key?: string; origins?: string[] } {
  if (host === '127.0.0.1' || host === '::1' || host === 'localhost') return {};
  return { key: randomBytes(32).toString('base64url'), origins: ['*'] };
}

/** Addresses under which `host` is reached. */
function hostNames(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  return ['127.0.0.1', ...outside.map(({ address }) => address)];
}

function urlHost(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}
