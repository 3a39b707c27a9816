import { expect } from 'chai';
import * as limits from '../../signaling/protocol/limits.ts';
import { liarsAmong, provable, type Trial } from './liars.ts';
import { simulateWorld } from './simulate.ts';
import type { Report } from './world/report.ts';

function run(seed: number, viewers: number, how = {}): { trial: Trial; report: Report } {
  const options = liarsAmong(seed, viewers, how);
  const world = simulateWorld(options);
  return { trial: options.trial(), report: world.report() };
}

/**
 * Requests that reach one that gives nothing, against what each member gets where all are equal. A refusal costs a round
 * trip only, and counts for less than silence.
 */
const requestsMax = { silence: 0.6, 'slow drip': 0.6, 'false holdings': 1.2 };
/** In the last two and a half minutes, of eleven parts each. */
const requestsUsual = 75 * 11;
/** From the first lie to where nobody asks the liar any more: the report, and the directive. */
const outWithinMs = 1_000;

function judge(seed: number, viewers: number): void {
  const { trial, report } = run(seed, viewers);
  const again = `seed ${seed}, ${viewers} viewers`;
  expect(trial.badParts, again).to.deep.equal({ played: 0, relayed: 0 });
  expect(trial.looked, again).to.equal(0);
  expect(report.stallMs, again).to.equal(0);
  expect(report.fatal, again).to.deep.equal([]);
  for (const { by, peer, code } of trial.refused)
    if (!trial.liars.has(by))
      expect(trial.liars.has(peer), `${again}: ${by.name} refused ${peer.name}, ${code}`).to.equal(
        true,
      );
  for (const honest of trial.honest()) {
    expect(honest.tally.refusals.has('removed'), `${again}: ${honest.name}`).to.equal(false);
    const suspendedMs = trial.suspendedMs.get(honest.viewerId ?? '') ?? 0;
    expect(suspendedMs, `${again}: ${honest.name}`).to.be.below(limits.suspensionMs + outWithinMs);
  }
  for (const [liar, kind] of trial.liars) {
    const asked = trial.asked.get(liar) ?? [];
    const refusals = trial.refused.filter(({ peer }) => peer === liar);
    const who = `${again}: ${liar.name}, ${kind}`;
    if (!provable.has(kind)) {
      expect(refusals, who).to.deep.equal([]);
      expect(liar.tally.refusals.has('removed'), who).to.equal(false);
      const late = asked.filter((atMs) => atMs > 45_000).length;
      expect(late / requestsUsual, who).to.be.below(requestsMax[kind as keyof typeof requestsMax]);
      continue;
    }
    // One bad part is enough for each: what it proved to one is not forgotten there.
    expect(new Set(refusals.map(({ by }) => by)).size, who).to.equal(refusals.length);
    // It lies to whom it meets first; from then on nobody asks it, for as long as the world lasts.
    const firstMs = refusals[0]?.atMs;
    expect(firstMs, who).to.be.a('number');
    const after = asked.filter((atMs) => atMs > (firstMs ?? 0) + outWithinMs);
    expect(after, who).to.deep.equal([]);
    expect(refusals.length, who).to.be.at.most(viewers / 2);
    const isRemoved = liar.tally.refusals.has('removed');
    const outMs = trial.suspendedMs.get(liar.viewerId ?? '') ?? 0;
    const sinceMs = report.durationMs - (firstMs ?? 0);
    if (!isRemoved) expect(outMs, who).to.be.above(sinceMs - outWithinMs);
  }
}

describe('liars among the members', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= 7; seed += 1)
    it(`one in five, each kind in turn: nothing wrong is played or passed on, nobody honest is blamed, seed ${seed}`, () =>
      judge(seed, 15));

  it('one in five of a whole group', () => judge(1, 30));

  it('who accuse all honest members together have none removed, and hold one each', () => {
    const offloads = [1].map((seed) => {
      const { trial, report } = run(seed, 30, { kinds: ['framing'] });
      expect(trial.liars.size).to.equal(6);
      const honest = trial.honest();
      for (const { name, tally } of honest)
        expect(tally.refusals.has('removed'), name).to.equal(false);
      const suspended = honest.filter(({ viewerId }) => trial.suspendedMs.has(viewerId ?? ''));
      expect(suspended.length).to.be.within(3, 6);
      expect(report.stallMs).to.equal(0);
      expect(report.fatal).to.deep.equal([]);
      return report.offload;
    });
    for (const offload of offloads) expect(offload).to.be.above(0.8);
  });

  it('get through where nobody vouches: the trial can fail', () => {
    const { trial } = run(1, 15, { attested: false });
    expect(trial.badParts.played).to.be.above(10);
    expect(trial.badParts.relayed).to.be.above(10);
  });
});
