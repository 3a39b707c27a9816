import { expect } from 'chai';
import type { PeerMessage } from '../../../sdk/core/peer-wire.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, type MessageOf, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;
const segment = segmentOf(100);
const sizeBytes = 4 * partBytes;

function room(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
  return viewer;
}

/** It holds four parts of what v1 wants. */
function holder(): CoreViewer {
  const viewer = room();
  viewer.bring(100, sizeBytes);
  viewer.says('v1', { type: 'want', segment });
  return viewer;
}

function holds(viewer: CoreViewer, peer: string, parts: number[]): void {
  const news = { sizeBytes, parts, complete: false, fetching: false };
  viewer.says(peer, { type: 'holding', segment, ...news });
}

/** Messages of a kind to peers, since it was last asked for. */
function told<Type extends PeerMessage['type']>(
  viewer: CoreViewer,
  type: Type,
): (MessageOf<Type> & { peer: string })[] {
  const messages = viewer.sent(type);
  viewer.effects = viewer.effects.filter(
    (effect) => effect.type !== 'sendPeer' || effect.message.type !== type,
  );
  return messages;
}

describe('offers of room', () => {
  it('go to a peer that has waited, one at a time, and name what it lacks', () => {
    const viewer = holder();
    holds(viewer, 'v1', [1]);
    viewer.wait(700);
    expect(told(viewer, 'offer'), 'it may still come by itself').to.deep.equal([]);
    holds(viewer, 'v1', [3]);
    viewer.wait(200);
    const offers = told(viewer, 'offer');
    expect(offers).to.deep.equal([{ peer: 'v1', type: 'offer', segment, parts: [0, 2] }]);
    viewer.wait(300);
    expect(told(viewer, 'offer')).to.deep.equal([]);
  });

  it('come by themselves, in turn, ever more rarely where nobody answers', () => {
    const viewer = holder();
    viewer.says('v2', { type: 'want', segment });
    const counts = { v1: 0, v2: 0 };
    for (let second = 0; second < 12; second += 1) {
      viewer.wait(1_000);
      for (const { peer } of told(viewer, 'offer')) counts[peer as 'v1' | 'v2'] += 1;
    }
    expect(counts.v1).to.be.within(2, 5);
    expect(Math.abs(counts.v1 - counts.v2)).to.be.at.most(1);
  });

  it('are not made again at once where declined, nor of what is not wanted', () => {
    const viewer = holder();
    viewer.bring(101, sizeBytes);
    viewer.says('v1', { type: 'want', segment: segmentOf(101) });
    for (const offered of [1, 2, 0]) {
      viewer.wait(offered === 1 ? 850 : 100);
      const offers = told(viewer, 'offer');
      expect(offers).to.have.length(offered > 0 ? 1 : 0);
      for (const offer of offers) viewer.says('v1', { type: 'decline', segment: offer.segment });
    }
    viewer.wait(300);
    expect(told(viewer, 'offer')).to.have.length(1);
    for (const sequence of [100, 101])
      viewer.says('v1', { type: 'unwant', segment: segmentOf(sequence) });
    told(viewer, 'offer');
    viewer.wait(5_000);
    expect(told(viewer, 'offer')).to.deep.equal([]);
  });

  it('bring a peer that gives nothing no more requests than without them', () => {
    const viewer = room();
    viewer.wantSegment(100);
    holds(viewer, 'v2', [0, 1, 2, 3]);
    told(viewer, 'request');
    let asked = 0;
    for (let round = 0; round < 100; round += 1) {
      viewer.says('v1', { type: 'offer', segment, parts: [0, 1, 2, 3] });
      asked += told(viewer, 'request').filter(({ peer }) => peer === 'v1').length;
      viewer.wait(100);
    }
    expect(asked).to.be.at.most(8);
  });

  it('of one segment let no request for another pass', () => {
    const viewer = holder();
    viewer.wait(900);
    expect(told(viewer, 'offer')).to.have.length(1);
    viewer.bring(101, 40 * partBytes);
    for (let part = 0; part < 40; part += 1)
      viewer.says('v2', { type: 'request', requestId: part + 1, segment: segmentOf(101), part });
    told(viewer, 'refuse');
    viewer.says('v1', { type: 'request', requestId: 1, segment: segmentOf(101), part: 2 });
    expect(told(viewer, 'refuse')).to.have.length(1);
    viewer.says('v1', { type: 'request', requestId: 2, segment, part: 2 });
    expect(told(viewer, 'refuse')).to.deep.equal([]);
  });

  it('are kept: the request that answers one is served however much is promised', () => {
    const viewer = holder();
    viewer.wait(900);
    holds(viewer, 'v1', [0]);
    expect(told(viewer, 'offer')).to.have.length(1);
    viewer.bring(101, 40 * partBytes);
    for (let part = 0; part < 40; part += 1)
      viewer.says('v2', { type: 'request', requestId: part + 1, segment: segmentOf(101), part });
    expect(told(viewer, 'refuse').length).to.be.above(10);
    viewer.says('v1', { type: 'request', requestId: 1, segment, part: 2 });
    expect(told(viewer, 'refuse')).to.deep.equal([]);
    expect(viewer.take('sendPart').map(({ peer }) => peer)).to.include('v1');
  });

  it('are not made by who may not upload, nor where the uplink has enough to do', () => {
    const metered = holder();
    metered.changeProfile({ metered: true });
    metered.wait(900);
    holds(metered, 'v1', [0]);
    expect(told(metered, 'offer')).to.deep.equal([]);
    const busy = holder();
    for (let part = 0; part < 4; part += 1)
      busy.says('v2', { type: 'request', requestId: part + 1, segment, part });
    busy.wait(900);
    holds(busy, 'v1', [0]);
    expect(told(busy, 'offer')).to.deep.equal([]);
  });

  it('are answered with a request for a part that comes from nowhere else', () => {
    const viewer = room();
    viewer.wantSegment(100);
    holds(viewer, 'v2', [0]);
    const [asked] = told(viewer, 'request');
    expect(asked).to.include({ peer: 'v2', part: 0 });
    viewer.says('v1', { type: 'offer', segment, parts: [0] });
    expect(told(viewer, 'request'), 'it was asked for already').to.deep.equal([]);
    expect(told(viewer, 'decline')).to.deep.equal([{ peer: 'v1', type: 'decline', segment }]);
    viewer.says('v1', { type: 'offer', segment, parts: [0, 1] });
    expect(told(viewer, 'request').map(({ peer, part }) => [peer, part])).to.deep.equal([
      ['v1', 1],
    ]);
  });

  it('of what is not wanted any more are answered once for all', () => {
    const viewer = room();
    viewer.bring(100, sizeBytes);
    viewer.says('v1', { type: 'offer', segment, parts: [0] });
    viewer.says('v1', { type: 'offer', segment: segmentOf(300), parts: [0] });
    const unwanted = told(viewer, 'unwant').map((message) => message.segment);
    expect(unwanted).to.deep.equal([segment, segmentOf(300)]);
    expect(told(viewer, 'request')).to.deep.equal([]);
  });

  it('of parts that the segment does not have are no holdings', () => {
    const viewer = room();
    viewer.wantSegment(100);
    holds(viewer, 'v2', [0]);
    told(viewer, 'request');
    viewer.says('v1', { type: 'offer', segment, parts: [7] });
    expect(told(viewer, 'request')).to.deep.equal([]);
    expect(told(viewer, 'decline')).to.have.length(1);
  });
});
