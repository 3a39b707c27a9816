import { expect } from 'chai';
import { createSignalingSocket } from '../../sdk/adapters/signaling-socket.ts';
import type { SignalingSocket } from '../../sdk/ports/signaling-socket.ts';
import { type Signaling, startSignaling } from '../../signaling/adapters/server.ts';
import type { ServerFrame, ViewerProfile } from '../../signaling/protocol/index.ts';

const profile: ViewerProfile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

describe('the signaling socket against the real server', () => {
  let server: Signaling;
  const sockets: SignalingSocket[] = [];

  before(async () => {
    server = await startSignaling();
  });

  after(async () => {
    for (const socket of sockets) socket.close();
    await server.close();
  });

  function open(token: string | (() => string | Promise<string>), url = server.url) {
    const frames: ServerFrame[] = [];
    let closes = 0;
    const socket = createSignalingSocket(
      { url, room: 'r', deviceId: () => 'd', token },
      { onFrame: (frame) => frames.push(frame), onInvalid: () => {}, onClose: () => (closes += 1) },
    );
    sockets.push(socket);
    return { socket, frames, closes: () => closes };
  }

  async function until(holds: () => boolean): Promise<void> {
    const endMs = Date.now() + 5_000;
    while (!holds()) {
      if (Date.now() > endMs) throw new Error('not within 5 s');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const token = () => server.issueToken({ room: 'r', subject: 's', lifetimeSeconds: 60 });

  it('joins with a token that it fetches, and resumes with the key it was given', async () => {
    const { socket, frames, closes } = open(token);
    socket.connect(null, profile);
    await until(() => frames.length > 0);
    const first = frames[0];
    if (first?.type !== 'welcome') throw new Error(`got ${first?.type}`);
    socket.connect(first.resumeKey, profile);
    await until(() => frames.length > 1);
    const second = frames.at(-1);
    expect(second).to.include({ type: 'welcome', viewerId: first.viewerId, resumed: true });
    expect(closes(), 'an older connection closes in silence').to.equal(0);
  });

  it('hands over the refusal of a bad token, then closes', async () => {
    const { socket, frames, closes } = open('not.a.token');
    socket.connect(null, profile);
    await until(() => closes() === 1);
    expect(frames[0]).to.include({ type: 'error', code: 'token_invalid', fatal: true });
  });

  it('says closed when nobody listens, or the token cannot be had', async () => {
    const unreachable = open(token, 'ws://127.0.0.1:9');
    unreachable.socket.connect(null, profile);
    await until(() => unreachable.closes() === 1);
    const tokenless = open(() => Promise.reject(new Error('no token today')));
    tokenless.socket.connect(null, profile);
    await until(() => tokenless.closes() === 1);
  });

  it('is silent after close()', async () => {
    const { socket, frames, closes } = open(token);
    socket.connect(null, profile);
    socket.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([frames.length, closes()]).to.deep.equal([0, 0]);
  });
});
