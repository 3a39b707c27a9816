import { expect } from 'chai';
import { simulateWorld } from './simulate.ts';
import type { Fault } from './world/edge.ts';
import type { Viewer } from './world/viewer.ts';

const failsAtMs = 30_000;
const seeds = [1, 2, 3, 4, 5, 6, 8, 9, 12];

interface Detection {
  /** How long the first of those cut off took to know, and the last; infinite for those that never did. */
  firstMs: number;
  lastMs: number;
  stalledMs: number;
}

/** From a moment on the edge fails for some of a room in which everybody is fed by somebody. */
function detect(
  seed: number,
  viewers: number,
  fault: Fault,
  isCut: (viewer: Viewer, master: Viewer | undefined) => boolean,
): Detection {
  const knownMs = new Map<Viewer, number>();
  const world = simulateWorld({
    seed,
    viewers,
    durationMs: failsAtMs + 20_000,
    script: (world) =>
      world.at(failsAtMs, () => {
        const masters = world.masters();
        const master = masters[seed % masters.length];
        for (const viewer of world.viewers) {
          if (!isCut(viewer, master)) continue;
          world.edge.setFault(viewer.name, fault);
          knownMs.set(viewer, Number.POSITIVE_INFINITY);
        }
        const look = (): void => {
          for (const [viewer, atMs] of knownMs)
            if (atMs === Number.POSITIVE_INFINITY && /dark|partial/.test(viewer.tally.edgeHealth))
              knownMs.set(viewer, world.clock.nowMs - failsAtMs);
          world.at(world.clock.nowMs + 100, look);
        };
        look();
      }),
  });
  const all = [...knownMs.values()];
  const stalledMs = world.viewers.reduce((sum, { player }) => sum + player.stallMs, 0);
  return { firstMs: Math.min(...all), lastMs: Math.max(...all), stalledMs };
}

describe('an edge that fails while others feed everybody', function () {
  this.timeout(60_000);

  // Two tries one after the other, of which each fails at once or after the first-byte deadline of up to 2.5 s.
  const faults = [
    { fault: { kind: 'dead' }, firstWithinMs: 4_500, lastWithinMs: 7_000 },
    { fault: { kind: 'blackhole' }, firstWithinMs: 8_000, lastWithinMs: 12_000 },
  ] satisfies { fault: Fault; firstWithinMs: number; lastWithinMs: number }[];

  for (const { fault, firstWithinMs, lastWithinMs } of faults) {
    it(`is known within seconds to the one master that it fails for: ${fault.kind}`, () => {
      for (const seed of seeds) {
        const { lastMs, stalledMs } = detect(seed, 4, fault, (viewer, one) => viewer === one);
        expect(lastMs, `seed ${seed}`).to.be.below(firstWithinMs);
        expect(stalledMs, `seed ${seed}`).to.equal(0);
      }
    });

    for (const viewers of [4, 8, 24])
      it(`is known within seconds to all but the one of ${viewers} that it answers: ${fault.kind}`, () => {
        for (const seed of viewers > 8 ? seeds.slice(0, 3) : seeds) {
          const all = detect(seed, viewers, fault, (viewer, one) => viewer !== one);
          expect(all.firstMs, `seed ${seed}`).to.be.below(firstWithinMs);
          expect(all.lastMs, `seed ${seed}`).to.be.below(lastWithinMs);
          expect(all.stalledMs, `seed ${seed}`).to.equal(0);
        }
      });
  }
});
