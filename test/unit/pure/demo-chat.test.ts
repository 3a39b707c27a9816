import { expect } from 'chai';
import { entriesMax, Inbox } from '../../../demo/page/chat/inbox.ts';
import { answersWithinMs, logEventsOf } from '../../../demo/page/chat/log-events.ts';
import {
  completionsOf,
  mentionBefore,
  mentionsIn,
  type Person,
  peopleOf,
  piecesOf,
  readerOf,
  vacantRole,
} from '../../../demo/page/chat/people.ts';
import type { Message, MessageHeader } from '../../../sdk/index.ts';

const people: Person[] = [1, 2, 12].map((number) => ({
  ...{ subject: `page-${number}`, name: `Viewer ${number}`, role: 'viewer' },
}));

function header(id: string, facts: Partial<MessageHeader> = {}): MessageHeader {
  const from = 'page-1';
  return {
    ...{ id, room: 'harbour', from, role: 'viewer', kind: 'chat', sentAtMs: 1_000_000 },
    ...{ priority: 'normal', ...facts },
  };
}

function message(id: string, facts: Partial<MessageHeader> = {}, text = 'hello'): Message {
  return { header: header(id, facts), text };
}

describe('people of the demo’s chat', () => {
  it('are given the offices that are vacant', () => {
    expect(vacantRole([])).to.equal('host');
    expect(vacantRole(['host'])).to.equal('moderator');
    expect(vacantRole(['viewer', 'moderator'])).to.equal('host');
    expect(vacantRole(['host', 'moderator'])).to.equal('viewer');
  });

  it('are named after an @, by the longest name that fits', () => {
    expect(mentionsIn('@Viewer 12 and @viewer 2, @Viewer 2', people)).to.deep.equal([
      'page-12',
      'page-2',
    ]);
    expect(mentionsIn('@Viewer 123 @Viewerx Viewer 1 a@b', people)).to.deep.equal([]);
    expect(mentionsIn('@Viewer 1: yes', people)).to.deep.equal(['page-1']);
  });

  it('are found in a text, of which nothing is lost', () => {
    const text = 'so @Viewer 1@Viewer 2, or @nobody?';
    const pieces = piecesOf(text, people);
    expect(pieces.map((piece) => piece.text).join('')).to.equal(text);
    expect(pieces.map(({ who }) => who?.name ?? '')).to.deep.equal([
      ...['', 'Viewer 1', 'Viewer 2', ''],
    ]);
  });

  it('are offered while their name is typed', () => {
    expect(mentionBefore('hi @vie', 7)).to.deep.equal({ from: 3, typed: 'vie' });
    expect(mentionBefore('hi @vie there', 7)).to.deep.equal({ from: 3, typed: 'vie' });
    expect(mentionBefore('mail a@b', 8)).to.equal(null);
    expect(mentionBefore('hi', 2)).to.equal(null);
    const names = (typed: string) => completionsOf(typed, people).map(({ name }) => name);
    expect(names('viewer 1')).to.deep.equal(['Viewer 1', 'Viewer 12']);
    expect(names('')).to.have.length(3);
    expect(names('Viewer 1 says')).to.deep.equal([]);
    expect(names('Viewer 2'), 'it is written out').to.deep.equal([]);
  });

  it('of other pages are told from those of this one, and those who left cannot be named', () => {
    const heard = [
      { subject: 'other-1', name: 'Viewer 1', role: 'host', isHere: false },
      { subject: 'page-9', name: 'Viewer 9', role: 'viewer', isHere: true },
    ] as const;
    const all = peopleOf(people, heard);
    expect(all.map(({ name }) => name).slice(3)).to.deep.equal(['Viewer 1 elsewhere']);
    expect(mentionsIn('@Viewer 1 elsewhere', all)).to.deep.equal(['other-1']);
  });

  it('give the user an ordinary viewer, or whoever it was before', () => {
    const seats = (['host', 'moderator', 'viewer', 'viewer'] as const).map((role, index) => ({
      person: { subject: `page-${index + 1}`, name: '', role },
    }));
    const subject = (count: number, before: string | null, awaited: number) =>
      readerOf(seats.slice(0, count), before, awaited)?.person.subject ?? null;
    expect(subject(2, null, 3)).to.equal(null);
    expect(subject(3, null, 3)).to.equal('page-3');
    expect(subject(1, 'page-1', 3)).to.equal('page-1');
    expect(subject(1, null, 1)).to.equal('page-1');
    expect(subject(0, null, 0)).to.equal(null);
  });
});

