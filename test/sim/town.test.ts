import { expect } from 'chai';
import { replayable } from './replay.ts';

describe('the internet in small', function () {
  this.timeout(120_000);

  for (const seed of [1, 2])
    it(`feeds a room whose viewers differ in uplink, loss and address translation, seed ${seed}`, () => {
      replayable('town', seed, (report, world) => {
        expect(report.fatal).to.deep.equal([]);
        expect(report.neverStarted).to.equal(0);
        expect(report.startupMs.p50).to.be.below(1_000);
        // Where things stand, so that they do not get worse: the aim is 0.9, 0.01 and 0.03.
        expect(report.offload).to.be.at.least(0.6);
        expect(report.stalledShare).to.be.at.most(0.06);
        expect(report.wastedShare).to.be.at.most(0.08);
        for (const { uplink, uploads, name } of world.viewers)
          if (!uploads) expect(uplink.bytes, `${name} uploaded`).to.equal(0);
      });
    });
});
