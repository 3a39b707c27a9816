import { expect } from 'chai';
import { Peers } from '../../../sdk/core/swarm/peers.ts';
import { Uplink } from '../../../sdk/core/swarm/uplink.ts';
import { limits } from '../../../signaling/protocol/index.ts';

const { partBytes } = limits;

describe('the own uplink', () => {
  it('is measured while there is always something to send', () => {
    const uplink = new Uplink();
    for (const atMs of [1_000, 1_100, 1_200, 1_300]) uplink.sent(partBytes, true, atMs);
    expect(uplink.bytesPerSecond).to.be.closeTo(partBytes * 10, 1);
  });

  it('is not measured over pauses, nor by single parts', () => {
    const uplink = new Uplink();
    for (const atMs of [1_000, 9_000, 20_000]) uplink.sent(partBytes, false, atMs);
    expect(uplink.bytesPerSecond).to.equal(null);
  });

  it('is not forgotten for one slow reader', () => {
    const uplink = new Uplink();
    for (const atMs of [0, 100, 200, 10_000, 20_000]) uplink.sent(partBytes, true, atMs);
    expect(uplink.bytesPerSecond).to.be.closeTo(partBytes * 10 * 0.9, 1);
  });

  it('has room for what it carries in time, and always for two parts', () => {
    const uplink = new Uplink();
    for (const atMs of [0, 100, 200]) uplink.sent(partBytes, true, atMs);
    expect(uplink.hasRoom(7 * partBytes, 800, 1e9)).to.equal(true);
    expect(uplink.hasRoom(8 * partBytes, 800, 1e9)).to.equal(false);
    expect(uplink.hasRoom(partBytes, 800, 1_000)).to.equal(true);
    expect(uplink.hasRoom(2 * partBytes, 800, 1_000), 'the cap counts').to.equal(false);
  });
});

describe('requests to one peer', () => {
  function room(peers: Peers, nowMs: number): number {
    const requests = peers.all.get('p')?.requests;
    let count = 0;
    while (peers.hasRoom('p', nowMs) && count < 100) {
      requests?.set(count, { segmentId: 's', part: count });
      count += 1;
    }
    requests?.clear();
    return count;
  }

  it('are halved when it has no room, once for those refused together, and grow with what comes', () => {
    const peers = new Peers();
    peers.open('p');
    expect(room(peers, 0)).to.equal(8);
    for (let refused = 0; refused < 4; refused += 1) peers.busy('p', 1_000);
    expect(room(peers, 1_000), 'left alone for a while').to.equal(0);
    expect(room(peers, 2_000)).to.equal(4);
    for (let part = 0; part < 1_000; part += 1) peers.sampled('p', partBytes, 50);
    expect(room(peers, 2_000)).to.equal(limits.requestsPerPeerMax);
  });
});
