import { expect } from 'chai';
import { troubleWords } from '../../../demo/page/chat/trouble.ts';
import {
  chanceWords,
  isImportant,
  keptWords,
  logitOf,
  markWords,
  probabilityOf,
  viewWhy,
} from '../../../demo/page/chat/why.ts';
import type { Classification, ClassifierState, Explanation } from '../../../sdk/messages.ts';

const learned: Classification = { isImportant: true, probability: 0.6, explicitRule: null };
const announced: Classification = { ...learned, probability: 0.1, explicitRule: 'announcement' };
const explanation: Explanation = {
  ...{ isImportant: true, probability: probabilityOf(1.3), explicitRule: null, explicitText: null },
  contributions: [
    { text: 'it addresses you', logit: 2 },
    { text: 'a viewer sent it', logit: -0.5 },
  ],
  rules: [{ text: 'it addresses you and you wrote', logit: 1.25 }],
  ...{ other: 0.3, bias: -0.5, logit: 1.3, threshold: 0 },
};
const state: ClassifierState = {
  ...{ modelVersion: 3, threshold: 0.5, rows: 12, adaptation: 'off', labels: 0 },
  runsIn: 'worker',
  storage: { kind: 'indexeddb', reason: null, hasStartedAnew: false, rowsDropped: 0 },
};

describe('what the demo’s chat marks', () => {
  it('follows the threshold of now, explicit rules above it, and the user above all', () => {
    expect(isImportant({ verdict: learned, mark: null }, 0.6)).to.equal(true);
    expect(isImportant({ verdict: learned, mark: null }, 0.61)).to.equal(false);
    expect(isImportant({ verdict: announced, mark: null }, 0.99)).to.equal(true);
    expect(isImportant({ verdict: announced, mark: 'dismissed' }, 0.01)).to.equal(false);
    expect(isImportant({ verdict: learned, mark: 'notImportant' }, 0.01)).to.equal(false);
    expect(isImportant({ verdict: learned, mark: 'important' }, 0.99)).to.equal(true);
    expect(isImportant({ verdict: null, mark: null }, 0.01)).to.equal(false);
    const own: Classification = { isImportant: false, probability: 0.9, explicitRule: 'own' };
    expect(isImportant({ verdict: own, mark: null }, 0.5)).to.equal(false);
  });

  it('is marked in a word that says by whom', () => {
    expect(markWords({ verdict: learned, mark: null }, 0.5)).to.equal('important');
    expect(markWords({ verdict: announced, mark: null }, 0.5)).to.equal('announcement');
    expect(markWords({ verdict: learned, mark: 'important' }, 0.9)).to.equal('marked by you');
    expect(markWords({ verdict: learned, mark: null }, 0.7)).to.equal('');
  });
});

describe('why the demo’s chat marks a message', () => {
  it('is told in bars that add up to the logit', () => {
    const view = viewWhy(explanation, null, 0.5);
    const sum = view.bars.reduce((total, { logit }) => total + logit, 0);
    expect(sum).to.be.closeTo(view.logit, 1e-9);
    expect(view.bars.map(({ kind, words, share }) => [kind, words, share])).to.deep.equal([
      ['contribution', '+2.00', 1],
      ['contribution', '−0.50', 0.25],
      ['other', '+0.30', 0.15],
      ['bias', '−0.50', 0.25],
    ]);
    expect(view).to.include({ isImportant: true, isExplicit: false, title: 'Important' });
    expect(view.sum).to.equal('+1.30, a chance of 79\u00a0%');
    expect(view.reason).to.equal(
      'You would reply with a chance of 79\u00a0%; from 50\u00a0% on it is important.',
    );
    expect(view.rules).to.deep.equal([{ text: 'it addresses you and you wrote', words: '+1.25' }]);
  });

  it('says so when the threshold has moved since, or the user has spoken', () => {
    expect(viewWhy(explanation, null, 0.8)).to.include({ isImportant: false, threshold: 0.8 });
    const marked = viewWhy(explanation, 'notImportant', 0.54);
    expect(marked.isImportant).to.equal(false);
    expect(marked.reason).to.equal('You said so; the threshold is 54\u00a0% now.');
    expect(viewWhy(explanation, 'dismissed', 0.5).reason).to.equal('You dismissed it.');
  });

  it('names an explicit rule as such, beside what was learned', () => {
    const explicit = { explicitRule: 'announcement', explicitText: 'a host announced it' } as const;
    const view = viewWhy({ ...explanation, ...explicit }, null, 0.99);
    expect(view).to.include({ isImportant: true, isExplicit: true });
    expect(view.reason).to.equal('By an explicit rule: a host announced it.');
    expect(view.bars).to.have.length(4);
  });

  it('draws no bar from nothing', () => {
    const empty = { ...explanation, contributions: [], rules: [], other: 0, bias: 0, logit: 0 };
    const { bars, sum } = viewWhy(empty, null, 0.5);
    expect(bars.map(({ share, words }) => [share, words])).to.deep.equal([
      [0, '0.00'],
      [0, '0.00'],
    ]);
    expect(sum).to.match(/^0\.00/);
  });
});

describe('words of the demo’s chat', () => {
  it('say chances as exactly as they matter', () => {
    expect([0.004, 0.0949, 0.37, 0.994].map(chanceWords)).to.deep.equal([
      ...['0.4\u00a0%', '9.5\u00a0%', '37\u00a0%', '99.4\u00a0%'],
    ]);
    expect(probabilityOf(logitOf(0.2))).to.be.closeTo(0.2, 1e-12);
  });

  it('say what is kept and where', () => {
    expect(keptWords(state)).to.equal(
      'Kept in IndexedDB of this browser: 12 entries, without names or text. Rules 3. Nothing of it is sent.',
    );
    const storage = { ...state.storage, kind: 'memory', reason: 'full' } as const;
    expect(keptWords({ ...state, rows: 1, storage })).to.match(
      /^Kept in memory only: the disk is full: 1 entry,/,
    );
  });

  it('say why the room did not take something', () => {
    expect(troubleWords('message_rate_limited', 1_200)).to.equal('Too fast: again in 2 s.');
    expect(troubleWords('message_not_allowed')).to.include('not allow');
    expect(troubleWords('internal')).to.equal('Something went wrong.');
    expect(troubleWords(null)).to.equal('Something went wrong.');
  });
});
