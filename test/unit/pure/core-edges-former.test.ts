import { expect } from 'chai';
import { EdgeSelector } from '../../../sdk/core/edges/selector.ts';
import {
  type EdgeListing,
  type EdgesBody,
  edgeWeightsUnlearned,
} from '../../../signaling/protocol/edges.ts';
import { CoreViewer, self } from './core-viewer.ts';

function listing(edgeId: string): EdgeListing {
  return {
    edgeId,
    name: edgeId,
    baseUrl: `https://${edgeId}.example/live/`,
    region: null,
    kpis: {},
    load: null,
    costPerGigabyte: null,
    prior: null,
    admits: 1,
    validForMs: 30_000,
  };
}

function body(version: number, edges: EdgeListing[]): EdgesBody {
  const weights = edgeWeightsUnlearned;
  const times = { createdAtMs: version, validForMs: 30_000 };
  return { room: 'room', version, ...times, edges, excluded: [], failing: null, weights };
}

describe('core: an edge that is listed no more', () => {
  it('is left for one that is, although the URLs of the player go on naming it', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: self, role: 'master' }]);
    viewer.tell({ type: 'edgesListed', body: body(1, [listing('edge')]) });
    viewer.wantSegment(100);
    viewer.wait(1_000);
    expect(viewer.take('fetchSegment')[0]?.url).to.equal('https://edge.example/live/high/100.m4s');
    viewer.tell({ type: 'edgesListed', body: body(2, [listing('other')]) });
    viewer.wantSegment(101);
    viewer.wait(1_000);
    expect(viewer.take('fetchSegment')[0]?.url).to.equal('https://other.example/live/high/101.m4s');
  });
});

describe('core: an edge that fails', () => {
  it('has a failure told as one, and not as a time that was measured', () => {
    const selector = new EdgeSelector(null);
    selector.listed(body(1, [listing('edge')]));
    const told = () => selector.stats({ bytes: 0, bufferMs: null }, 2_000)[0];
    selector.answered('edge', 40, 1_000);
    expect(told()).to.include({ failures: 0, firstByteMs: 40 });
    selector.failed('edge', 2_000);
    expect(told()).to.include({ failures: 1, firstByteMs: null });
  });
});
