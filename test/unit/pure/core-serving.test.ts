import { expect } from 'chai';
import type { CoreOptions } from '../../../sdk/core/core.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const { partBytes } = limits;

function server(options: Partial<CoreOptions> = {}): CoreViewer {
  const viewer = new CoreViewer(options);
  viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
  return viewer;
}

function request(viewer: CoreViewer, requestId: number, part: number, sequence = 100): void {
  viewer.says('v1', { type: 'request', requestId, segment: segmentOf(sequence), part });
}

function refusals(viewer: CoreViewer): [number, string][] {
  return viewer.sent('refuse').map(({ requestId, reason }) => [requestId, reason]);
}

describe('serving parts to peers', () => {
  it('knows a slow uplink by what is fetched away from it while it is being sent', () => {
    const viewer = server();
    viewer.bring(100, 40 * partBytes);
    // There is always one more that waits; each is given up after two seconds.
    request(viewer, 0, 0);
    for (let part = 1; part < 8; part += 1) {
      request(viewer, part, part);
      viewer.wait(2_000);
      viewer.says('v1', { type: 'cancel', requestId: part - 1 });
      viewer.tell({ type: 'frameReceived', frame: { type: 'heartbeat' } });
    }
    viewer.wait(6_000);
    const reports = viewer.take('sendFrame').map(({ frame }) => frame);
    const measured = reports.map((frame) => frame.type === 'report' && frame.uplinkBytesPerSecond);
    expect(measured.at(-1)).to.be.within(1, partBytes);
  });

  it('refuses what waits for parts that there turn out not to be', () => {
    const viewer = server();
    viewer.wantSegment(100);
    viewer.wait(3_000);
    const fetchId = viewer.take('fetchSegment')[0]?.fetchId ?? -1;
    request(viewer, 1, 1);
    request(viewer, 2, 2);
    request(viewer, 3, 900);
    expect(refusals(viewer)).to.deep.equal([]);
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 2 * partBytes });
    expect(refusals(viewer)).to.deep.equal([
      [2, 'missing'],
      [3, 'missing'],
    ]);
  });

  for (const storageBytesMax of [0, 2 * partBytes]) {
    it(`stays within its memory whatever peers wait for, storage ${storageBytesMax}`, () => {
      const memoryBytesMax = 8 * partBytes;
      const viewer = server({ memoryBytesMax, storageBytesMax });
      viewer.bring(100, 8 * partBytes);
      // One is being sent at once to one peer; it never takes it.
      for (let part = 0; part < 8; part += 1) request(viewer, part + 1, part);
      expect(viewer.take('sendPart')).to.have.length(1);
      viewer.bring(101, 8 * partBytes);
      const gone = storageBytesMax > 0 ? 'storeSegment' : 'dropSegment';
      expect(viewer.take(gone).map(({ segmentId }) => segmentId)).to.deep.equal([segmentOf(100)]);
      const reason = storageBytesMax > 0 ? 'busy' : 'missing';
      const waiting = refusals(viewer).filter(([id]) => id < 7);
      expect(waiting).to.deep.equal([2, 3, 4, 5, 6].map((id) => [id, reason]));
      expect(viewer.take('dropSend'), 'sends under way go on').to.deep.equal([]);
    });
  }

  const states: [string, number][] = [
    ['being sent', 1],
    ['waiting for its turn', 3],
  ];
  for (const [name, requestId] of states) {
    it(`bans a peer that uses the id of a request that is ${name} again`, () => {
      const viewer = server();
      viewer.bring(100, 4 * partBytes);
      for (let part = 0; part < 4; part += 1) request(viewer, part + 1, part);
      request(viewer, requestId, 0);
      expect(viewer.refusedPeers).to.deep.equal(['v1']);
    });
  }

  it('bans a peer that uses the id of a request again whose part is still to come', () => {
    const viewer = server();
    viewer.wantSegment(100);
    request(viewer, 1, 0);
    request(viewer, 1, 1);
    expect(viewer.refusedPeers).to.deep.equal(['v1']);
  });

  it('takes the id of a request again that was answered', () => {
    const viewer = server();
    viewer.bring(100, 4 * partBytes);
    request(viewer, 1, 0);
    viewer.tell({ type: 'partSent', peer: 'v1', requestId: 1, bytes: partBytes });
    request(viewer, 1, 1);
    viewer.says('v1', { type: 'cancel', requestId: 1 });
    request(viewer, 1, 2);
    expect(viewer.refusedPeers).to.deep.equal([]);
    expect(viewer.take('sendPart').map(({ part }) => part)).to.deep.equal([0, 1, 2]);
  });

  it('promises no more than its uplink carries in time', () => {
    const viewer = server();
    viewer.bring(100, 20 * partBytes);
    for (let part = 0; part < 12; part += 1) request(viewer, part + 1, part);
    // 400 ms of an uplink that was never measured: 4 Mbit/s.
    expect(refusals(viewer)).to.deep.equal([7, 8, 9, 10, 11, 12].map((id) => [id, 'busy']));
  });

  it('sends first what few hold, for which more common parts give way', () => {
    const viewer = server();
    viewer.bring(100, 20 * partBytes);
    const parts = [0, 1, 2, 3, 4, 5];
    viewer.says('v2', {
      type: 'holding',
      segment: segmentOf(100),
      sizeBytes: 20 * partBytes,
      parts,
      complete: false,
      fetching: false,
    });
    for (const part of parts) request(viewer, part + 1, part);
    expect(viewer.take('sendPart').map(({ part }) => part)).to.deep.equal([0]);
    request(viewer, 20, 9);
    expect(refusals(viewer), 'one of those that v2 holds too').to.deep.equal([[2, 'busy']]);
    viewer.tell({ type: 'partSent', peer: 'v1', requestId: 1, bytes: partBytes });
    expect(viewer.take('sendPart').map(({ part }) => part)).to.deep.equal([9]);
  });

  it('tells everybody when nothing may be uploaded any more', () => {
    const viewer = server();
    viewer.bring(100, 4 * partBytes);
    for (let part = 0; part < 4; part += 1) request(viewer, part + 1, part);
    expect(viewer.take('sendPart')).to.have.length(1);
    viewer.changeProfile({ metered: true });
    expect(refusals(viewer).map(([id]) => id)).to.have.members([1, 2, 3, 4]);
    expect(refusals(viewer).every(([, reason]) => reason === 'policy')).to.equal(true);
    expect(viewer.take('dropSend').map(({ requestId }) => requestId)).to.deep.equal([1]);
  });
});
