import { expect } from 'chai';
import { gainsMin, maturesAfterMs } from '../../../sdk/core/messages/adaptation.ts';
import { createClassifierCore } from '../../../sdk/core/messages/classifier.ts';
import type { ClassifierCore, ClassifierSettings } from '../../../sdk/core/messages/events.ts';
import { coreOf, headerOf, me, minuteMs, modelOf, startMs, tell } from './classifier-world.ts';

/** Knows only that a user cares for what addresses it. */
const model = modelOf([['addressesMe', 0.5, 0, 3]]);
const secondMs = 1_000;

/** Messages of a host every half minute, which this user always or never looks at. */
function watch(core: ClassifierCore, count: number, isViewed: boolean, fromMs = startMs): number {
  for (let index = 0; index < count; index++) {
    const header = headerOf({
      from: `user ${index % 3}`,
      role: index % 2 === 0 ? 'host' : 'viewer',
    });
    const nowMs = fromMs + index * 30 * secondMs;
    tell(core, 'seen', header, nowMs);
    if (isViewed && index % 2 === 0) tell(core, 'viewed', header, nowMs + 10 * secondMs);
  }
  return fromMs + count * 30 * secondMs;
}

const probabilityOfHost = (core: ClassifierCore, nowMs: number) =>
  core.classify(headerOf({ role: 'host' }), nowMs).probability;

/** What it keeps when it is asked to keep something. */
function settingsOf(core: ClassifierCore, nowMs: number): ClassifierSettings {
  const [effect] = core.handle({ type: 'thresholdSet', probability: null }, nowMs);
  if (effect?.type !== 'saveSettings') throw new Error('nothing was kept');
  return effect.settings;
}

const learnedBy = (core: ClassifierCore, nowMs: number) => settingsOf(core, nowMs).adaptation;

