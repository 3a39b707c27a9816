import { expect } from 'chai';
import type { Edge } from '../../demo/origin/edge.ts';
import { createEdgeReader } from '../../sdk/adapters/edge-reader.ts';
import { createSeals } from '../../sdk/adapters/web-crypto.ts';
import type { CoreEvent } from '../../sdk/core/core.ts';
import { EdgeFetches } from '../../sdk/runtime/edge-fetches.ts';
import { Media } from '../../sdk/runtime/media.ts';
import { Verifier } from '../../sdk/runtime/verifier.ts';
import { partBytes } from '../../signaling/protocol/limits.ts';
import { type NewestSegment, startWithSegment } from './newest-segment.ts';

const segmentId = 'high/playlist.m3u8#1';

describe('reads of a page that stands still, from a real edge', () => {
  let served: NewestSegment;
  let edge: Edge;
  let url = '';
  let whole = new Uint8Array();
  let media: Media;
  let events: CoreEvent[];
  let fetches: EdgeFetches;

  before(async () => {
    served = await startWithSegment();
    ({ edge, url, whole } = served);
  });

  beforeEach(() => {
    media = new Media();
    events = [];
    const take = (event: CoreEvent) => events.push(event);
    const verifier = new Verifier('room', null, createSeals(), media, take);
    fetches = new EdgeFetches(createEdgeReader(), media, verifier, take, () => {});
    // About six parts in a second.
    edge.setFault({ kind: 'throttle', bytesPerSecond: 400_000 });
  });

  afterEach(() => {
    fetches.close();
    edge.setFault({ kind: 'none' });
  });

  after(() => served.close());

  const count = (type: CoreEvent['type']) => events.filter((event) => event.type === type).length;

  async function until(holds: () => boolean): Promise<void> {
    for (const endMs = Date.now() + 5_000; !holds(); ) {
      if (Date.now() > endMs) throw new Error(`saw only ${JSON.stringify(events)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const read = () =>
    fetches.perform({
      type: 'fetchSegment',
      fetchId: 1,
      segmentId,
      url,
      byteRange: null,
      partFrom: 0,
      partTo: null,
      firstByteWithinMs: 1_000,
    });

  it('stop without a failure, and go on where they were', async () => {
    read();
    await until(() => count('fetchPart') >= 2);
    fetches.pause();
    const before = events.length;
    const partsBefore = count('fetchPart');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(events.length).to.equal(before);
    edge.setFault({ kind: 'none' });
    fetches.resume();
    await until(() => count('fetchEnded') === 1);
    expect(count('fetchFailed')).to.equal(0);
    expect(media.copy(segmentId)).to.deep.equal(whole);
    // Nothing came twice.
    const partCount = Math.ceil(whole.byteLength / partBytes);
    expect(count('fetchPart')).to.equal(partCount);
    expect(partsBefore).to.be.below(partCount);
  });

  it('begin anew while they run, and end once', async () => {
    read();
    await until(() => count('fetchPart') >= 1);
    edge.setFault({ kind: 'none' });
    fetches.restart();
    await until(() => count('fetchEnded') === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([count('fetchEnded'), count('fetchFailed')]).to.deep.equal([1, 0]);
    expect(media.copy(segmentId)).to.deep.equal(whole);
  });

  it('wait when they are asked for meanwhile, and never begin when they are called off', async () => {
    edge.setFault({ kind: 'none' });
    fetches.pause();
    read();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).to.deep.equal([]);
    fetches.perform({ type: 'abortFetch', fetchId: 1 });
    fetches.resume();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).to.deep.equal([]);
    read();
    await until(() => count('fetchEnded') === 1);
  });
});
