import { expect } from 'chai';
import { type Answer, EdgesStream, type Kind } from './core-edges-stream.ts';
import { alone, EdgesViewer, far, near, unavailable } from './core-edges-viewer.ts';
import { listingOf } from './edge-listings.ts';

const never = Number.POSITIVE_INFINITY;

function viewerOf(
  size: number | 'alone',
  bufferMs = 12_000,
  edges = [listingOf('edge', far), listingOf('b', near)],
) {
  const viewer = new EdgesViewer(edges, size === 'alone' ? alone : {});
  const others = Array.from({ length: size === 'alone' ? 0 : size - 1 }, (_, index) => ({
    viewerId: `w${index}`,
  }));
  if (size !== 'alone') viewer.join([{ viewerId: 'v4', role: 'master' }, ...others]);
  viewer.tell({ type: 'bufferMeasured', bufferMs });
  return viewer;
}

for (const size of ['alone', 2, 10] as const)
  describe(`core: an edge of which one kind fails, with a viewer ${size === 'alone' ? size : `among ${size}`}`, () => {
    function played(failing: Kind) {
      const viewer = viewerOf(size);
      const stream = new EdgesStream(viewer, (host, kind, passedMs): Answer => {
        if (host === 'b') return kind === failing && passedMs < 60_000 ? unavailable : 20;
        return 200;
      });
      stream.play(60_000);
      return stream;
    }

    it('is left where it is segments, and tried ever more rarely whatever playlists do', () => {
      const stream = played('segments');
      expect(stream.askedAt('b', 'segments').length).to.be.within(3, 8);
      expect([stream.failed, stream.pending]).to.deep.equal([0, 0]);
      const waits = stream.waitsMs.sort((a, b) => a - b);
      expect(waits.length).to.equal(30);
      // Members leave it to others to be first.
      const turnMs = size === 'alone' ? 0 : 400;
      expect(waits.at(-1)).to.be.at.most(300 + turnMs + 300);
      expect(waits[24], 'most').to.be.at.most(320 + turnMs / 2);
      stream.play(120_000);
      expect(new Set(stream.asked.slice(-10).map(({ host }) => host)), 'well again').to.deep.equal(
        new Set(['b']),
      );
    });

    it('is left where it is playlists', () => {
      const stream = played('playlists');
      expect(stream.askedAt('b', 'playlists').length).to.be.within(3, 8);
      expect([stream.failed, stream.pending]).to.deep.equal([0, 0]);
      stream.play(120_000);
      expect(new Set(stream.asked.slice(-10).map(({ host }) => host)), 'well again').to.deep.equal(
        new Set(['b']),
      );
    });
  });

describe('core: the only edge that is well', () => {
  for (const size of [2, 30])
    for (const atMs of [15_000, 60_000, 70_000])
      it(`is asked again within a second after it has failed once, though another is dead: ${size} members, after ${atMs} ms`, () => {
        const stream = new EdgesStream(viewerOf(size, 3_000), (host, kind, passedMs) => {
          if (host === 'b') return passedMs > 9_000 ? never : 20;
          const isFirst = stream.askedAt('edge', 'segments').every((each) => each < atMs);
          return kind === 'segments' && passedMs >= atMs && isFirst ? unavailable : 30;
        });
        stream.play(atMs + 20_000);
        const after = stream.askedAt('edge', 'segments').filter((each) => each >= atMs);
        expect((after[1] ?? never) - (after[0] ?? never)).to.be.at.most(1_000);
        expect(Math.max(...stream.waitsMs.slice(-20))).to.be.below(2_000);
        expect(stream.pending).to.equal(0);
      });
});

describe('core: a trial of an edge that is well again', () => {
  for (const [line, metered, bufferMs, isBlocking] of [
    ['usual', false, 8_000, false],
    ['metered', true, 8_000, false],
    ['short of media', false, 3_000, false],
    ['metered and short of media', true, 3_000, false],
    ['with held playlists', false, 8_000, true],
    ['with held playlists, metered', true, 8_000, true],
  ] as const)
    it(`comes within 20 s: ${line}`, () => {
      for (const failing of ['all', 'segments', 'playlists'] as const) {
        const viewer = viewerOf(2, bufferMs);
        viewer.changeProfile({ metered });
        const stream = new EdgesStream(
          viewer,
          (host, kind, passedMs) => {
            const isDead = host === 'b' && passedMs > 9_000 && passedMs < 20_000;
            return isDead && (failing === 'all' || failing === kind)
              ? never
              : host === 'b'
                ? 30
                : 200;
          },
          { isBlocking },
        );
        stream.play(20_000);
        const dead = stream.asked.filter(({ host, isCutOff }) => host === 'b' && isCutOff);
        expect(dead.length, failing).to.be.within(1, 6);
        stream.play(50_000);
        const [first = never] = stream
          .askedAt('b', failing === 'all' ? undefined : failing)
          .filter((each) => each >= 20_000);
        expect(first, failing).to.be.below(40_000);
        const last = stream.asked.slice(-6).map(({ host }) => host);
        expect(new Set(last), failing).to.deep.equal(new Set(['b']));
      }
    });
});

describe('core: edges that are all slow', () => {
  for (const size of ['alone', 2] as const)
    for (const count of [2, 3])
      it(`are soon awaited where a playlist comes with each of few segments: ${count}, ${size}`, () => {
        const edges = ['edge', 'b', 'c'].slice(0, count).map((each) => listingOf(each));
        const viewer = viewerOf(size, 3_000, edges);
        const stream = new EdgesStream(viewer, () => 1_800, { segmentMs: 4_000, isRecorded: true });
        stream.play(80_000);
        const late = stream.asked.filter(
          ({ kind, passedMs }) => kind === 'segments' && passedMs > 24_000,
        );
        expect(late.length).to.be.above(10);
        expect(late.filter(({ isCutOff }) => isCutOff)).to.deep.equal([]);
      });

  for (const size of ['alone', 2] as const)
    for (const bufferMs of [8_000, 3_000])
      for (const count of [2, 3])
        for (const slowMs of [1_800, 2_400])
          it(`are measured and awaited: ${count}, ${slowMs} ms, ${size}, ${bufferMs} ms of media`, () => {
            const edges = ['edge', 'b', 'c'].slice(0, count).map((each) => listingOf(each));
            const stream = new EdgesStream(viewerOf(size, bufferMs, edges), () => slowMs);
            stream.play(60_000);
            const late = stream.asked.filter(({ passedMs }) => passedMs > 30_000);
            expect(late.length).to.be.above(12);
            expect(late.filter(({ isCutOff }) => isCutOff)).to.deep.equal([]);
            expect(Math.max(...stream.waitsMs.slice(-10))).to.be.below(2 * slowMs + 700);
          });
});
