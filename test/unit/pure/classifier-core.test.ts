import { expect } from 'chai';
import { createClassifierCore } from '../../../sdk/core/messages/classifier.ts';
import type { HashedHeader, LogRow } from '../../../sdk/core/messages/events.ts';
import { probabilityOf } from '../../../sdk/core/messages/model.ts';
import { shippedModel } from '../../../sdk/core/messages/shipped/shipped.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { coreOf, headerOf, me, minuteMs, modelOf, startMs, tell } from './classifier-world.ts';

/** Important is what addresses the user, or comes within ten minutes of the user's own. */
const model = modelOf([
  ['addressesMe', 0.5, 0, 3],
  ['minutesSinceMine', 10, 2.5, 0],
]);

describe('decisions of a classifier', () => {
  it('follow the rules of its model', () => {
    const core = coreOf(model);
    const answer = core.classify(headerOf({ mentions: [me] }), startMs);
    expect(answer).to.deep.equal({
      ...{ isImportant: true, probability: probabilityOf(1), explicitRule: null },
    });
    expect(core.classify(headerOf(), startMs).isImportant).to.equal(false);
  });

  it('follow what the log says', () => {
    const core = coreOf(model);
    tell(core, 'sent', headerOf({ from: me }));
    expect(core.classify(headerOf(), startMs + 9 * minuteMs).isImportant).to.equal(true);
    expect(core.classify(headerOf(), startMs + 11 * minuteMs).isImportant).to.equal(false);
  });

  it('take an answer to a message of the user as addressed to it', () => {
    const core = coreOf(model);
    const mine = headerOf({ from: me });
    tell(core, 'sent', mine, startMs - 60 * minuteMs);
    const other = headerOf();
    tell(core, 'seen', other, startMs);
    expect(core.classify(headerOf({ replyTo: mine.message }), startMs).isImportant).to.equal(true);
    expect(core.classify(headerOf({ replyTo: other.message }), startMs).isImportant).to.equal(
      false,
    );
  });

  const explicit: [rule: string, isImportant: boolean, fields: Partial<HashedHeader>][] = [
    ['announcement', true, { kind: 'announcement', role: 'host' }],
    ['announcement', true, { kind: 'announcement', role: 'moderator' }],
    ['highPriority', true, { priority: 'high', role: 'moderator' }],
    ['reaction', false, { kind: 'reaction', role: 'host', priority: 'high', mentions: [me] }],
    ['own', false, { from: me, mentions: [me] }],
    ['expired', false, { kind: 'announcement', role: 'host', expiresAtMs: startMs }],
  ];
  for (const [rule, isImportant, fields] of explicit)
    it(`are explicit, not learned, for ${rule} of ${fields.role ?? 'oneself'}`, () => {
      const core = coreOf(model);
      const header = headerOf(fields);
      const answer = core.classify(header, startMs);
      expect([answer.explicitRule, answer.isImportant]).to.deep.equal([rule, isImportant]);
      const explanation = core.explain(header.message);
      expect(explanation?.explicitText).to.be.a('string');
      // What the rules alone would say is said beside it.
      expect(explanation?.probability).to.equal(probabilityOf(explanation?.logit ?? 0));
    });

  it('are learned ones for what a viewer calls an announcement or urgent', () => {
    const core = coreOf(model);
    for (const fields of [{ kind: 'announcement' }, { priority: 'high' }] as const)
      expect(core.classify(headerOf(fields), startMs).explicitRule).to.equal(null);
  });

  it('change nothing that later ones depend on', () => {
    const [busy, idle] = [coreOf(shippedModel(), true), coreOf(shippedModel(), true)];
    for (let count = 0; count < 50; count++)
      busy.classify(headerOf({ from: `user ${count % 7}`, mentions: [me] }), startMs);
    const header = headerOf({ mentions: [me] });
    expect(busy.classify(header, startMs)).to.deep.equal(idle.classify(header, startMs));
    expect(busy.state()).to.deep.equal(idle.state());
  });
});

