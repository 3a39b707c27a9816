import { expect } from 'chai';
import type { Member } from '../../../signaling/protocol/index.ts';
import { EdgesViewer, hostOf } from './core-edges-viewer.ts';
import { listingOf } from './edge-listings.ts';

const close = { prior: { firstByteMs: 15, bytesPerMs: 5_000 } };
const edges = [
  listingOf('edge', { prior: { firstByteMs: 2_000, bytesPerMs: 50 } }),
  listingOf('b', close),
  listingOf('c', close),
];
/** What two of them offer, so that it does not matter which. */
const edgeNeeds = {
  minimum: {},
  expected: { responseTimeMs: 500, bandwidthBitsPerSecond: 4e6 },
  isStrict: false,
};
const master = { role: 'master' as const };

function groupOf(...others: (Partial<Member> & { viewerId: string })[]): EdgesViewer {
  const viewer = new EdgesViewer(edges, { edgeNeeds });
  viewer.join([{ viewerId: 'v4', ...master }, ...others]);
  return viewer;
}

/** The edge that the next segment is read from. */
function reads(viewer: EdgesViewer, sequence: number): string {
  viewer.wantSegment(sequence);
  viewer.wait(400);
  const fetch = viewer.read();
  viewer.answer(fetch, 20);
  viewer.give(fetch);
  return hostOf(fetch);
}

const told = (viewer: EdgesViewer) =>
  viewer.sent('reads').map(({ peer, edgeId }) => `${peer} ${edgeId}`);

describe('core: the edges of a group', () => {
  it('are told by each master to all, when it is another, and to who comes later', () => {
    const viewer = groupOf({ viewerId: 'v1' }, { viewerId: 'v7', ...master });
    const first = reads(viewer, 100);
    expect(told(viewer).sort()).to.deep.equal([`v1 ${first}`, `v7 ${first}`]);
    viewer.effects = [];
    reads(viewer, 101);
    viewer.says('v7', { type: 'reads', edgeId: first });
    expect(told(viewer), 'no news').to.deep.equal([]);
    viewer.list(edges.filter(({ edgeId }) => edgeId !== first));
    const second = first === 'b' ? 'c' : 'b';
    expect(reads(viewer, 102)).to.equal(second);
    expect(told(viewer).sort()).to.deep.equal([`v1 ${second}`, `v7 ${second}`]);
    viewer.effects = [];
    viewer.tell({ type: 'linkClosed', peer: 'v1' });
    viewer.tell({ type: 'linkOpened', peer: 'v1' });
    viewer.says('v1', { type: 'hello', version: 1, follows: [] });
    expect(told(viewer)).to.deep.equal([`v1 ${second}`]);
  });

  it('are not told by who reads for nobody, but once it does', () => {
    const viewer = groupOf({ viewerId: 'v1', ...master });
    const role = (role: 'master' | 'slave') =>
      viewer.join([
        { viewerId: 'v4', role },
        { viewerId: 'v1', ...master },
      ]);
    role('slave');
    viewer.wantSegment(100, 0);
    viewer.wait(2_000);
    const fetch = viewer.read();
    viewer.answer(fetch, 20);
    viewer.give(fetch);
    expect(told(viewer)).to.deep.equal([]);
    role('master');
    expect(new Set(told(viewer))).to.deep.equal(new Set([`v1 ${hostOf(fetch)}`]));
    role('slave');
    viewer.effects = [];
    viewer.join([
      { viewerId: 'v4', role: 'slave' },
      { viewerId: 'v1', ...master },
      { viewerId: 'v2' },
    ]);
    expect(told(viewer), 'of what was').to.deep.equal([]);
    role('master');
    viewer.join([{ viewerId: 'v4', ...master }, { viewerId: 'v1', ...master }, { viewerId: 'v2' }]);
    expect(told(viewer)).to.include(`v2 ${hostOf(fetch)}`);
  });

  it('are left to the master with the lower id, if another is as close', () => {
    const viewer = groupOf({ viewerId: 'v1', ...master });
    const first = reads(viewer, 100);
    const second = first === 'b' ? 'c' : 'b';
    viewer.says('v1', { type: 'reads', edgeId: second });
    expect(reads(viewer, 101)).to.equal(first);
    viewer.says('v1', { type: 'reads', edgeId: first });
    expect(reads(viewer, 102)).to.equal(second);
    expect(viewer.edgeId).to.equal(second);
    expect(told(viewer).at(-1)).to.equal(`v1 ${second}`);
  });

  it('are not left to a master with a higher id, nor to a slave, nor for one that is far', () => {
    const staysWith = (other: Partial<Member> & { viewerId: string }, listed = edges): boolean => {
      const viewer = groupOf(other);
      viewer.list(listed);
      const first = reads(viewer, 100);
      viewer.says(other.viewerId, { type: 'reads', edgeId: first });
      return reads(viewer, 101) === first;
    };
    expect(staysWith({ viewerId: 'v7', ...master })).to.equal(true);
    expect(staysWith({ viewerId: 'v1' })).to.equal(true);
    expect(staysWith({ viewerId: 'v1', ...master }, edges.slice(0, 2))).to.equal(true);
    expect(staysWith({ viewerId: 'v1', ...master }), 'else').to.equal(false);
  });

  it('are not left by who reads for itself alone', () => {
    const viewer = groupOf({ viewerId: 'v1', ...master });
    const first = reads(viewer, 100);
    viewer.join([
      { viewerId: 'v4', role: 'slave' },
      { viewerId: 'v1', ...master },
    ]);
    viewer.says('v1', { type: 'reads', edgeId: first });
    viewer.wantSegment(101, 0);
    viewer.wait(2_000);
    expect(hostOf(viewer.read())).to.equal(first);
  });

  it('are free again when the other reads for the group no more', () => {
    const viewer = groupOf({ viewerId: 'v1', ...master });
    const first = reads(viewer, 100);
    viewer.says('v1', { type: 'reads', edgeId: first });
    const second = reads(viewer, 101);
    expect(second).to.not.equal(first);
    viewer.join([{ viewerId: 'v4', ...master }, { viewerId: 'v1' }]);
    // It need not go back, but may.
    viewer.list(edges.filter(({ edgeId }) => edgeId !== second));
    expect(reads(viewer, 102)).to.equal(first);
    viewer.list(edges);
    expect(reads(viewer, 103)).to.equal(first);
  });

  it('are of no account to who has not said hello', () => {
    const viewer = new EdgesViewer(edges, { edgeNeeds });
    viewer.join([{ viewerId: 'v4', ...master }]);
    viewer.tell({ type: 'linkOpened', peer: 'stranger' });
    viewer.says('stranger', { type: 'reads', edgeId: 'b' });
    expect(viewer.refusedPeers).to.deep.equal([]);
    viewer.join([
      { viewerId: 'v4', ...master },
      { viewerId: 'v1', ...master },
    ]);
    viewer.tell({ type: 'linkClosed', peer: 'v1' });
    viewer.tell({ type: 'linkOpened', peer: 'v1' });
    viewer.says('v1', { type: 'reads', edgeId: 'b' });
    expect(viewer.refusedPeers).to.deep.equal(['v1']);
  });
});
