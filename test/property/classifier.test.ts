import { expect } from 'chai';
import fc from 'fast-check';
import { createClassifierCore } from '../../sdk/core/messages/classifier.ts';
import { type HashedHeader, type LogRow, logEventTypes } from '../../sdk/core/messages/events.ts';
import { featureNames } from '../../sdk/core/messages/features.ts';
import { evaluate, logitOf, parseModel, probabilityOf } from '../../sdk/core/messages/model.ts';
import { shippedRules } from '../../sdk/core/messages/shipped/rules.ts';
import { shippedModel } from '../../sdk/core/messages/shipped/shipped.ts';

const seed = 20_261_129;
const person = fc.constantFrom('me', 'ann', 'bob', 'eve', 'dan');

const header: fc.Arbitrary<HashedHeader> = fc.record({
  message: fc.nat(30).map((number) => `m${number}`),
  from: person,
  room: fc.constantFrom('room', 'another'),
  thread: fc.constantFrom(null, 'thread'),
  role: fc.constantFrom('viewer', 'viewer', 'moderator', 'host'),
  kind: fc.constantFrom('chat', 'chat', 'chat', 'announcement', 'reaction'),
  priority: fc.constantFrom('normal', 'normal', 'high'),
  to: fc.option(person),
  mentions: fc.array(person, { maxLength: 3 }),
  replyTo: fc.option(fc.nat(30).map((number) => `m${number}`)),
  textLength: fc.option(fc.nat()),
  sentAtMs: fc.nat(),
  expiresAtMs: fc.option(fc.nat(2_000_000)),
});

const step = fc.record({
  elapsedMs: fc.oneof(fc.nat(60_000), fc.constantFrom(-5_000, 0, 600_000, 40_000_000)),
  type: fc.constantFrom('classify' as const, ...logEventTypes),
  header,
});

interface Run {
  said: unknown[];
  rows: LogRow[];
}

/** Plays the steps, and holds every answer to what is promised. */
function play(steps: readonly { elapsedMs: number; type: string; header: HashedHeader }[]): Run {
  const core = createClassifierCore({ me: 'me', model: shippedModel(), adapt: true });
  core.handle({ type: 'loaded', rows: [], settings: null }, 0);
  const run: Run = { said: [], rows: [] };
  let nowMs = 1_000_000;
  for (const { elapsedMs, type, header } of steps) {
    nowMs += elapsedMs;
    if (type === 'classify') {
      const answer = core.classify(header, nowMs);
      const explanation = core.explain(header.message);
      if (!explanation) throw new Error('no explanation');
      const { contributions, other, bias, logit } = explanation;
      const sum = contributions.reduce((total, each) => total + each.logit, other + bias);
      expect(sum).to.be.closeTo(logit, 1e-6);
      expect(answer.probability).to.be.within(0, 1);
      expect(answer.probability).to.equal(probabilityOf(logit));
      run.said.push(answer, explanation);
    } else {
      const event = type as LogRow['type'];
      for (const effect of core.handle({ type: 'recorded', event, header }, nowMs))
        if (effect.type === 'appendRow') run.rows.push(effect.row);
      const nudge = logitOf(core.state().threshold) - shippedModel().threshold;
      expect(Math.abs(nudge)).to.be.at.most(1.5 + 1e-9);
    }
  }
  run.said.push(core.state());
  return run;
}

describe('the core of a classifier', function () {
  this.timeout(60_000);

  it('explains what it says, whatever is told, and says the same again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        expect(play(steps)).to.deep.equal(play(steps));
      }),
      { seed, numRuns: 80 },
    );
  });

  it('numbers rows without a gap and tells each event of a message once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const { rows } = play(steps);
        expect(rows.map(({ sequence }) => sequence)).to.deep.equal(
          rows.map((_, index) => index + 1),
        );
        const once = rows.filter(({ type }) => !type.startsWith('marked'));
        const told = once.map(({ type, header }) => `${type} ${header.message}`);
        expect(new Set(told).size).to.equal(told.length);
      }),
      { seed: seed + 1, numRuns: 80 },
    );
  });
});

describe('rules that somebody damaged', () => {
  const odd = fc.constantFrom(
    'null',
    '1e999',
    '-1',
    '0.5',
    '""',
    '[]',
    '{}',
    '[0,1,2]',
    '1e308',
    '999',
  );
  /** One number of the text is something else, or a piece of it is missing. */
  const damaged = fc.oneof(
    fc.tuple(fc.nat(), odd).map(([at, other]) => {
      const numbers = [...shippedRules.matchAll(/-?\d+(\.\d+)?/g)];
      const match = numbers[at % numbers.length];
      const index = match?.index ?? 0;
      return `${shippedRules.slice(0, index)}${other}${shippedRules.slice(index + (match?.[0].length ?? 0))}`;
    }),
    fc.tuple(fc.nat(), fc.nat(40)).map(([at, length]) => {
      const from = at % shippedRules.length;
      return shippedRules.slice(0, from) + shippedRules.slice(from + length);
    }),
    fc.json({ maxDepth: 4 }),
    fc.string(),
  );

  it('are refused with a code, or give finite answers', () => {
    let used = 0;
    fc.assert(
      fc.property(
        damaged,
        fc.array(fc.double({ noNaN: true }), { maxLength: 80 }),
        (text, values) => {
          const parsed = parseModel(text, 0);
          if (!parsed.ok) {
            expect(parsed.code).to.match(/^model_(invalid|too_large|feature_unknown|outdated)$/);
            return;
          }
          used += 1;
          const vector = Float64Array.from(featureNames, (_, place) => values[place] ?? 0);
          expect(evaluate(parsed.model, vector)).to.satisfy(Number.isFinite);
        },
      ),
      { seed: seed + 2, numRuns: 10_000 },
    );
    expect(used).to.be.within(100, 9_000);
  });
});
