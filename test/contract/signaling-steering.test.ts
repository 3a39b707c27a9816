import { expect } from 'chai';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import type { SteeringManifest } from '../../signaling/core/edges/steering.ts';
import { sample } from './signaling-client.ts';

const key = 'a secret of the tests, long enough for HS256';

describe('signaling: content steering over HTTP', () => {
  let server: Signaling;
  afterEach(() => server.close());

  async function start(options: SignalingOptions = {}): Promise<void> {
    server = await startSignaling({ key, ...options });
  }
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, init);
  const edge = async (edgeId: string, path: string, method: string, body: unknown) => {
    const token = await server.issueToken({ edge: edgeId, lifetimeSeconds: 60 });
    const response = await request(`/edges/${edgeId}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status, await response.text()).to.equal(200);
  };
  const register = (edgeId: string, more: object = {}) =>
    edge(edgeId, '', 'PUT', { baseUrl: `https://${edgeId}.example/live/`, ...more });
  const manifestOf = async (path: string): Promise<SteeringManifest> =>
    (await request(path)).json() as Promise<SteeringManifest>;

  it('is open to players of any page, and stored by nobody', async () => {
    await start({ edges: [{ edgeId: 'a', baseUrl: 'https://a.example/live/' }] });
    const response = await request('/steering?room=arena', {
      headers: { origin: 'https://x.example' },
    });
    expect(response.status).to.equal(200);
    expect(Object.fromEntries(response.headers)).to.include({
      'content-type': 'application/vnd.apple.steering-list',
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
    });
    expect(await response.json()).to.deep.include({ VERSION: 1, 'PATHWAY-PRIORITY': ['a'] });

    const head = await request('/steering?room=arena', { method: 'HEAD' });
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    const preflight = await request('/steering', { method: 'OPTIONS' });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get('access-control-allow-methods')).to.equal('GET, HEAD, OPTIONS');
    const post = await request('/steering?room=arena', {
      method: 'POST',
      body: 'x'.repeat(99_999),
    });
    expect(post.status).to.equal(405);
  });

  it('refuses what names no room with a code, and counts it', async () => {
    await start();
    const codes = await Promise.all(
      ['/steering', '/steering?room=', '/steering?room=a&room=a'].map(async (path) => {
        const response = await request(path);
        const { code } = (await response.json()) as { code: string };
        return `${response.status} ${code} ${response.headers.get('access-control-allow-origin')}`;
      }),
    );
    expect(codes).to.deep.equal(['400 room_missing *', '400 room_invalid *', '400 room_invalid *']);
    expect(await sample(server, 'holdfast_refusals_total{code="room_invalid"}')).to.equal(2);
    // What is not a path of its own stays unknown.
    expect((await request('/steering/x?room=arena')).status).to.equal(404);
  });

  it('never answers 429, however often one address asks', async () => {
    await start({ limits: { edgeRequestsPerMinutePerAddressMax: 1 } });
    const statuses = new Set<number>();
    for (let batch = 0; batch < 20; batch += 1) {
      const paths = Array.from({ length: 50 }, (_, index) => `/steering?room=arena&v=${index}`);
      for (const { status } of await Promise.all(paths.map((path) => request(path)))) {
        statuses.add(status);
      }
    }
    expect([...statuses]).to.deep.equal([200]);
  });

  it('follows the directory: load, a drained edge, the spare that takes its name', async () => {
    await start();
    await register('a', { load: 0.1 });
    await register('b', { load: 0.8 });
    await register('c', { role: 'spare' });
    const site = 'pathways=a@https://a.example/live/,b@https://b.example/live/';
    const first = await manifestOf(`/steering?room=arena&${site}&_HLS_pathway=b`);
    expect(first['PATHWAY-PRIORITY']).to.deep.equal(['a', 'b']);
    expect(first.TTL).to.be.within(24, 36);

    await edge('a', '/heartbeat', 'POST', { role: 'draining' });
    const reload = `/${first['RELOAD-URI']}&_HLS_pathway=a&_HLS_throughput=20000000`;
    const second = await manifestOf(reload);
    expect(second['PATHWAY-PRIORITY']).to.deep.equal(['c.example', 'b', 'a']);
    expect(second['PATHWAY-CLONES']).to.deep.equal([
      { 'BASE-ID': 'a', ID: 'c.example', 'URI-REPLACEMENT': { HOST: 'c.example' } },
    ]);
    expect(second.TTL).to.be.within(5, 15);
    expect(await manifestOf(reload), 'an equal request').to.deep.equal(second);
  });

  it('leaves a player at an edge that is full, and sends no other there', async () => {
    await start();
    await register('a', { load: 1 });
    await register('b', { load: 1 });
    for (const load of [1, 1, 1]) await edge('a', '/heartbeat', 'POST', { load });
    for (const load of [0.5, 0.5]) await edge('b', '/heartbeat', 'POST', { load });
    const newcomer = await manifestOf('/steering?room=arena&pathways=a,b&_HLS_pathway=a');
    expect(newcomer['PATHWAY-PRIORITY'][0]).to.equal('b');
    const there = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        manifestOf(`/steering?room=arena&pathways=a,b&v=s${index}&_HLS_pathway=a`),
      ),
    );
    const stayed = there.filter((manifest) => manifest['PATHWAY-PRIORITY'][0] === 'a').length;
    expect(stayed, 'two thirds').to.be.within(28, 52);
    for (const { TTL } of there) expect(TTL).to.be.within(5, 15);
  });
});
