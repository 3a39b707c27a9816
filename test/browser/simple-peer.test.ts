import { expect } from 'chai';
import SimplePeer from 'simple-peer/lite.js';

/** simple-peer with the stand-ins of sdk/shims, in a real browser. */
describe('simple-peer', () => {
  const peers: SimplePeer[] = [];
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.destroy();
  });

  function makePeer(initiator: boolean): SimplePeer {
    const peer = new SimplePeer({ initiator, objectMode: true, config: { iceServers: [] } });
    peers.push(peer);
    return peer;
  }

  async function makePair(): Promise<[SimplePeer, SimplePeer]> {
    const [caller, callee] = [makePeer(true), makePeer(false)];
    caller.on('signal', (data) => callee.signal(data));
    callee.on('signal', (data) => caller.signal(data));
    await Promise.all([happens(caller, 'connect'), happens(callee, 'connect')]);
    return [caller, callee];
  }

  function happens(peer: SimplePeer, name: 'connect' | 'close'): Promise<void> {
    return new Promise((resolve) => peer.once(name, resolve));
  }

  it('carries messages both ways, each whole and in order', async () => {
    const [caller, callee] = await makePair();
    const received: number[] = [];
    const answered = new Promise((resolve) => caller.on('data', resolve));
    callee.on('data', (message) => {
      received.push((message as Uint8Array).byteLength);
      if (received.length === 3) callee.send('done');
    });
    for (const size of [1, 65_536, 16_384]) caller.send(new Uint8Array(size));
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
    const closed = Promise.all([happens(caller, 'close'), happens(callee, 'close')]);
    caller.destroy();
    caller.destroy();
    await closed;
    expect([caller.destroyed, callee.destroyed, closeCount]).to.deep.equal([true, true, 2]);
  });

  it('reports a bad signal as a coded error, then closes', async () => {
    const peer = makePeer(false);
    const failed = new Promise<{ code: string }>((resolve) => peer.on('error', resolve));
    const closed = happens(peer, 'close');
    peer.signal({});
    expect((await failed).code).to.equal('ERR_SIGNALING');
    await closed;
  });

  it('gives a code to errors that are DOMExceptions, whose own code is fixed', async () => {
    const [caller, callee] = await makePair();
    const failed = new Promise<{ code: string }>((resolve) => callee.on('error', resolve));
    caller._pc?.close();
    expect((await failed).code).to.equal('ERR_DATA_CHANNEL');
  });
});
