/** How long pages take to leave an edge that dies, seen from outside of them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page, Request } from 'playwright-core';
import type { Edge } from '../../../demo/origin/edge.ts';
import type { Fault } from '../../../demo/origin/fault.ts';
import { Stack } from './stack.ts';
import { baseUrlOf } from './steered-playlist.ts';
import { sleep } from './watch.ts';

export interface Leaving {
  /** From the first request that the edge fails to the answer of another; null where none came. */
  leftMs: number | null;
  /** Longest time without a new frame since the edge died. */
  frozenMs: number;
  bufferMsBefore: number;
}

export const deaths: Readonly<Record<string, Fault>> = {
  'black hole': { kind: 'black-hole' },
  '503': { kind: 'error', status: 503 },
};

interface Seen {
  url: string;
  startedAtMs: number;
  /** Null while there is no answer. */
  answeredAtMs: number | null;
  isOk: boolean;
}

interface Watched {
  page: Page;
  seen: Seen[];
  read(): Promise<{ frozenMs: number; bufferMs: number }>;
  reset(): Promise<void>;
}

export type LeavingMode = 'holdfast' | 'plain';

/**
 * Pages that each play alone, and what they do when the edge that they read from dies. In plain hls.js the playlist names
 * both edges for each rendition; with ours the server does. Servers and browser are started for it: one that has died is
 * not offered again for a while.
 */
export async function measureLeaving(
  mode: LeavingMode,
  fault: Fault,
  count: number,
): Promise<Leaving[]> {
  const stack = await Stack.start({}, {}, listed);
  const playlist = mode === 'plain' ? await serveRedundant(stack) : null;
  try {
    const opened = Array.from({ length: count }, (_, index) =>
      playlist ? openPlain(stack, playlist.url) : openOurs(stack, index),
    );
    return await leave(stack, await Promise.all(opened), fault);
  } finally {
    playlist?.close();
    await stack.close();
  }
}

/** The two edges of the stack that are told of. */
export const listed = (edges: readonly Edge[]) => ({
  edges: edges.slice(0, 2).map((edge) => ({ edgeId: edge.edgeId, baseUrl: baseUrlOf(edge) })),
});

async function openOurs(stack: Stack, index: number): Promise<Watched> {
  const viewer = await stack.join({ room: `alone-${index}`, stream: null });
  return {
    page: viewer.page,
    seen: watch(viewer.page),
    async read() {
      const { frozenMs, stats } = await viewer.read();
      return { frozenMs, bufferMs: stats.bufferMs ?? 0 };
    },
    reset: () => viewer.page.evaluate(() => window.viewer.resetFrozen()),
  };
}

async function openPlain(stack: Stack, url: string): Promise<Watched> {
  const page = await stack.openPlain(url);
  return {
    page,
    seen: watch(page),
    read: () =>
      page.evaluate(() => {
        const video = document.querySelector('video') as HTMLVideoElement;
        const { buffered, currentTime } = video;
        const endS = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime;
        const { frozenMs } = window.plain.read();
        return { frozenMs, bufferMs: (endS - currentTime) * 1_000 };
      }),
    reset: () => page.evaluate(() => window.plain.reset()),
  };
}

async function leave(stack: Stack, watched: Watched[], fault: Fault): Promise<Leaving[]> {
  const dying = stack.edge(0);
  // All read from the other one, which is nearer.
  stack.edge(1).setFault({ kind: 'slow-first-byte', delayMs: 80 });
  await sleep(12_000);
  const before = await Promise.all(watched.map((each) => each.read()));
  await Promise.all(watched.map((each) => each.reset()));
  const diedAtMs = Date.now();
  dying.setFault(fault);
  await sleep(15_000);
  const after = await Promise.all(watched.map((each) => each.read()));
  return watched.map(({ seen }, index) => ({
    leftMs: leftAfter(seen, dying.url, diedAtMs),
    frozenMs: after[index]?.frozenMs ?? 0,
    bufferMsBefore: before[index]?.bufferMs ?? 0,
  }));
}

function leftAfter(seen: readonly Seen[], dyingUrl: string, diedAtMs: number): number | null {
  const never = Number.POSITIVE_INFINITY;
  const isOfDying = ({ url }: Seen) => url.startsWith(dyingUrl);
  const pathOf = ({ url }: Seen) => new URL(url).pathname;
  const [first] = seen.filter(
    (each) => isOfDying(each) && !each.isOk && (each.answeredAtMs ?? never) >= diedAtMs,
  );
  const elsewhere = seen.filter(
    (each) => !isOfDying(each) && each.isOk && each.startedAtMs >= diedAtMs,
  );
  // Others have noticed, and the server has moved this one before it asked for anything.
  if (!first) return elsewhere.length > 0 ? 0 : null;
  // The same from another edge, or, where the player gives that up, whatever media comes from there first.
  const same = elsewhere.find((each) => pathOf(each) === pathOf(first));
  const next = same ?? elsewhere.find(({ url }) => url.includes('.m4s'));
  return next
    ? Math.max(0, (next.answeredAtMs ?? never) - Math.max(diedAtMs, first.startedAtMs))
    : null;
}

function watch(page: Page): Seen[] {
  const seen: Seen[] = [];
  const known = new Map<Request, Seen>();
  page.on('request', (request) => {
    const entry = { url: request.url(), startedAtMs: Date.now(), answeredAtMs: null, isOk: false };
    known.set(request, entry);
    seen.push(entry);
  });
  page.on('response', (response) => {
    const entry = known.get(response.request());
    if (!entry) return;
    entry.answeredAtMs = Date.now();
    entry.isOk = response.ok();
  });
  page.on('requestfailed', (request) => {
    const entry = known.get(request);
    // Chromium calls one that was read to its end by a stream aborted, too.
    if (entry?.answeredAtMs === null) entry.isOk = false;
  });
  return seen;
}

async function serveRedundant(stack: Stack): Promise<{ url: string; close(): void }> {
  const text = await (await fetch(stack.origin.playlistUrl)).text();
  const lines = text.split('\n').filter((line) => line !== '');
  const first = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF'));
  const [a, b] = [stack.edge(0), stack.edge(1)].map((edge) =>
    lines.slice(first).map((line) => (line.startsWith('#') ? line : `${baseUrlOf(edge)}${line}`)),
  );
  const body = [...lines.slice(0, first), ...(a ?? []), ...(b ?? []), ''].join('\n');
  const server = createServer((_, answer) => {
    answer.writeHead(200, {
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
    });
    answer.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/main.m3u8`, close: () => void server.close() };
}
