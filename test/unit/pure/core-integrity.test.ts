import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, segmentOf } from './core-viewer.ts';

const sizeBytes = 2 * limits.partBytes;
const segment = segmentOf(100);

/** A master in an attested room that holds a segment of its own edge, which v1 wants. */
function holder(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
  integrity(viewer, 'attested');
  viewer.bring(100, sizeBytes);
  viewer.says('v1', { type: 'want', segment });
  return viewer;
}

function integrity(viewer: CoreViewer, mode: 'attested' | 'none'): void {
  viewer.tell({
    type: 'frameReceived',
    frame: { type: 'integrity', integrity: { mode, keys: [] } },
  });
}

const offered = (viewer: CoreViewer) => viewer.sent('holding').at(-1);

describe('an attested room', () => {
  it('passes nothing on before a descriptor vouches for it, then part by part', () => {
    const viewer = holder();
    expect(offered(viewer)).to.include({ complete: false, fetching: true });
    viewer.says('v1', { type: 'request', requestId: 1, segment, part: 0 });
    expect(viewer.take('sendPart')).to.deep.equal([]);
    viewer.tell({ type: 'partVouched', segmentId: segment, part: 0 });
    expect(viewer.take('sendPart')).to.have.length(1);
    viewer.tell({ type: 'partVouched', segmentId: segment, part: 1 });
    expect(offered(viewer)).to.include({ complete: true });
  });

  it('passes on what waited when the attestor has lost sight of the stream', () => {
    const viewer = holder();
    viewer.says('v1', { type: 'request', requestId: 1, segment, part: 0 });
    integrity(viewer, 'none');
    expect(viewer.take('sendPart')).to.have.length(1);
    expect(offered(viewer)).to.include({ complete: true });
  });

  it('asks peers for nothing that it could not check', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    integrity(viewer, 'attested');
    viewer.wantSegment(100);
    const parts: number[] = [];
    const held = { parts, complete: true, fetching: false, sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...held });
    expect(viewer.sent('request')).to.deep.equal([]);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    expect(viewer.sent('request')).to.have.length(2);
  });

  it('drops and accuses a member that sent something else', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.tell({ type: 'partForged', peer: 'v1', requestId: 1 });
    expect(viewer.take('closeLink')).to.have.length(1);
    expect(viewer.take('refused')).to.deep.equal([
      { type: 'refused', code: 'peer_part_forged', peer: 'v1' },
    ]);
    const reports = viewer.take('sendFrame').map(({ frame }) => frame);
    const accused = reports.flatMap((frame) =>
      frame.type === 'report' ? frame.accusedMembers : [],
    );
    expect(accused).to.deep.equal(['v1']);
  });
});
