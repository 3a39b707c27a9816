import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { expect } from 'chai';
import { useLive } from './support/live.ts';
import type { Viewer, ViewerOptions } from './support/stack.ts';
import { allLinked, type Reading, readAll, sleep, until } from './support/watch.ts';

/** A connection whose kind the test changes as a phone does that leaves its WLAN. */
const changingConnection = `
  window.connection = Object.assign(new EventTarget(), { type: 'wifi', saveData: false });
  Object.defineProperty(navigator, 'connection', { get: () => window.connection });
`;

const collectConnections = `
  window.connections = [];
  const { RTCPeerConnection: Real } = window;
  window.RTCPeerConnection = class extends Real {
    constructor(...settings) {
      super(...settings);
      window.connections.push(this);
    }
  };
`;

describe('a viewer whose network or source changes', function () {
  this.timeout(120_000);
  const live = useLive();
  const { viewers } = live;
  let elsewhere: { server: Server; playlistUrl: string };

  before(async () => {
    elsewhere = await serveElsewhere(live.stack.edge(1).playlistUrl);
  });

  after(() => {
    elsewhere?.server.closeAllConnections();
    elsewhere?.server.close();
  });

  /** Returns the first of them. */
  const joinRoomOf = async (count: number, options: ViewerOptions): Promise<Viewer> =>
    (await live.fill(count, options))[0] as Viewer;

  const plays = (viewer: Viewer, withinMs = 15_000) =>
    until(
      'it plays',
      () => viewer.read(),
      ({ steadyMs }) => steadyMs >= 2_000,
      withinMs,
    );

  const hasStatus = (viewer: Viewer, wanted: string) =>
    until(
      `it is ${wanted}`,
      async () => (await viewer.read()).stats.status,
      (status) => status === wanted,
      10_000,
    );

  const turnTo = (viewer: Viewer, url: string) =>
    viewer.page.evaluate((to) => {
      window.viewer.hls.loadSource(to);
      void window.viewer.video.play();
    }, url);

  it('waits for its network with what it has, and plays and rejoins as soon as that is back', async () => {
    const viewer = await joinRoomOf(3, { room: 'offline' });
    const cdp = await viewer.context.newCDPSession(viewer.page);
    await cdp.send('Network.enable');
    const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    const before = await viewer.read();
    await live.playsOn(async () => {
      await cdp.send('Network.emulateNetworkConditions', { ...conditions, offline: true });
      await sleep(15_000);
    }, viewers.slice(1));
    const offline = await viewer.read();
    const requests = offline.requestCount - before.requestCount;
    expect(requests / 15, 'requests a second without a network').to.be.below(5);
    expect(offline.stats.edgeHealth).to.equal('healthy');
    await cdp.send('Network.emulateNetworkConditions', { ...conditions, offline: false });
    await until(
      'it is in the room and plays',
      () => viewer.read(),
      ({ stats, steadyMs }) =>
        stats.status === 'joined' && stats.neighbours.length === 2 && steadyMs >= 1_000,
      4_000,
    );
    expect((await viewer.read()).fatalErrors).to.deep.equal([]);
  });

  it('makes its links anew when all of them died, and nobody stalls', async () => {
    const viewer = await joinRoomOf(3, { room: 'lost links', initScript: collectConnections });
    const isGone = (all: Reading[]) => all[1]?.stats.neighbours.length === 1;
    await live.playsOn(async () => {
      const closed = await viewer.page.evaluate(() => {
        const connections = Reflect.get(window, 'connections') as RTCPeerConnection[];
        for (const connection of connections) connection.close();
        return connections.length;
      });
      expect(closed).to.be.at.least(2);
      await until('the others notice', () => readAll(viewers), isGone, 2_000);
      await allLinked(viewers, 15_000);
      await sleep(4_000);
    });
  });

  it('uploads nothing more once its connection is metered, and again when it is not', async () => {
    const room = 'metered';
    const viewer = await joinRoomOf(3, { room, initScript: changingConnection });
    const uploaded = async () => (await viewer.read()).stats.bytesToPeers;
    const change = (type: string) =>
      viewer.page.evaluate((to) => {
        const connection = Reflect.get(window, 'connection') as EventTarget & { type: string };
        connection.type = to;
        connection.dispatchEvent(new Event('change'));
      }, type);
    await until('it uploads', uploaded, (bytes) => bytes > 0, 15_000);
    await change('cellular');
    // What its links had taken already still goes out.
    await sleep(300);
    const before = await uploaded();
    await sleep(6_000);
    expect((await uploaded()) - before).to.equal(0);
    const { stats } = await viewer.read();
    expect(stats.groupRole).to.equal('slave');
    expect(stats.neighbours).to.have.length(2);
    await change('wifi');
    await until('it uploads again', uploaded, (bytes) => bytes > before, 20_000);
  });

  it('stays in the room when the source gets a new token', async () => {
    const viewer = await joinRoomOf(2, { room: 'token' });
    const held = (await viewer.read()).stats.segmentsHeld.length;
    await live.playsOn(async () => {
      await turnTo(viewer, `${live.stack.edge(0).playlistUrl}?token=second`);
      await plays(viewer);
      await sleep(6_000);
    }, viewers.slice(1));
    const { stats, fatalErrors } = await viewer.read();
    expect(fatalErrors).to.deep.equal([]);
    expect(stats.status).to.equal('joined');
    expect(stats.segmentsHeld.length).to.be.at.least(held);
    const statuses = await viewer.page.evaluate(
      () => window.viewer.log.filter(({ name }) => name === 'status').length,
    );
    expect(statuses, 'it never left').to.equal(2);
  });

  it('leaves the room for another stream, names nothing of it there, and comes back', async () => {
    const viewer = await joinRoomOf(3, { room: 'source' });
    const { stats: inRoom } = await viewer.read();
    const others = (all: Reading[]) =>
      all.slice(1).every(({ stats }) => stats.neighbours.length === 1);
    await live.playsOn(async () => {
      await turnTo(viewer, elsewhere.playlistUrl);
      await hasStatus(viewer, 'alone');
      await plays(viewer);
      const left = await viewer.read();
      await sleep(5_000);
      const away = await viewer.read();
      expect(away.stats.neighbours).to.deep.equal([]);
      expect(away.stats.bytesToPeers).to.equal(left.stats.bytesToPeers);
      await until('the others are two', () => readAll(viewers), others, 1_000);
      await turnTo(viewer, live.stack.edge(0).playlistUrl);
      await hasStatus(viewer, 'joined');
      await allLinked(viewers, 10_000);
      await plays(viewer);
    }, viewers.slice(1));
    const after = await readAll(viewers);
    expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
    expect(after[0]?.stats.viewerId).to.equal(inRoom.viewerId);
    for (const { stats } of after) expect(stats.refusals).to.deep.equal({});
  });
});

/** The stream of an edge at another path: to a room another stream. */
async function serveElsewhere(playlistUrl: string) {
  const { origin } = new URL(playlistUrl);
  const server = createServer((request, response) => {
    const url = origin + (request.url ?? '').replace('/elsewhere/', '/live/');
    fetch(url).then(
      ({ status, headers, body }) => {
        const contentType = headers.get('content-type') ?? '';
        response.writeHead(status, {
          'access-control-allow-origin': '*',
          'content-type': contentType,
        });
        if (body) Readable.fromWeb(body as ReadableStream).pipe(response);
        else response.end();
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, playlistUrl: `http://127.0.0.1:${port}/elsewhere/main.m3u8` };
}
