import { expect } from 'chai';
import { deaths, measureLeaving } from './support/leaving.ts';

/** Tells what a machine with other work on it adds; the bench has the figures. */
const slackMs = 1_000;

describe('an edge that dies under viewers that play alone', function () {
  this.timeout(120_000);

  for (const [name, withinMs] of [
    ['black hole', 2_000],
    ['503', 1_000],
  ] as const) {
    it(`is left before anybody notices: ${name}`, async () => {
      const fault = deaths[name];
      if (!fault) throw new Error('no such death');
      const left = await measureLeaving('holdfast', fault, 4);
      const met = left.filter(({ hasMet }) => hasMet);
      expect(met, 'of those that the server has not moved before').to.not.have.length(0);
      for (const { leftMs } of met) expect(leftMs).to.be.within(0, withinMs + slackMs);
      for (const { frozenMs, bufferMsBefore } of left) {
        expect(bufferMsBefore).to.be.within(3_000, 12_000);
        expect(frozenMs).to.be.below(300);
      }
    });
  }
});
