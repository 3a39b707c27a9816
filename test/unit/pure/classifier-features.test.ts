import { expect } from 'chai';
import { Activity } from '../../../sdk/core/messages/activity.ts';
import type { HashedHeader } from '../../../sdk/core/messages/events.ts';
import {
  type FeatureName,
  featureNames,
  featuresOf,
  wordsOf,
} from '../../../sdk/core/messages/features.ts';
import { messageFeatures } from '../../fixtures/message-features.ts';
import { goldenVectors } from '../../training/golden.ts';
import { headerOf, me, minuteMs, startMs } from './classifier-world.ts';

function valueAt(activity: Activity, header: HashedHeader, name: FeatureName, nowMs: number) {
  return featuresOf(header, activity, nowMs)[featureNames.indexOf(name)] as number;
}

describe('features of messages', () => {
  it('are those that the rules were trained with', () => {
    const vectors = goldenVectors();
    expect(vectors.map(({ moment }) => moment)).to.deep.equal(
      messageFeatures.map(({ moment }) => moment),
    );
    for (const [place, { moment, values }] of vectors.entries()) {
      const golden = messageFeatures[place]?.values ?? {};
      expect(Object.keys(values), moment).to.deep.equal(Object.keys(golden));
      // Powers of two differ in the last digit from browser to browser.
      for (const [name, value] of Object.entries(values))
        expect(value, `${name}: ${moment}`).to.be.closeTo(golden[name] as number, 1e-9);
    }
  });

  it('are finite whatever the clock does', () => {
    const activity = new Activity(me);
    const times = [startMs, startMs - 86_400_000, 0, 8.64e15, startMs + 1];
    for (const atMs of times) {
      activity.record('seen', headerOf({ mentions: [me, 'bob'] }), atMs);
      activity.record('sent', headerOf({ from: me, to: 'ann' }), atMs);
      activity.record('replied', headerOf(), atMs);
      for (const nowMs of times)
        for (const value of featuresOf(headerOf({ to: 'bob' }), activity, nowMs))
          expect(value).to.satisfy(Number.isFinite);
    }
  });

  it('change nothing by being computed', () => {
    const activity = new Activity(me);
    activity.record('seen', headerOf(), startMs);
    const later = headerOf({ from: 'stranger', mentions: ['another'] });
    const before = [...featuresOf(later, activity, startMs + minuteMs)];
    for (let count = 0; count < 100; count++)
      featuresOf(headerOf({ from: `user ${count}` }), activity, startMs + count * minuteMs);
    expect([...featuresOf(later, activity, startMs + minuteMs)]).to.deep.equal(before);
  });

  it('fade: half of a conversation in ten minutes, half of a habit in two weeks', () => {
    const activity = new Activity(me);
    for (let count = 0; count < 8; count++) activity.record('seen', headerOf(), startMs);
    const header = headerOf();
    expect(valueAt(activity, header, 'senderSeenLately', startMs)).to.equal(8);
    expect(valueAt(activity, header, 'senderSeenLately', startMs + 10 * minuteMs)).to.equal(4);
    expect(valueAt(activity, header, 'senderSeen', startMs + 14 * 86_400_000)).to.equal(4);
  });

  it('count what the user does, by sender, room and thread', () => {
    const activity = new Activity(me);
    const header = headerOf({ thread: 'thread' });
    activity.record('seen', header, startMs);
    activity.record('viewed', header, startMs);
    activity.record('replied', header, startMs);
    const elsewhere = headerOf({ from: 'bob', room: 'another' });
    const value = (name: FeatureName, of = header) => valueAt(activity, of, name, startMs);
    expect([value('senderSeen'), value('senderViewed'), value('senderReplied')]).to.deep.equal([
      1, 1, 1,
    ]);
    expect([value('threadReplied'), value('roomReplyShare')]).to.deep.equal([1, 1.03 / 2]);
    expect([value('senderSeen', elsewhere), value('roomReplyShare', elsewhere)]).to.deep.equal([
      0, 0.03,
    ]);
  });

  it('are not those of reactions', () => {
    const activity = new Activity(me);
    activity.record('seen', headerOf({ kind: 'reaction', mentions: [me] }), startMs);
    const untouched = featuresOf(headerOf(), new Activity(me), startMs);
    expect(featuresOf(headerOf(), activity, startMs)).to.deep.equal(untouched);
  });

  it('are the same whether or not an app tells that the user has seen its own messages', () => {
    const [told, untold] = [new Activity(me), new Activity(me)];
    for (const activity of [told, untold]) {
      activity.record('seen', headerOf(), startMs);
      activity.record('sent', headerOf({ from: me, mentions: ['ann'] }), startMs);
    }
    for (const type of ['seen', 'viewed', 'reacted'] as const)
      told.record(type, headerOf({ from: me, mentions: ['ann'] }), startMs);
    const header = headerOf();
    const nowMs = startMs + minuteMs;
    expect(featuresOf(header, told, nowMs)).to.deep.equal(featuresOf(header, untold, nowMs));
  });

  it('forget who was not heard of for longest', () => {
    const activity = new Activity(me);
    for (let count = 0; count < 30_000; count++)
      activity.record('seen', headerOf({ from: `user ${count}`, room: `room ${count}` }), startMs);
    // Whoever was heard of long ago is forgotten; who wrote last is not.
    expect(valueAt(activity, headerOf({ from: 'user 1' }), 'senderSeen', startMs)).to.equal(0);
    expect(valueAt(activity, headerOf({ from: 'user 29999' }), 'senderSeen', startMs)).to.equal(1);
  });

  it('have words for every value', () => {
    for (const name of featureNames) {
      const words = wordsOf(name);
      const texts = [0, 0.5, 1, 43_200].flatMap((value) => [
        words.of(value),
        words.than(true, value),
        words.than(false, value),
      ]);
      for (const text of texts) expect(text).to.match(/^[a-z][^\n]{5,100}$/);
    }
  });
});
