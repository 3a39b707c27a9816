import { expect } from 'chai';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  measure,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

const noWebRtc = 'delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;';
const saveData = 'Object.defineProperty(navigator.connection, "saveData", { get: () => true });';
const cellular = 'Object.defineProperty(navigator.connection, "type", { get: () => "cellular" });';

describe('a viewer whom the room cannot help, or who may not help it', function () {
  this.timeout(90_000);
  let stack: Stack;
  let viewers: Viewer[] = [];
  let plainFirstFrameMs: number;

  before(async () => {
    stack = await Stack.start();
    // The first one warms up edge and page server.
    await stack.firstFrameMsOfPlain();
    plainFirstFrameMs = await stack.firstFrameMsOfPlain();
  });

  afterEach(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    viewers = [];
  });

  after(async () => {
    await stack?.close();
  });

  async function playsAlone(viewer: Viewer, reason: string): Promise<void> {
    viewers.push(viewer);
    await allPlay([viewer]);
    await until(
      `it says ${reason}`,
      () => viewer.page.evaluate(() => window.viewer.log.filter(({ name }) => name === 'status')),
      (log) =>
        log.some(
          ({ event }) => JSON.stringify(event) === JSON.stringify({ status: 'alone', reason }),
        ),
      10_000,
    );
    const before = await startMeasuring([viewer], stack.edges);
    await sleep(5_000);
    const measured = await measure([viewer], before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.fatalErrors).to.deep.equal([]);
    const { firstFrameMs } = await viewer.read();
    expect(firstFrameMs, 'first frame').to.be.at.most(plainFirstFrameMs + 1_000);
  }

  it('plays from the edge when signaling cannot be reached, and says so', async () => {
    await playsAlone(await stack.join({ signaling: 'ws://127.0.0.1:9' }), 'signaling_unreachable');
  });

  it('plays from the edge when signaling accepts and never answers', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    await playsAlone(
      await stack.join({ signaling: `ws://127.0.0.1:${port}` }),
      'signaling_unreachable',
    );
    silent.close();
  });

  it('plays from the edge without WebRTC, and says so', async () => {
    await playsAlone(await stack.join({ initScript: noWebRtc }), 'webrtc_missing');
  });

  it('plays from the edge when the app turned peers off', async () => {
    await playsAlone(await stack.join({ options: { peers: false } }), 'peers_not_allowed');
  });

  it('plays from the edge when its token is for another room', async () => {
    const options = {
      token: await stack.signaling.issueToken({ room: 'other', subject: 'x', lifetimeSeconds: 60 }),
    };
    await playsAlone(await stack.join({ options }), 'token_room_mismatch');
  });

  for (const [why, options] of [
    ['without consent', { upload: false }],
    ['on a connection that saves data', { initScript: saveData }],
    ['on a metered connection', { initScript: cellular }],
  ] as const) {
    it(`uploads nothing ${why}, and is still fed`, async () => {
      const room = `policy ${why}`;
      viewers.push(await stack.join({ room }), await stack.join({ room }));
      const guest = await stack.join({ room, ...options });
      viewers.push(guest);
      await allPlay(viewers);
      await allLinked(viewers);
      // What it loaded before the links were there came from the edge, as it should.
      const { stats: before } = await guest.read();
      await sleep(8_000);
      const { stats } = await guest.read();
      expect(stats.bytesToPeers).to.equal(0);
      expect(stats.groupRole).to.equal('slave');
      const fromPeers = stats.bytesFromPeers - before.bytesFromPeers;
      expect(fromPeers, 'about four segments').to.be.above(500_000);
      expect(fromPeers).to.be.above(stats.bytesFromEdge - before.bytesFromEdge);
    });
  }

  it('keeps feeding and being fed while signaling restarts', async () => {
    for (let index = 0; index < 3; index += 1) viewers.push(await stack.join({ room: 'restart' }));
    await allPlay(viewers);
    await allLinked(viewers);
    const before = await startMeasuring(viewers, stack.edges);
    await stack.restartSignaling();
    await sleep(3_000);
    for (const { stats } of await readAll(viewers)) expect(stats.neighbours).to.have.length(2);
    await until(
      'everyone is back in the room',
      () => readAll(viewers),
      (all) => all.every(({ stats }) => stats.status === 'joined'),
      20_000,
    );
    await sleep(5_000);
    const measured = await measure(viewers, before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.peerShare).to.be.above(0.4);
    await allLinked(viewers);
  });

  it('goes on from the edge after close()', async () => {
    viewers.push(await stack.join({ room: 'close' }), await stack.join({ room: 'close' }));
    await allPlay(viewers);
    await allLinked(viewers);
    const [left] = viewers as [Viewer, Viewer];
    await left.page.evaluate(() => window.viewer.session.close());
    const before = await startMeasuring(viewers, stack.edges);
    await sleep(8_000);
    const measured = await measure(viewers, before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.fatalErrors).to.deep.equal([]);
    expect((await left.read()).stats.status).to.equal('closed');
  });

  it('stays in the room over recoverMediaError() and re-attaching', async () => {
    viewers.push(await stack.join({ room: 'recover' }), await stack.join({ room: 'recover' }));
    await allPlay(viewers);
    await allLinked(viewers);
    const [viewer] = viewers as [Viewer, Viewer];
    await viewer.page.evaluate(async () => {
      const { hls, video } = window.viewer;
      hls.recoverMediaError();
      await video.play();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      hls.detachMedia();
      hls.attachMedia(video);
      await video.play();
    });
    const { currentTime, stats } = await viewer.read();
    await until(
      'it plays on',
      () => viewer.read(),
      (reading) => reading.currentTime > currentTime + 3,
      10_000,
    );
    expect(stats.neighbours).to.have.length(1);
    expect((await viewer.read()).fatalErrors).to.deep.equal([]);
  });
});