describe('the log of a classifier', () => {
  it('has a row for each event, without the length of the text', () => {
    const core = coreOf(model);
    const header = headerOf();
    const { textLength, ...logged } = header;
    expect(tell(core, 'seen', header)).to.deep.equal([
      { type: 'appendRow', row: { sequence: 1, atMs: startMs, type: 'seen', header: logged } },
    ]);
    expect(tell(core, 'viewed', header)).to.have.length(1);
    expect(core.state().rows).to.equal(2);
  });

  it('counts an event of a message once, however often it is told, also after a reload', () => {
    const core = coreOf(model);
    const header = headerOf();
    tell(core, 'seen', header);
    expect(tell(core, 'seen', header)).to.deep.equal([]);
    const again = createClassifierCore({ me, model, adapt: false });
    const row: LogRow = { sequence: 5, atMs: startMs, type: 'seen', header };
    again.handle({ type: 'loaded', rows: [row], settings: null }, startMs);
    expect(tell(again, 'seen', header)).to.deep.equal([]);
    expect(tell(again, 'viewed', header)[0]).to.deep.include({ type: 'appendRow' });
    expect(again.state().rows).to.equal(2);
  });

  it('counts once what two pages have told of a message', () => {
    const probabilityAfter = (sequences: number[]) => {
      const core = createClassifierCore({ me, model: counting, adapt: false });
      const rows = sequences.map(
        (sequence): LogRow => ({ sequence, atMs: startMs, type: 'seen', header }),
      );
      core.handle({ type: 'loaded', rows, settings: null }, startMs);
      expect(core.state().rows).to.equal(sequences.length);
      return core.classify(headerOf(), startMs).probability;
    };
    const counting = modelOf([['senderSeen', 1, 0, 3]]);
    const header = headerOf();
    expect(probabilityAfter([1, 2])).to.equal(probabilityAfter([1]));
  });

  it('goes on from the last row after a reload', () => {
    const core = createClassifierCore({ me, model, adapt: false });
    const rows = [3, 7].map(
      (sequence): LogRow => ({ sequence, atMs: startMs, type: 'seen', header: headerOf() }),
    );
    core.handle({ type: 'loaded', rows, settings: null }, startMs);
    const [effect] = tell(core, 'seen', headerOf());
    expect(effect).to.have.nested.property('row.sequence', 8);
  });

  it('never has more rows than allowed', () => {
    const core = coreOf(model);
    let deleted = 0;
    for (let count = 1; count <= limits.messageLogRowsMax + 500; count++) {
      for (const effect of tell(core, 'seen', headerOf(), startMs + count))
        if (effect.type === 'deleteRowsThrough') deleted = effect.sequence;
      expect(core.state().rows).to.equal(count - deleted);
      expect(core.state().rows).to.be.at.most(limits.messageLogRowsMax);
    }
    expect(deleted).to.be.above(0);
  });

  it('drops rows that are too old, of this session and of earlier ones', () => {
    const core = createClassifierCore({ me, model, adapt: false });
    const rows = [1, 2].map(
      (sequence): LogRow => ({
        ...{ sequence, type: 'seen', header: headerOf() },
        atMs: startMs - limits.messageLogKeptMs - (sequence === 1 ? 1 : -minuteMs),
      }),
    );
    const effects = core.handle({ type: 'loaded', rows, settings: null }, startMs);
    expect(effects).to.deep.equal([{ type: 'deleteRowsThrough', sequence: 1 }]);
    expect(tell(core, 'seen', headerOf(), startMs + 2 * minuteMs)[1]).to.deep.equal({
      ...{ type: 'deleteRowsThrough', sequence: 2 },
    });
    expect(core.state().rows).to.equal(1);
  });

  it('gives the same state read back as told', () => {
    const told = coreOf(shippedModel());
    const rows: LogRow[] = [];
    const people = ['ann', 'bob', 'eve'];
    for (let count = 0; count < 300; count++) {
      const from = count % 5 === 0 ? me : (people[count % 3] as string);
      const mentions = count % 4 === 0 ? [people[(count + 1) % 3] as string] : [];
      const header = headerOf({ from, mentions, thread: count % 6 === 0 ? 'thread' : null });
      const type = from === me ? 'sent' : 'seen';
      const atMs = startMs + count * 7_000;
      for (const effect of tell(told, type, header, atMs))
        if (effect.type === 'appendRow') rows.push(effect.row);
      if (count % 9 === 1)
        for (const effect of tell(told, 'replied', header, atMs + 10))
          if (effect.type === 'appendRow') rows.push(effect.row);
    }
    const nowMs = startMs + 40 * minuteMs;
    const read = createClassifierCore({ me, model: shippedModel(), adapt: false });
    read.handle({ type: 'loaded', rows, settings: null }, nowMs);
    for (const fields of [{ from: 'ann' }, { from: 'bob', mentions: [me] }, { from: 'new' }]) {
      const header = headerOf(fields);
      expect(read.classify(header, nowMs)).to.deep.equal(told.classify(header, nowMs));
    }
  });

  it('is forgotten with a wipe, marks and threshold too', () => {
    const core = coreOf(model);
    const header = headerOf({ mentions: [me] });
    core.classify(header, startMs);
    tell(core, 'seen', header);
    tell(core, 'markedNotImportant', header);
    core.handle({ type: 'thresholdSet', probability: 0.9 }, startMs);
    expect(core.handle({ type: 'wiped', me: 'me again' }, startMs)).to.deep.equal([]);
    expect(core.state()).to.deep.equal(coreOf(model).state());
    expect(core.explain(header.message)).to.equal(null);
    expect(core.classify(headerOf({ mentions: ['me again'] }), startMs).isImportant).to.equal(true);
    expect(core.classify(headerOf({ mentions: [me] }), startMs).isImportant).to.equal(false);
  });
});

