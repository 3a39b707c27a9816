import { expect } from 'chai';
import type { CoreEvent } from '../../../sdk/core/core.ts';
import type { EdgeReader, SegmentFetch, SegmentFetchEvents } from '../../../sdk/ports/edge.ts';
import type { Seals } from '../../../sdk/ports/seals.ts';
import { EdgeFetches } from '../../../sdk/runtime/edge-fetches.ts';
import { Media } from '../../../sdk/runtime/media.ts';
import { Verifier } from '../../../sdk/runtime/verifier.ts';
import * as limits from '../../../signaling/protocol/limits.ts';

const segmentId = 'high/playlist.m3u8#7';
const seals: Seals = {
  available: false,
  isSigned: async () => false,
  digest: async () => '',
};

/** Reads that the test answers; one that was aborted answers nothing more. */
function createFetches() {
  const reads: { fetch: SegmentFetch; events: SegmentFetchEvents; signal: AbortSignal }[] = [];
  const told: CoreEvent[] = [];
  const edge: EdgeReader = {
    readSegment: (fetch, events, signal) => void reads.push({ fetch, events, signal }),
    readPlaylist: () => {},
  };
  const media = new Media();
  const dispatch = (event: CoreEvent) => void told.push(event);
  const verifier = new Verifier('room', null, seals, media, dispatch);
  const fetches = new EdgeFetches(edge, media, verifier, dispatch, () => {});
  const start = (partFrom: number, partTo: number | null, hedge?: SegmentFetch['hedge']) =>
    fetches.perform({
      type: 'fetchSegment',
      fetchId: 1,
      segmentId,
      url: 'https://edge.example/7.m4s',
      byteRange: null,
      partFrom,
      partTo,
      firstByteWithinMs: 1_000,
      ...(hedge && { hedge }),
    });
  const give = (part: number) =>
    reads.at(-1)?.events.onPart(part, new Uint8Array(limits.partBytes));
  return { fetches, media, reads, told, start, give };
}

describe('reads from the edge, when the page has stood still', () => {
  it('begin anew with the part that follows the last that came', () => {
    const { fetches, media, reads, told, start, give } = createFetches();
    start(0, null);
    reads[0]?.events.onHeaders(3 * limits.partBytes);
    give(0);
    fetches.restart();
    expect(reads.map(({ fetch, signal }) => [fetch.partFrom, signal.aborted])).to.deep.equal([
      [0, true],
      [1, false],
    ]);
    reads[1]?.events.onHeaders(3 * limits.partBytes);
    give(1);
    give(2);
    reads[1]?.events.onEnd(3 * limits.partBytes);
    expect(told.flatMap((each) => (each.type === 'fetchPart' ? [each.part] : []))).to.deep.equal([
      0, 1, 2,
    ]);
    expect(told.at(-1)).to.include({ type: 'fetchEnded', fetchId: 1 });
    expect(media.wastedBytes).to.equal(0);
  });

  it('send no second request again', () => {
    const { fetches, reads, start } = createFetches();
    const hedge = { url: 'https://other.example/7.m4s', afterMs: 150 };
    start(0, null, hedge);
    fetches.restart();
    fetches.pause();
    fetches.resume();
    expect(reads.map((each) => each.fetch.hedge)).to.deep.equal([hedge, undefined, undefined]);
  });

  for (const [what, partTo] of [
    ['of the segment', null],
    ['that was asked for', 1],
  ] as const)
    it(`end where that was the last ${what}`, () => {
      const { fetches, reads, told, start, give } = createFetches();
      start(1, partTo);
      reads[0]?.events.onHeaders((partTo === null ? 2 : 9) * limits.partBytes);
      give(1);
      fetches.restart();
      expect(reads).to.have.length(1);
      expect(told.at(-1)).to.include({ type: 'fetchEnded', fetchId: 1 });
      fetches.restart();
      expect(told.filter(({ type }) => type === 'fetchEnded')).to.have.length(1);
    });
});

describe("reads of the publisher's descriptors", () => {
  it('are made one at a time, and none while the page stands still', () => {
    const waiting: Parameters<EdgeReader['readPlaylist']>[2][] = [];
    const edge: EdgeReader = {
      readSegment() {},
      readPlaylist: (_url, _withinMs, done) => void waiting.push(done),
    };
    const media = new Media();
    const verifier = new Verifier('room', null, seals, media, () => {});
    const ignore = () => {};
    const fetches = new EdgeFetches(edge, media, verifier, ignore, ignore);
    const read = () => {
      const url = 'https://edge.example/holdfast.jsonl';
      fetches.perform({ type: 'readDescriptors', url, segmentIds: ['a#1'] });
      return waiting.length;
    };
    expect([read(), read()]).to.deep.equal([1, 1]);
    waiting[0]?.({ failure: { status: 404, reason: 'status' } });
    fetches.pause();
    expect(read()).to.equal(1);
    fetches.resume();
    expect(read()).to.equal(2);
    fetches.close();
  });
});
