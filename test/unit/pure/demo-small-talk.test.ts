import { expect } from 'chai';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { mentionsIn, type Person } from '../../../demo/page/chat/people.ts';
import { scenes } from '../../../demo/page/chat/scenes.ts';
import { SmallTalk, type Spoken, type Stage } from '../../../demo/page/chat/small-talk.ts';
import type { Message } from '../../../sdk/index.ts';

const person = (number: number, role: Person['role'] = 'viewer'): Person => ({
  ...{ subject: `page-${number}`, name: `Viewer ${number}`, role },
});
const [host, moderator, reader, fourth, fifth] = [
  ...[person(1, 'host'), person(2, 'moderator'), person(3), person(4), person(5)],
] as [Person, Person, Person, Person, Person];
const wall: Stage = { speakers: [host, moderator, fourth, fifth], reader };

function talkOf(seed: number): SmallTalk {
  const generator = xoroshiro128plus(seed);
  return new SmallTalk(() => uniformFloat64(generator));
}

/** Lines that the room took, with ids `0`, `1`, ... */
function listen(talk: SmallTalk, stage: Stage, count: number): Spoken[] {
  const lines: Spoken[] = [];
  for (let index = 0; index < count; index += 1) {
    const line = talk.next(stage);
    if (!line) break;
    lines.push(line);
    talk.sent(String(index));
  }
  return lines;
}

const sentBy = (from: Person, text: string): Message => ({
  header: {
    ...{ id: 'asked', room: 'harbour', from: from.subject, role: from.role, kind: 'chat' },
    ...{ sentAtMs: 0, priority: 'normal' },
  },
  text,
});

describe('small talk of the demo', () => {
  it('is the same for the same seed, and another for another', () => {
    const texts = (seed: number) =>
      listen(talkOf(seed), wall, 30).map(({ by, draft }) => `${by.name}: ${draft.text}`);
    expect(texts(1)).to.deep.equal(texts(1));
    expect(texts(1)).not.to.deep.equal(texts(2));
  });

  it('gives lines to who is there and not to the reader, and announcements to those who may', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      for (const { by, draft } of listen(talkOf(seed), wall, 60)) {
        expect(wall.speakers).to.include(by);
        expect(draft.text).not.to.match(/[{}]/);
        if (draft.kind === 'announcement') expect(by.role).not.to.equal('viewer');
        if (draft.kind === 'reaction') expect(draft.replyTo).to.match(/^\d+$/);
        const named = mentionsIn(draft.text, [...wall.speakers, reader]);
        expect(draft.mentions ?? []).to.have.members(named);
        expect(named, 'nobody speaks to itself').not.to.include(by.subject);
      }
    }
  });

  it('has in a minute what a chat has: questions, names, the reader’s too, answers, an announcement', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const lines = listen(talkOf(seed), wall, 40).map(({ draft }) => draft);
      expect(lines).to.have.length(40);
      expect(lines.some(({ text }) => text.includes('?'))).to.equal(true);
      expect(lines.some(({ replyTo }) => replyTo !== undefined)).to.equal(true);
      expect(lines.some(({ kind }) => kind === 'announcement')).to.equal(true);
      expect(lines.some(({ mentions }) => mentions?.includes(reader.subject))).to.equal(true);
    }
  });

  it('repeats no scene before all were played', () => {
    const lines = scenes.reduce((sum, { length }) => sum + length, 0);
    const begins = new Set(scenes.map(([line]) => line?.text.replace(/@\{\w+\}/, '')));
    const texts = listen(talkOf(3), wall, lines).map(({ draft }) =>
      draft.text.replace(/@Viewer \d/, ''),
    );
    const begun = texts.filter((text) => begins.has(text));
    expect(new Set(begun).size).to.equal(begun.length).and.to.equal(scenes.length);
  });

  it('goes on with another scene when somebody has left', () => {
    const talk = talkOf(1);
    const [first] = listen(talk, wall, 1) as [Spoken];
    const stage = { ...wall, speakers: wall.speakers.filter((each) => each !== first.by) };
    for (const { by } of listen(talk, stage, 30)) expect(by).not.to.equal(first.by);
  });

  it('reacts to nothing that the room did not take', () => {
    const talk = talkOf(5);
    for (let index = 0; index < 100; index += 1) {
      const { draft } = talk.next(wall) as Spoken;
      expect(draft.kind).not.to.equal('reaction');
      expect(draft.replyTo).to.equal(undefined);
      talk.sent(null);
    }
  });

  it('is silent when nobody is there to talk', () => {
    expect(talkOf(1).next({ speakers: [], reader })).to.equal(null);
    const alone = listen(talkOf(1), { speakers: [fourth], reader: null }, 20);
    for (const { by, draft } of alone) {
      expect(by).to.equal(fourth);
      expect(draft.mentions).to.equal(undefined);
    }
  });

  it('answers the reader first, as the one that was spoken to, and then goes on', () => {
    const talk = talkOf(1);
    const [opening] = listen(talk, wall, 1) as [Spoken];
    talk.addressed(sentBy(reader, '@Viewer 4 is it live?'), [fourth.subject]);
    const answer = talk.next(wall) as Spoken;
    expect(answer.by).to.equal(fourth);
    expect(answer.draft).to.deep.include({ replyTo: 'asked' });
    talk.sent('answer');
    const undisturbed = listen(talkOf(1), wall, 2).at(-1)?.draft.text;
    expect(opening.draft.text).not.to.equal(undisturbed);
    expect(talk.next(wall)?.draft.text).to.equal(undisturbed);
    talk.addressed(sentBy(reader, 'hello'), []);
    talk.addressed(sentBy(reader, 'hello'), ['page-99']);
    expect(talk.next(wall)?.draft.replyTo, 'who has left says nothing').not.to.equal('asked');
  });
});
