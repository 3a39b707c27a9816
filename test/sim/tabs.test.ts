import { expect } from 'chai';
import { replayable } from './replay.ts';
import type { World } from './simulate.ts';
import { segmentCopies } from './world/copies.ts';

const shared = (world: World) => world.viewers.filter(({ spec }) => spec.deviceId === 'shared');

describe('tabs of one browser profile', function () {
  this.timeout(120_000);

  for (const scenario of ['tabs', 'tabsAlone']) {
    it(`play on, whoever leads and however it goes (${scenario})`, () => {
      for (let seed = 1; seed <= 12; seed += 1)
        replayable(scenario, seed, (report, world) => {
          expect(report.fatal).to.deep.equal([]);
          for (const { player, name, hangs } of world.viewers)
            if (!hangs) expect(player.stalls, name).to.deep.equal([]);
          // Two handovers, each of which may cost a segment; what is read besides is read once.
          const extra = segmentCopies(world, 20_000).reduce(
            (sum, each) => sum + Math.max(0, each - 1),
            0,
          );
          expect(extra, 'extra copies').to.be.at.most(2);
        });
    });
  }

  it('play on when the edge of the master dies, whoever leads after that', () => {
    for (let seed = 1; seed <= 8; seed += 1)
      replayable('tabsEdge', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        expect(report.stallMs).to.equal(0);
        expect(world.named('n0')?.deviceRole).to.equal('slave');
        const late = segmentCopies(world, 62_000);
        expect(Math.max(...late)).to.be.at.most(1);
      });
  });

  it('get nothing from an edge or a peer while they are fed', () => {
    replayable('tabs', 1, (_, world) => {
      const [, second, ...slaves] = shared(world);
      for (const { tally, name } of slaves.slice(1)) {
        // What it read before it was told.
        expect(tally.bytesFromEdge, name).to.be.below(1_500_000);
        expect(tally.bytesFromPeers, name).to.equal(0);
      }
      expect(second?.tally.bytesDelivered).to.be.greaterThan(10_000_000);
    });
  });

  it('are fed over links where they are a site’s, in browsers of their own', () => {
    for (let seed = 1; seed <= 8; seed += 1)
      replayable('site', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        expect(report.stallMs).to.equal(0);
        const site = world.viewers.filter(({ deviceId }) => deviceId === 'site');
        expect(
          site.filter(({ alive, deviceRole }) => alive && deviceRole === 'master').length,
        ).to.equal(1);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.15);
      });
  });

  it('become two devices where another machine has the same id', () => {
    for (let seed = 1; seed <= 4; seed += 1)
      replayable('clones', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        expect(report.stallMs).to.equal(0);
        expect(world.viewers.map(({ deviceRole }) => deviceRole).sort()).to.deep.equal([
          'master',
          'master',
          'secondary',
          'secondary',
        ]);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.1);
      });
  });
});
