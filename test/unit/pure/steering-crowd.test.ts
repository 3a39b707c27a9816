import { expect } from 'chai';
import type { EdgeListing } from '../../../signaling/protocol/index.ts';
import { quick, SteeredPlayer, viewOf } from './steering-viewer.ts';

const viewerCount = 1_000;

interface Crowd {
  /** Viewers by edge, second by second. */
  counts: Record<string, number>[];
  movesBySecond: number[];
}

/** Viewers that ask when their TTL is over, and edges of which the directory is told every ten seconds how many use them. */
class World {
  readonly #viewers: { player: SteeredPlayer; atS: number }[];

  /** @param inStep all have come at once */
  constructor(edges: EdgeListing[], inStep: boolean) {
    this.#viewers = Array.from({ length: viewerCount }, (_, index) => {
      const player = new SteeredPlayer('room=arena', 'a', `viewer-${index}`);
      player.poll(viewOf(edges));
      const ttlS = player.manifest?.TTL ?? 30;
      return { player, atS: inStep ? ttlS : Math.ceil(((index % 100) / 100) * ttlS) };
    });
  }

  shares(): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const { player } of this.#viewers)
      shares[player.pathway] = (shares[player.pathway] ?? 0) + 1 / viewerCount;
    return shares;
  }

  pollAll(edges: EdgeListing[]): void {
    for (const { player } of this.#viewers) player.poll(viewOf(edges));
  }

  run(
    seconds: number,
    edgesAt: (counts: Record<string, number>) => EdgeListing[],
    weight = 1,
  ): Crowd {
    const crowd: Crowd = { counts: [], movesBySecond: [] };
    let view = viewOf([]);
    for (let second = 0; second < seconds; second += 1) {
      const counts: Record<string, number> = {};
      for (const [name, share] of Object.entries(this.shares())) counts[name] = share * viewerCount;
      crowd.counts.push(counts);
      if (second % 10 === 0)
        view = viewOf(edgesAt(counts), { weights: { version: 0, load: weight, age: 0 } });
      const due = this.#viewers.filter(({ atS }) => atS <= second);
      crowd.movesBySecond.push(due.filter(({ player }) => player.poll(view)).length);
      for (const viewer of due) viewer.atS = second + (viewer.player.manifest?.TTL ?? 30);
    }
    return crowd;
  }
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

describe('content steering: a thousand viewers', () => {
  it('are spread evenly over edges that are close, also when one becomes a little better', () => {
    const close = [quick('a', 1_000), quick('b', 1_040), quick('c', 1_080)];
    const better = [quick('a', 1_000), quick('b', 1_040), quick('c', 1_095)];
    const world = new World(close, false);
    for (const [name, share] of Object.entries(world.shares()))
      expect(share, name).to.be.at.most(1.3 / 3);
    world.pollAll(better);
    expect(world.shares().c).to.be.at.most(1.3 / 3);
    expect(new World(better, false).shares().c, 'newcomers').to.be.at.most(1.3 / 3);
  });

  it('come to an edge that is much better by a third in a TTL, at most 4 % of all in a second', () => {
    const before = [quick('a', 1_000), quick('b', 1_000), quick('c', 1_000)];
    const after = [quick('a', 1_000), quick('b', 1_000), quick('c', 9_000)];
    for (const inStep of [true, false]) {
      const world = new World(before, inStep);
      const others = viewerCount * (1 - (world.shares().c ?? 0));
      const { movesBySecond } = world.run(600, () => after);
      expect(Math.max(...movesBySecond), 'in a second').to.be.at.most(0.04 * viewerCount);
      expect(sum(movesBySecond.slice(0, 31)), 'in a TTL').to.be.below(0.4 * others);
      expect(world.shares().c, 'in the end').to.be.above(0.99);
    }
  });

  it('settle on equal edges when one has come anew, however strongly load counts', () => {
    // Each is full with half of the viewers.
    const edges = (names: string[], counts: Record<string, number>) =>
      names.map((name) => quick(name, 1_000, { load: Math.min(1, (counts[name] ?? 0) / 500) }));
    for (const inStep of [true, false]) {
      for (const weight of [0.5, 1, 2, 3]) {
        const world = new World(edges(['a', 'b'], {}), inStep);
        const crowd = world.run(400, (counts) => edges(['a', 'b', 'c'], counts), weight);
        const peak = Math.max(...crowd.counts.map(({ c = 0 }) => c));
        const name = `weight ${weight}, ${inStep ? 'in step' : 'not in step'}`;
        expect(peak / viewerCount, `peak, ${name}`).to.be.at.most(1.4 / 3);
        expect(sum(crowd.movesBySecond), `moves, ${name}`).to.be.below(viewerCount);
        expect(sum(crowd.movesBySecond.slice(200)), `later moves, ${name}`).to.equal(0);
      }
    }
  });
});
