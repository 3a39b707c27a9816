import { expect } from 'chai';
import { on, RoutesViewer } from './edge-routes-viewer.ts';

describe('a second request', () => {
  function hedged(viewer: RoutesViewer, requests: number, isNeeded: boolean): number {
    let hedges = 0;
    for (let request = 0; request < requests; request += 1) {
      const hedge = viewer.routes.hedge(on('a'));
      if (hedge) {
        hedges += 1;
        expect(hedge.url).to.equal(on('b'));
        expect(hedge.afterMs).to.be.within(150, 750);
        if (!isNeeded) viewer.routes.unhedged();
      }
      viewer.read(on('a'), 50);
    }
    return hedges;
  }

  it('is sent for one of fifty at most, and costs nothing where it was not needed', () => {
    const viewer = new RoutesViewer(['a', 'b']);
    viewer.room.bufferMs = 2_000;
    expect(hedged(viewer, 1_000, true)).to.be.within(15, 20);
    expect(hedged(viewer, 1_000, false)).to.be.above(900);
  });

  it('is not saved up for', () => {
    const viewer = new RoutesViewer(['a', 'b']);
    for (let request = 0; request < 1_000; request += 1) viewer.read(on('a'), 50);
    viewer.room.bufferMs = 2_000;
    const hedges = Array.from({ length: 3 }, () => viewer.routes.hedge(on('a')));
    expect(hedges.map((hedge) => hedge !== undefined)).to.deep.equal([true, false, false]);
  });

  it('is for a short buffer, and for another edge', () => {
    for (const [bufferMs, edges] of [
      [null, ['a', 'b']],
      [4_000, ['a', 'b']],
      [1_000, ['a']],
    ] as const) {
      const viewer = new RoutesViewer(edges);
      viewer.room.bufferMs = bufferMs;
      expect(hedged(viewer, 200, true), `${bufferMs} ms, ${edges}`).to.equal(0);
    }
  });

  for (const line of [{ metered: true }, { saveData: true }])
    it(`is not sent where bytes cost something: ${Object.keys(line)}`, () => {
      const viewer = new RoutesViewer(['a', 'b']);
      viewer.room.bufferMs = 2_000;
      Object.assign(viewer.room.profile, line);
      expect(hedged(viewer, 200, true)).to.equal(0);
    });

  it('goes out half-way to the deadline of the first', () => {
    const viewer = new RoutesViewer(['a', 'b']);
    for (let request = 0; request < 60; request += 1) viewer.read(on('a'), 200);
    viewer.room.bufferMs = 2_000;
    const { afterMs } = viewer.routes.hedge(on('a')) ?? {};
    expect(afterMs).to.equal((viewer.routes.deadlineMs(on('a')) ?? 0) / 2);
  });
});
