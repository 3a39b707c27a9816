import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, holder, segmentOf } from './core-viewer.ts';

const sizeBytes = 2 * limits.partBytes;
const segment = segmentOf(100);

describe('a room whose server is out of reach', () => {
  function cutOff(mode: 'signed' | 'attested'): CoreViewer {
    const viewer = new CoreViewer();
    viewer.join([
      { viewerId: 'v4', role: 'master' },
      { viewerId: 'v1', role: 'master' },
    ]);
    viewer.offer(mode);
    viewer.tell({ type: 'signalingClosed' });
    viewer.wait(5_000);
    viewer.effects = [];
    return viewer;
  }

  it('asks its peers what is vouched for, and only then', () => {
    const viewer = holder();
    viewer.wantSegment(101);
    expect(viewer.sent('want').at(-1)?.blind).to.equal(undefined);
    const blind = cutOff('signed');
    blind.wantSegment(101);
    expect(blind.sent('want').at(-1)).to.include({ segment: segmentOf(101), blind: true });
  });

  it('tells blind peers what it knows, at once or when it comes to know it', () => {
    const viewer = holder();
    const vouched = () => viewer.take('sendPeer').filter(({ vouch }) => vouch);
    viewer.says('v1', { type: 'want', segment, blind: true });
    expect(vouched()).to.have.length(0);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    expect(vouched()).to.have.length(1);
    viewer.says('v1', { type: 'want', segment, blind: true });
    expect(vouched()).to.have.length(1);
    viewer.says('v1', { type: 'want', segment });
    expect(vouched()).to.have.length(0);
  });

  it('looks at a descriptor that a peer passes on only without a server, and of what it wants', () => {
    const descriptor = { body: '{}', signature: 'a'.repeat(86) };
    const held = { parts: [], complete: true, fetching: false, sizeBytes, descriptor };
    const pass = (viewer: CoreViewer) => {
      viewer.says('v1', { type: 'holding', segment, ...held });
      return viewer.take('lookAtDescriptor');
    };
    expect(pass(holder()), 'the server is there').to.deep.equal([]);
    const blind = cutOff('signed');
    expect(pass(blind), 'not asked').to.deep.equal([]);
    blind.wantSegment(100);
    const look = { type: 'lookAtDescriptor', segmentId: segment, signed: descriptor };
    expect(pass(blind)).to.deep.equal([look]);
    // What the first one passed on may be of long ago: there may be a later one.
    blind.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    expect(pass(blind)).to.deep.equal([look]);
  });

  it('reads what the publisher signed from the edge, for what it has read, until it has it', () => {
    const viewer = cutOff('signed');
    viewer.wantPlaylist();
    viewer.bring(100, sizeBytes);
    const url = 'https://edge.example/live/high/holdfast.jsonl';
    const read = { type: 'readDescriptors', url, segmentIds: [segment] };
    expect(viewer.take('readDescriptors')).to.deep.equal([read]);
    viewer.wait(limits.descriptorsRetryMs + 10);
    expect(viewer.take('readDescriptors')).to.deep.equal([read]);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    viewer.wait(5_000);
    expect(viewer.take('readDescriptors')).to.deep.equal([]);
    viewer.bring(101, sizeBytes);
    viewer.wait(60_000);
    const tries = viewer.take('readDescriptors').length;
    expect(tries, 'a publisher that is gone').to.be.within(10, 22);
  });

  it('reads it, too, where the app knows the publisher and the server does not', () => {
    const viewer = new CoreViewer({ integrityMin: 'signed' });
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.wantPlaylist();
    viewer.bring(100, sizeBytes);
    expect(viewer.take('readDescriptors')).to.have.length(1);
    viewer.wantSegment(101);
    expect(viewer.sent('want').at(-1)?.blind).to.equal(true);
  });

  it('finds nothing there where the server was the one to vouch', () => {
    const viewer = cutOff('attested');
    viewer.wantPlaylist();
    viewer.bring(100, sizeBytes);
    expect(viewer.take('readDescriptors')).to.deep.equal([]);
  });
});
