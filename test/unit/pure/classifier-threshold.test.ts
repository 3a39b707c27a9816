import { expect } from 'chai';
import { createClassifierCore } from '../../../sdk/core/messages/classifier.ts';
import { logitOf } from '../../../sdk/core/messages/model.ts';
import { coreOf, headerOf, me, minuteMs, modelOf, startMs, tell } from './classifier-world.ts';

/** Important is what addresses the user, or comes within ten minutes of the user's own. */
const model = modelOf([
  ['addressesMe', 0.5, 0, 3],
  ['minutesSinceMine', 10, 2.5, 0],
]);

describe('the threshold of a classifier', () => {
  const thresholdOf = (core: ReturnType<typeof coreOf>) => logitOf(core.state().threshold);

  it('moves with marks that disagree, a little, and no further than it may', () => {
    const core = coreOf(model);
    const before = thresholdOf(core);
    const header = headerOf({ mentions: [me] });
    core.classify(header, startMs);
    expect(tell(core, 'markedImportant', header).map(({ type }) => type)).to.deep.equal([
      'appendRow',
    ]);
    expect(thresholdOf(core)).to.be.closeTo(before, 1e-9);
    tell(core, 'sent', headerOf({ from: me }));
    for (let count = 0; count < 40; count++)
      tell(core, 'markedNotImportant', headerOf({ mentions: [me] }));
    expect(thresholdOf(core) - before).to.be.closeTo(1.5, 1e-9);
    for (let count = 0; count < 40; count++) {
      const marked = headerOf();
      core.classify(marked, startMs + 11 * minuteMs);
      tell(core, 'markedImportant', marked, startMs + 11 * minuteMs);
    }
    expect(thresholdOf(core)).to.be.closeTo(before - 1.5, 1e-9);
  });

  it('stays with marks of what nobody knows any more how it was decided, where they agree', () => {
    const core = coreOf(model);
    const before = thresholdOf(core);
    tell(core, 'markedImportant', headerOf({ mentions: [me] }));
    tell(core, 'markedNotImportant', headerOf());
    tell(core, 'markedNotImportant', headerOf({ kind: 'announcement', role: 'host' }));
    expect(thresholdOf(core)).to.equal(before);
    tell(core, 'markedImportant', headerOf());
    expect(thresholdOf(core)).to.be.closeTo(before - 0.15, 1e-9);
  });

  it('goes back when a mark is taken back, as often as the user changes its mind', () => {
    const core = coreOf(model);
    const before = thresholdOf(core);
    const header = headerOf();
    core.classify(header, startMs);
    for (let count = 0; count < 3; count++) {
      tell(core, 'markedImportant', header);
      expect(thresholdOf(core)).to.be.closeTo(before - 0.15, 1e-9);
      expect(tell(core, 'markedImportant', header)).to.deep.equal([]);
      tell(core, 'markedNotImportant', header);
      expect(thresholdOf(core)).to.be.closeTo(before, 1e-9);
    }
  });

  it('is kept, and comes back with what was kept', () => {
    const core = coreOf(model);
    const [effect] = core.handle({ type: 'thresholdSet', probability: 0.3 }, startMs);
    if (effect?.type !== 'saveSettings') throw new Error('nothing was kept');
    const [, saved] = tell(core, 'markedImportant', headerOf());
    if (saved?.type !== 'saveSettings') throw new Error('the mark was not kept');
    const again = createClassifierCore({ me, model, adapt: false });
    again.handle({ type: 'loaded', rows: [], settings: saved.settings }, startMs);
    expect(again.state().threshold).to.equal(core.state().threshold);
    expect(again.state().threshold).to.be.below(0.3);
    again.handle({ type: 'thresholdSet', probability: null }, startMs);
    expect(again.state().threshold).to.be.closeTo(0.5, 1e-9);
  });

  it('of a damaged store does no harm', () => {
    const core = createClassifierCore({ me, model, adapt: true });
    const settings = { nudge: 1e9, threshold: 5, adaptation: null };
    core.handle({ type: 'loaded', rows: [], settings }, startMs);
    expect(core.state().threshold).to.be.within(0, 1);
    expect(thresholdOf(core)).to.be.below(logitOf(0.999) + 1.5 + 1e-9);
  });
});