describe('the inbox of the demo’s chat', () => {
  it('keeps each message once, and the last ones only', () => {
    const inbox = new Inbox();
    for (let index = 0; index < entriesMax; index += 1) inbox.add(message(`m${index}`), true);
    expect(inbox.add(message('m0'), false)).to.equal(null);
    const change = inbox.add(message('last'), false);
    expect(change).to.deep.include({ type: 'added', dropped: ['m0'] });
    expect(inbox.entries).to.have.length(entriesMax);
    expect(inbox.find('m0')).to.equal(undefined);
    expect(inbox.entries.at(-1)).to.deep.include({ isHistory: false });
  });

  it('puts reactions where they belong, one of each kind from everybody', () => {
    const inbox = new Inbox();
    inbox.add(message('a'), false);
    const react = (text: string, from: string, replyTo: string) =>
      inbox.add(message(`${text}${from}`, { kind: 'reaction', from, replyTo }, text), false)?.type;
    expect(react('♥', 'page-2', 'a')).to.equal('reacted');
    expect(react('♥', 'page-12', 'a')).to.equal('reacted');
    expect(react('♥', 'page-2', 'a')).to.equal(undefined);
    expect(react('♥', 'page-2', 'unknown')).to.equal(undefined);
    for (let index = 0; index < 20; index += 1) react(`${index}`, 'page-2', 'a');
    const reactions = inbox.find('a')?.reactions;
    expect(reactions?.get('♥')?.size).to.equal(2);
    expect(reactions?.size, 'kinds of reactions').to.equal(8);
    expect(inbox.entries).to.have.length(1);
  });

  it('forgets what is taken back', () => {
    const inbox = new Inbox();
    inbox.add(message('a'), false);
    expect(inbox.remove('a')).to.deep.equal({ type: 'removed', id: 'a' });
    expect(inbox.remove('a')).to.equal(null);
    expect(inbox.entries).to.deep.equal([]);
  });
});

describe('what the log is told of the demo’s chat', () => {
  const me = 'page-2';
  const told = (last: MessageHeader, ...others: MessageHeader[]) => {
    const inbox = new Inbox();
    for (const each of others) inbox.add({ header: each, text: '' }, true);
    const heard = {
      find: (id: string) => inbox.find(id)?.message.header,
      lastOf: (from: string, untilMs: number) => inbox.lastOf(from, untilMs),
    };
    return logEventsOf(last, me, heard).map(({ type, header: { id } }) => `${type} ${id}`);
  };

  it('is that others’ messages were seen and own ones sent', () => {
    expect(told(header('a'))).to.deep.equal(['seen a']);
    expect(told(header('b', { from: me }))).to.deep.equal(['sent b']);
  });

  it('is that what one answers was replied to, by pointing at it or by naming its sender', () => {
    const [a, b, own] = [header('a'), header('b'), header('own', { from: me })];
    const reply = (facts: Partial<MessageHeader>) => header('r', { from: me, ...facts });
    expect(told(reply({ replyTo: 'a' }), a, b)).to.deep.equal(['sent r', 'replied a']);
    expect(told(reply({ mentions: ['page-1'] }), a, b)).to.deep.equal(['sent r', 'replied b']);
    const both = reply({ mentions: ['page-1'], replyTo: 'b' });
    expect(told(both, a, b), 'once').to.deep.equal(['sent r', 'replied b']);
    expect(told(reply({ replyTo: 'own' }), own), 'not to oneself').to.deep.equal(['sent r']);
    expect(told(reply({ replyTo: 'gone' }))).to.deep.equal(['sent r']);
    const late = reply({ mentions: ['page-1'], sentAtMs: b.sentAtMs + answersWithinMs + 1 });
    expect(told(late, b), 'too late to be an answer').to.deep.equal(['sent r']);
  });

  it('is not that an own message answers what was written after it, where all is told at once', () => {
    const [a, own, later] = [1, 2, 3].map((minute) =>
      header(`${minute}`, { sentAtMs: minute * 60_000, from: minute === 2 ? me : 'page-1' }),
    ) as [MessageHeader, MessageHeader, MessageHeader];
    const naming = { ...own, mentions: ['page-1'] };
    expect(told(naming, a, naming, later)).to.deep.equal(['sent 2', 'replied 1']);
    expect(told(naming, naming, later)).to.deep.equal(['sent 2']);
  });

  it('is what this user reacted to, and nothing of the reactions of others', () => {
    const reaction = (from: string) => header('r', { from, kind: 'reaction', replyTo: 'a' });
    expect(told(reaction(me), header('a'))).to.deep.equal(['reacted a']);
    expect(told(reaction('page-12'), header('a'))).to.deep.equal([]);
    expect(told(reaction(me))).to.deep.equal([]);
  });
});