describe('explanations of a classifier', () => {
  it('add up to the logit, whatever was told before', () => {
    const core = coreOf(shippedModel(), true);
    for (let count = 0; count < 200; count++) {
      const header = headerOf({
        from: `user ${count % 9}`,
        mentions: count % 3 === 0 ? [me] : count % 5 === 0 ? ['user 1'] : [],
        textLength: count,
      });
      const nowMs = startMs + count * 20_000;
      const { probability } = core.classify(header, nowMs);
      const explanation = core.explain(header.message);
      if (!explanation) throw new Error('no explanation');
      const { contributions, other, bias, logit } = explanation;
      const sum = contributions.reduce((total, each) => total + each.logit, bias + other);
      expect(sum).to.be.closeTo(logit, 1e-6);
      expect(probabilityOf(logit)).to.equal(probability);
      expect(contributions.length).to.be.within(1, 5);
      tell(core, 'seen', header, nowMs);
      if (count % 4 === 0) tell(core, 'sent', headerOf({ from: me, mentions: ['user 3'] }), nowMs);
      if (count % 6 === 0) tell(core, 'replied', header, nowMs + 1);
    }
  });

  it('say what was decided by then, and are kept for the newest', () => {
    const core = coreOf(model);
    const first = headerOf();
    core.classify(first, startMs);
    const before = core.explain(first.message);
    tell(core, 'sent', headerOf({ from: me }));
    core.handle({ type: 'modelLoaded', model: modelOf([['addressesMe', 0.5, 4, 4]]) }, startMs);
    expect(core.explain(first.message)).to.deep.equal(before);
    for (let count = 0; count < limits.explanationsMax; count++) core.classify(headerOf(), startMs);
    expect(core.explain(first.message)).to.equal(null);
  });
});
