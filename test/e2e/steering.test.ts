import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { type Edge, startEdge } from '../../demo/origin/edge.ts';
import { Stack } from './support/stack.ts';
import {
  baseUrlOf,
  type SteeredPlaylist,
  serveSteeredPlaylist,
} from './support/steered-playlist.ts';
import { sleep, until } from './support/watch.ts';

/** The shortest that a manifest may say. */
const ttlMs = 5_000;
/** A lease that lasts as long as the test: nobody sends heartbeats but to say something. */
const limits = { steeringTtlMs: ttlMs, steeringTtlUrgentMs: ttlMs, edgeLeaseMs: 300_000 };

describe('plain hls.js, steered by the server', function () {
  this.timeout(90_000);
  let stack: Stack;
  let spare: Edge;
  let playlist: SteeredPlaylist;
  let page: Page;
  const asked: { url: string; status: number }[] = [];

  before(async () => {
    stack = await Stack.start({}, {}, { limits });
    const [a, b] = [stack.edge(0), stack.edge(1)];
    // A clone replaces the host and nothing else: the spare has the port of the edge that it stands by for.
    spare = await startEdge({
      originUrl: stack.origin.url,
      edgeId: 'spare',
      host: '127.0.0.2',
      port: b.port,
    });
    const steering = `http://127.0.0.1:${stack.signaling.port}/steering?room=test&bitrate=1500000`;
    playlist = await serveSteeredPlaylist(stack.origin.playlistUrl, steering, { b, a });
    await tell('a', 'PUT', { baseUrl: baseUrlOf(a), load: 0.2 });
    await tell('b', 'PUT', { baseUrl: baseUrlOf(b), load: 0.7 });
  });

  after(async () => {
    await spare.close();
    await playlist.close();
    await stack.close();
  });

  /** As the edge would. */
  async function tell(edgeId: string, method: 'PUT' | 'POST', body: object): Promise<void> {
    const token = await stack.signaling.issueToken({ edge: edgeId, lifetimeSeconds: 600 });
    const path = `/edges/${edgeId}${method === 'POST' ? '/heartbeat' : ''}`;
    const response = await fetch(`http://127.0.0.1:${stack.signaling.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.ok, await response.text()).to.equal(true);
  }

  /** From now on segments come from this edge, and after what was under way from no other; nothing freezes meanwhile. */
  async function movesTo(edge: Edge, withinMs: number): Promise<void> {
    const edges = [...stack.edges, spare];
    for (const each of edges) each.resetCounters();
    const segments = async () => Object.keys(edge.counters().segments).length;
    await until(`segments come from ${edge.edgeId}`, segments, (count) => count > 0, withinMs);
    for (const each of edges) each.resetCounters();
    await until('they go on coming', segments, (count) => count > 1, 8_000);
    for (const other of edges.filter((each) => each !== edge))
      expect(other.counters().bytes.segment, other.edgeId).to.equal(0);
    const { frozenMs, firstFrameMs } = await page.evaluate(() => window.plain.read());
    expect(firstFrameMs).to.be.above(0);
    expect(frozenMs).to.be.below(300);
  }

  const pathway = () =>
    page.evaluate(() => {
      const { levels, loadLevel } = window.plain.hls;
      return levels[loadLevel]?.pathwayId;
    });

  it('plays from the edge that the server puts first, not from the first of the playlist', async () => {
    page = await stack.openPlain(playlist.url);
    page.on('response', (response) => {
      if (response.url().includes('/steering'))
        asked.push({ url: response.url(), status: response.status() });
    });
    await movesTo(stack.edge(0), 10_000);
    expect(await pathway()).to.equal('a');
  });

  it('moves within a TTL when that edge drains', async () => {
    await tell('a', 'POST', { role: 'draining' });
    await movesTo(stack.edge(1), ttlMs + 4_000);
    expect(await pathway()).to.equal('b');
  });

  it('moves to the spare that takes over a name, which the playlist does not have', async () => {
    await tell('spare', 'PUT', { baseUrl: baseUrlOf(spare), role: 'spare' });
    await tell('b', 'POST', { role: 'draining' });
    await movesTo(spare, ttlMs + 4_000);
    expect(await pathway()).to.equal('127.0.0.2');
  });

  it('has asked once a TTL, by the URL that it was given, and was always answered', async () => {
    await sleep(ttlMs);
    expect(asked.length).to.be.within(3, 8);
    expect(new Set(asked.map(({ status }) => status))).to.deep.equal(new Set([200]));
    const turns = asked.map(({ url }) => Number(new URL(url).searchParams.get('n')));
    // Each asks by the URL of the answer before; one that the player gave up is not told of here.
    expect(turns).to.deep.equal([...new Set(turns)].sort((a, b) => a - b));
    expect((turns.at(-1) ?? 0) - (turns[0] ?? 0)).to.be.within(turns.length - 1, turns.length);
    const seeds = new Set(asked.map(({ url }) => new URL(url).searchParams.get('v')));
    seeds.delete(null);
    expect(seeds.size).to.equal(1);
  });
});
