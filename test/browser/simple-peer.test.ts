import { expect } from 'chai';
import SimplePeer from 'simple-peer/lite.js';

/** simple-peer with the stand-ins of sdk/shims, in a real browser. */
describe('simple-peer', () => {
  const peers: SimplePeer[] = [];
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.destroy();
  });

  function makePeer(initiator: boolean): SimplePeer {
    const channel = { channelName: 'media', channelConfig: { negotiated: true, id: 0 } };
    const peer = new SimplePeer({ initiator, ...channel, config: { iceServers: [] } });
    peers.push(peer);
    return peer;
  }

  async function makePair(): Promise<[SimplePeer, SimplePeer]> {
    const [caller, callee] = [makePeer(true), makePeer(false)];
    caller.on('signal', (data) => callee.signal(data));
    callee.on('signal', (data) => caller.signal(data));
    await Promise.all([caller, callee].map(opens));
    return [caller, callee];
  }

  function opens({ _channel }: SimplePeer): Promise<unknown> {
    return new Promise((resolve) => _channel?.addEventListener('open', resolve));
  }

  function closes(peer: SimplePeer): Promise<void> {
    return new Promise((resolve) => peer.once('close', resolve));
  }

  it('carries messages both ways, each whole and in order', async () => {
    const [caller, callee] = await makePair();
    const [there, here] = [caller._channel, callee._channel];
    if (!there || !here) throw new Error('connected without a channel');
    const received: number[] = [];
    const answered = new Promise((resolve) => {
      there.onmessage = ({ data }) => resolve(data);
    });
    here.onmessage = ({ data }) => {
      received.push((data as ArrayBuffer).byteLength);
      if (received.length === 3) here.send('done');
    };
    for (const size of [1, 65_536, 16_384]) there.send(new Uint8Array(size));
    expect(await answered).to.equal('done');
    expect(received).to.deep.equal([1, 65_536, 16_384]);
  });

  it('closes both sides, once each, when one side is destroyed', async () => {
    const [caller, callee] = await makePair();
    let closeCount = 0;
    for (const peer of [caller, callee]) {
      peer.on('error', () => {}); // a channel that the other side aborts is an error in Chromium
      peer.on('close', () => {
        closeCount += 1;
      });
    }
    const closed = Promise.all([closes(caller), closes(callee)]);
    caller.destroy();
    caller.destroy();
    await closed;
    expect([caller.destroyed, callee.destroyed, closeCount]).to.deep.equal([true, true, 2]);
  });

  it('reports a bad signal as an error, then closes', async () => {
    const peer = makePeer(false);
    const failed = new Promise((resolve) => peer.on('error', resolve));
    const closed = closes(peer);
    peer.signal({});
    expect(await failed).to.be.an.instanceOf(Error);
    await closed;
  });

  it('ends with an error when the other side is gone without a word', async () => {
    const [caller, callee] = await makePair();
    const failed = new Promise((resolve) => callee.on('error', resolve));
    const closed = closes(callee);
    caller._pc?.close();
    expect(await failed).to.be.an.instanceOf(Error);
    await closed;
  });
});
