import { expect } from 'chai';
import { replayable } from './replay.ts';
import type { World } from './simulate.ts';
import type { Report } from './world/report.ts';

function expectNoStall(report: Report): void {
  expect(report.fatal).to.deep.equal([]);
  expect(report.stallMs, 'stalled ms').to.equal(0);
}

/** When the last viewer that stalled in the outage played on. */
function resumedAtMs(world: World, returnMs: number): number {
  const ends = world
    .alive()
    .flatMap(({ player }) => player.stalls)
    .filter(({ startedAtMs }) => startedAtMs < returnMs)
    .map(({ startedAtMs, durationMs }) => startedAtMs + (durationMs ?? Number.POSITIVE_INFINITY));
  return Math.max(0, ...ends);
}

/** Who has played to the live edge has nothing in reserve: short stalls follow until it has some again. */
function laterStallMs(world: World, returnMs: number): number {
  const sums = world
    .alive()
    .map(({ player }) =>
      player.stalls
        .filter(({ startedAtMs }) => startedAtMs >= returnMs)
        .reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0),
    );
  return Math.max(0, ...sums);
}

describe('when something fails', function () {
  this.timeout(120_000);

  for (const seed of [1, 2, 3, 4]) {
    it(`goes on when masters' pages are killed, seed ${seed}`, () => {
      replayable('masterKill', seed, (report) => {
        expectNoStall(report);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.15);
      });
    });

    it(`goes on when masters lose their network without a word, seed ${seed}`, () => {
      replayable('masterVanish', seed, (report) => {
        expectNoStall(report);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.25);
      });
    });

    it(`stalls nobody in 30 s while one viewer reaches an edge, seed ${seed}`, () => {
      replayable('partialOutage', seed, expectNoStall);
      replayable('partialOutageSlave', seed, expectNoStall);
    });

    it(`plays to the horizon without the origin, and resumes by itself, seed ${seed}`, () => {
      replayable('totalOutage', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        for (const { player, name } of world.viewers) {
          const first = player.stalls[0];
          // Three segments are buffered at best, of which one may have been played.
          expect(first?.startedAtMs, `${name} plays on`).to.be.at.least(33_000);
        }
        expect(resumedAtMs(world, 50_000)).to.be.within(50_000, 55_000);
        expect(laterStallMs(world, 50_000)).to.be.below(3_000);
      });
    });
  }

  it('finds the live edge again after the room has fallen out of the window', () => {
    for (const seed of [1, 2]) {
      replayable('totalOutageLive', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        expect(resumedAtMs(world, 60_000)).to.be.within(60_000, 65_000);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.3);
      });
    }
  });

  it('hardly notices an edge that swallows connections', () => {
    for (const seed of [1, 2, 3]) {
      replayable('blackhole', seed, (report) => {
        expect(report.fatal).to.deep.equal([]);
        expect(report.stallMsMax).to.be.below(500);
      });
    }
  });

  it('stalls nobody in a room of four of which one reaches the edge that swallows connections', () => {
    for (let seed = 1; seed <= 60; seed += 1) replayable('blackholeSmall', seed, expectNoStall);
  });

  it('keeps its peers over a restart and an outage of signaling', () => {
    for (const seed of [1, 2]) {
      replayable('signalingRestart', seed, (report) => {
        expectNoStall(report);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.1);
      });
    }
  });

  it('plays from the edge alone where there is no signaling', () => {
    replayable('signalingDown', 1, (report, world) => {
      expectNoStall(report);
      expect(report.bytesFromPeers).to.equal(0);
      for (const { tally } of world.viewers) {
        expect(tally.statuses).to.include('signaling_unreachable');
      }
    });
  });

  it('feeds those that some members cannot link to', () => {
    for (const seed of [1, 2]) {
      replayable('nat', seed, (report, world) => {
        expectNoStall(report);
        // One viewer links to nobody and reads everything itself.
        const alone = world.viewers.find(({ nat }) => nat === 'closed');
        expect(alone?.tally.bytesFromPeers).to.equal(0);
        expect(report.copiesPerSegmentSettled).to.be.within(2, 2.2);
      });
    }
  });

  it('goes on while links break and come back', () => {
    for (const seed of [1, 2]) {
      replayable('flappingLinks', seed, (report) => {
        expectNoStall(report);
        expect(report.copiesPerSegmentSettled).to.be.at.most(1.3);
      });
    }
  });

  it('bans a member that sends rubbish, and nobody else is disturbed', () => {
    replayable('hostile', 1, (report, world) => {
      expectNoStall(report);
      const hostile = world.viewers[3];
      const refusals = world.viewers
        .filter((viewer) => viewer !== hostile)
        .reduce(
          (sum, { tally }) => sum + [...tally.refusals.values()].reduce((a, b) => a + b, 0),
          0,
        );
      expect(refusals).to.be.at.least(world.viewers.length - 1);
      expect(hostile?.openLinks()).to.have.length(0);
      for (const viewer of world.viewers) {
        if (viewer !== hostile) expect(viewer.openLinks()).to.have.length(world.viewers.length - 2);
      }
    });
  });
});
