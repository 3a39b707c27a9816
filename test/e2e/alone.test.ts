import { expect } from 'chai';
import { useLive } from './support/live.ts';
import type { Viewer, ViewerOptions } from './support/stack.ts';
import { allLinked, allPlay, readAll, sleep, until } from './support/watch.ts';

const noWebRtc = 'delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;';
const saveData = 'Object.defineProperty(navigator.connection, "saveData", { get: () => true });';
const cellular = 'Object.defineProperty(navigator.connection, "type", { get: () => "cellular" });';

describe('a viewer whom the room cannot help, or who may not help it', function () {
  this.timeout(90_000);
  const live = useLive();
  let plainFirstFrameMs: number;

  before(async () => {
    // The first one warms up edge and page server.
    await live.stack.firstFrameMsOfPlain();
    plainFirstFrameMs = await live.stack.firstFrameMsOfPlain();
  });

  async function playsAlone(options: ViewerOptions, reason: string): Promise<void> {
    const viewer = await live.join(options);
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
    await live.playsOn(() => sleep(4_000));
    const { firstFrameMs } = await viewer.read();
    expect(firstFrameMs, 'first frame').to.be.at.most(plainFirstFrameMs + 1_000);
  }

  it('plays from the edge when signaling cannot be reached, and says so', async () => {
    await playsAlone({ signaling: 'ws://127.0.0.1:9' }, 'signaling_unreachable');
  });

  it('plays from the edge when signaling accepts and never answers', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    await playsAlone({ signaling: `ws://127.0.0.1:${port}` }, 'signaling_unreachable');
    silent.close();
  });

  it('plays from the edge without WebRTC, and says so', async () => {
    await playsAlone({ initScript: noWebRtc }, 'webrtc_missing');
  });

  it('plays from the edge when the app turned peers off', async () => {
    await playsAlone({ options: { peers: false } }, 'peers_not_allowed');
  });

  it('plays from the edge when its token is for another room', async () => {
    const options = {
      token: await live.stack.signaling.issueToken({
        room: 'other',
        subject: 'x',
        lifetimeSeconds: 60,
      }),
    };
    await playsAlone({ options }, 'token_room_mismatch');
  });

  it('uploads nothing without consent, on a connection that saves data or is metered, and is still fed', async () => {
    const policies = [{ upload: false }, { initScript: saveData }, { initScript: cellular }];
    await live.fill([{}, {}, ...policies], { room: 'policies' });
    const guests = live.viewers.slice(2);
    // What they loaded before the links were there came from the edge, as it should.
    const before = await readAll(guests);
    await sleep(8_000);
    for (const [index, { stats }] of (await readAll(guests)).entries()) {
      expect(stats.bytesToPeers).to.equal(0);
      expect(stats.groupRole).to.equal('slave');
      const fromPeers = stats.bytesFromPeers - (before[index]?.stats.bytesFromPeers ?? 0);
      const fromEdge = stats.bytesFromEdge - (before[index]?.stats.bytesFromEdge ?? 0);
      expect(fromPeers, 'about four segments').to.be.above(500_000);
      expect(fromPeers).to.be.above(fromEdge);
    }
  });

  it('keeps feeding and being fed while signaling restarts', async () => {
    const viewers = await live.fill(3, { room: 'restart' });
    const measured = await live.playsOn(async () => {
      await live.stack.restartSignaling();
      await sleep(3_000);
      for (const { stats } of await readAll(viewers)) expect(stats.neighbours).to.have.length(2);
      await until(
        'everyone is back in the room',
        () => readAll(viewers),
        (all) => all.every(({ stats }) => stats.status === 'joined'),
        20_000,
      );
      await sleep(5_000);
    });
    expect(measured.peerShare).to.be.above(0.4);
    await allLinked(viewers);
  });

  it('goes on from the edge after close()', async () => {
    const [left] = (await live.fill(2, { room: 'close' })) as [Viewer, Viewer];
    await left.page.evaluate(() => window.viewer.session.close());
    await live.playsOn(() => sleep(8_000));
    expect((await left.read()).stats.status).to.equal('closed');
  });

  it('stays in the room over recoverMediaError() and re-attaching', async () => {
    const [viewer] = (await live.fill(2, { room: 'recover' })) as [Viewer, Viewer];
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