describe('adaptation of a classifier', () => {
  it('is off unless asked for, and then nothing of a label is kept', () => {
    const core = coreOf(model);
    const nowMs = watch(core, 2 * gainsMin, true);
    expect(core.state()).to.deep.include({ adaptation: 'off', labels: 0 });
    expect(probabilityOfHost(core, nowMs)).to.equal(probabilityOfHost(coreOf(model), nowMs));
  });

  it('uses no label before it could exist', () => {
    const cores = [coreOf(model, true), coreOf(model, true)];
    const header = headerOf();
    const learnedAt = (atMs: number) =>
      cores.map((core) => {
        const next = headerOf();
        tell(core, 'seen', next, startMs + atMs);
        return learnedBy(core, startMs + atMs);
      });
    for (const core of cores) tell(core, 'seen', header, startMs);
    // One user looks at it. Whether the other still will nobody knows, so neither has taught anything.
    tell(cores[0] as ClassifierCore, 'viewed', header, startMs + secondMs);
    for (const atMs of [2 * secondMs, maturesAfterMs - 1])
      for (const learned of learnedAt(atMs))
        expect(learned).to.deep.equal(learnedBy(coreOf(model, true), 0));
    const [looked, left] = learnedAt(maturesAfterMs);
    expect([looked?.counts[0], left?.counts[0]]).to.deep.equal([1, 1]);
    expect(looked?.deltas[0]).to.be.above(0);
    expect(left?.deltas[0]).to.be.below(0);
  });

  it('learns the same whatever comes after a label has matured', () => {
    const learnedAfter = (isViewedLate: boolean) => {
      const core = coreOf(model, true);
      const header = headerOf();
      tell(core, 'seen', header, startMs);
      const lateMs = startMs + maturesAfterMs;
      tell(core, 'seen', headerOf(), lateMs);
      if (isViewedLate) tell(core, 'viewed', header, lateMs + 1);
      return learnedBy(core, lateMs + 2);
    };
    expect(learnedAfter(true)).to.deep.equal(learnedAfter(false));
  });

  it('learns nothing of reactions, own messages, and what was looked at before it was seen', () => {
    const core = coreOf(model, true);
    const early = headerOf();
    tell(core, 'viewed', early);
    tell(core, 'seen', early);
    tell(core, 'seen', headerOf({ kind: 'reaction' }));
    tell(core, 'seen', headerOf({ from: me }));
    tell(core, 'seen', headerOf());
    tell(core, 'seen', headerOf(), startMs + maturesAfterMs);
    expect(core.state().labels).to.equal(1);
  });

  it('judges each label before it learns from it', () => {
    const core = coreOf(model, true);
    tell(core, 'seen', headerOf(), startMs);
    tell(core, 'seen', headerOf(), startMs + maturesAfterMs);
    const learned = learnedBy(core, startMs + maturesAfterMs);
    // By the first label nothing had been learned: as good as the rules, to the last digit.
    expect(learned?.gains).to.deep.equal([0]);
    expect(learned?.deltas[0]).to.be.below(0);
  });

  it('judges by what it knew when a message was seen, not by what was learned since', () => {
    const core = coreOf(model, true);
    for (const atMs of [0, 1, 2]) tell(core, 'seen', headerOf(), startMs + atMs);
    tell(core, 'seen', headerOf(), startMs + maturesAfterMs + 2);
    const learned = learnedBy(core, startMs + maturesAfterMs + 2);
    // All three were seen before there was a label: as good as the rules.
    expect(learned?.gains).to.deep.equal([0, 0, 0]);
  });

  it('learns nothing of what was seen in the future, and goes on when the clock was set back', () => {
    const core = coreOf(model, true);
    for (let count = 0; count < 50; count++)
      tell(core, 'seen', headerOf(), startMs + 86_400_000 + count);
    for (const atMs of [0, 1, maturesAfterMs + 1]) tell(core, 'seen', headerOf(), startMs + atMs);
    expect(core.state().labels).to.equal(2);
  });

  it('learns also where more is seen than can wait, and keeps at once what came at once', () => {
    const core = coreOf(model, true);
    for (let count = 0; count < 5_000; count++)
      tell(core, 'seen', headerOf(), startMs + count * 100);
    expect(core.state().labels).to.equal(0);
    const effects = tell(core, 'seen', headerOf(), startMs + 500_000 + maturesAfterMs);
    expect(core.state().labels).to.be.within(4_000, 5_000);
    expect(effects.map(({ type }) => type)).to.deep.equal(['appendRow', 'saveSettings']);
  });

  it('does no harm with damaged numbers', () => {
    const size = learnedBy(coreOf(model, true), startMs)?.deltas.length ?? 0;
    const damaged = (isActive: boolean, gains: number[]) => {
      const core = createClassifierCore({ me, model, adapt: true });
      const [deltas, counts] = [Array(size).fill(1e300), Array(size).fill(-1_000)];
      const adaptation = { modelVersion: 1, isActive, deltas, counts, gains };
      const settings = { nudge: 0, threshold: null, adaptation };
      core.handle({ type: 'loaded', rows: [], settings }, startMs);
      return core;
    };
    // Nobody has shown that it is ahead.
    expect(damaged(true, []).state().adaptation).to.equal('learning');
    const core = damaged(true, Array(gainsMin).fill(1e300));
    for (const atMs of [0, maturesAfterMs]) tell(core, 'seen', headerOf(), startMs + atMs);
    expect(core.classify(headerOf(), startMs).probability).to.be.within(0, 1);
    for (const delta of learnedBy(core, startMs)?.deltas ?? []) expect(delta).to.be.within(-2, 2);
  });

  it('takes over only when it is ahead on enough labels, and says what it adds', () => {
    const core = coreOf(model, true);
    let nowMs = watch(core, gainsMin, true);
    expect(core.state().labels).to.be.below(gainsMin);
    expect(core.state().adaptation).to.equal('learning');
    expect(probabilityOfHost(core, nowMs)).to.equal(probabilityOfHost(coreOf(model), nowMs));
    nowMs = watch(core, 100, true, nowMs);
    expect(core.state().labels).to.be.at.least(gainsMin);
    expect(core.state().adaptation).to.equal('active');
    const header = headerOf({ role: 'host' });
    const before = coreOf(model).classify(header, nowMs).probability;
    expect(core.classify(header, nowMs).probability).to.be.above(before + 0.2);
    const explanation = core.explain(header.message);
    const learned = explanation?.contributions.map(({ text }) => text);
    expect(learned).to.include('learned on this device: a host or moderator sent it');
    const { contributions = [], other = 0, bias = 0, logit } = explanation ?? {};
    const sum = contributions.reduce((total, each) => total + each.logit, bias + other);
    expect(sum).to.be.closeTo(logit ?? Number.NaN, 1e-6);
  });

  it('hands back to the shipped rules when it is no longer ahead', () => {
    const core = coreOf(model, true);
    let nowMs = watch(core, 500, true);
    expect(core.state().adaptation).to.equal('active');
    const taught = core.state().labels;
    // What was looked at no longer is, as the shipped rules have it.
    while (core.state().adaptation === 'active' && core.state().labels < taught + 100) {
      tell(core, 'seen', headerOf({ role: 'host' }), nowMs);
      nowMs += 30 * secondMs;
    }
    expect(core.state().labels).to.be.above(taught + 20);
    expect(core.state().adaptation).to.equal('learning');
  });

  it('does not take over by chance', () => {
    let active = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const core = coreOf(modelOf([['addressesMe', 0.5, 0, 3]], { bias: -1.386 }), true);
      let state = seed;
      let nowMs = startMs;
      for (let index = 0; index < 700; index++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const header = headerOf({ from: `user ${index % 5}` });
        tell(core, 'seen', header, nowMs);
        // Exactly as likely as the rules say.
        if (state / 2 ** 32 < 0.2) tell(core, 'viewed', header, nowMs + secondMs);
        nowMs += minuteMs;
        if (core.state().adaptation === 'active') break;
      }
      if (core.state().adaptation === 'active') active++;
    }
    expect(active).to.be.at.most(6);
  });

  it('stays when a page that does not learn keeps something', () => {
    const core = coreOf(model, true);
    const nowMs = watch(core, 100, true);
    const settings = settingsOf(core, nowMs);
    const other = createClassifierCore({ me, model, adapt: false });
    other.handle({ type: 'loaded', rows: [], settings }, nowMs);
    expect(settingsOf(other, nowMs).adaptation).to.deep.equal(settings.adaptation);
  });

  it('goes on after a reload, and starts anew with another model', () => {
    const core = coreOf(model, true);
    const nowMs = watch(core, 500, true);
    const settings = settingsOf(core, nowMs);
    const load = (version: number) => {
      const used = modelOf([['addressesMe', 0.5, 0, 3]], { version });
      const again = createClassifierCore({ me, model: used, adapt: true });
      again.handle({ type: 'loaded', rows: [], settings }, nowMs);
      return again.state();
    };
    expect(load(1)).to.deep.include({ adaptation: 'active', labels: core.state().labels });
    expect(load(2)).to.deep.include({ adaptation: 'learning', labels: 0 });
  });

  it('goes on with a model that is loaded anew on every page', () => {
    const loaded = modelOf([['addressesMe', 0.5, 0, 3]], { version: 2 });
    const core = coreOf(model, true);
    core.handle({ type: 'modelLoaded', model: loaded }, startMs);
    const nowMs = watch(core, 500, true);
    const again = createClassifierCore({ me, model, adapt: true });
    again.handle({ type: 'loaded', rows: [], settings: settingsOf(core, nowMs) }, nowMs);
    expect(again.state()).to.deep.include({ adaptation: 'learning', labels: 0 });
    again.handle({ type: 'modelLoaded', model: loaded }, nowMs);
    const { labels } = core.state();
    expect(again.state()).to.deep.include({ adaptation: 'active', labels });
    // Forgotten is forgotten.
    again.handle({ type: 'wiped', me }, nowMs);
    again.handle({ type: 'modelLoaded', model: loaded }, nowMs);
    expect(again.state()).to.deep.include({ adaptation: 'learning', labels: 0 });
  });
});
