import { expect } from 'chai';
import { limits } from '../../signaling/protocol/index.ts';
import { replayable } from './replay.ts';
import { scenarios } from './scenarios.ts';
import { simulate } from './simulate.ts';

describe('a crowd', function () {
  this.timeout(120_000);

  it('plays in several groups while viewers come, go, crash and vanish', () => {
    replayable('crowd', 1, (report, world) => {
      expect(report.viewers).to.be.at.least(200);
      expect(report.groups).to.be.at.least(Math.ceil(200 / limits.groupMembersMax));
      expect(report.fatal).to.deep.equal([]);
      expect(report.stallMs / report.viewers, 'stalled ms per viewer').to.be.below(20);
      expect(report.offload).to.be.at.least(0.88);
      expect(report.wakesPerViewerSecondMax).to.be.below(16);
      expect(world.alive().every(({ player }) => !player.isStalled)).to.equal(true);
    });
  });

  it('starts everybody at once without a stall', () => {
    replayable('flash', 1, (report) => {
      expect(report.fatal).to.deep.equal([]);
      expect(report.stallMsMax).to.be.below(250);
      expect(report.startupMs.max).to.be.below(1_500);
      expect(report.copiesPerSegmentSettled).to.be.at.most(1.1);
    });
  });

  it('gives the same report for the same seed, and another for another', () => {
    const make = scenarios.masterKill;
    if (!make) throw new Error('no scenario');
    const first = simulate(make(7));
    expect(simulate(make(7))).to.deep.equal(first);
    expect(simulate(make(8))).to.not.deep.equal({ ...first, seed: 8 });
  });
});
