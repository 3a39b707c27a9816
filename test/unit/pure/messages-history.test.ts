import { expect } from 'chai';
import type { Message } from '../../../signaling/protocol/index.ts';
import { codeOf, createMessagesWorld, idOf, type MessagesWorld } from './messages-world.ts';

describe('messages: history', () => {
  const says = (world: MessagesWorld, id: string, texts: readonly string[]) => {
    for (const text of texts) {
      expect(codeOf(world.say(id, text))).to.equal('ok');
      world.advance(1_000);
    }
  };

  it('is the last messages, for newcomers, marked as such; reactions are of the moment', () => {
    const world = createMessagesWorld({ messageHistoryMax: 3 });
    world.join('a');
    says(world, 'a', ['1', '2', '3', '4']);
    world.send('a', { kind: 'reaction', replyTo: 'm4', text: '👍' });
    world.advance(1_000);
    world.say('a', 'pending');
    const late = world.join('late');
    expect(world.textsOf('late')).to.deep.equal(['2', '3', '4']);
    expect(late.heard.every(({ isHistory }) => isHistory)).to.equal(true);
    world.advance(100);
    expect(world.textsOf('late')).to.deep.equal(['2', '3', '4', 'pending']);
    expect(late.heard.at(-1)?.isHistory).to.equal(false);
    expect(world.textsOf('a')).to.deep.equal(['1', '2', '3', '4', '👍', 'pending']);
  });

  it('forgets what has ended, at the latest with the next look', () => {
    const world = createMessagesWorld();
    world.join('a');
    says(world, 'a', ['stays']);
    const answer = world.send('a', { text: 'ends', lifetimeMs: 5_000 });
    expect(answer).to.have.nested.property('message.header.expiresAtMs', world.nowMs + 5_000);
    world.advance(4_900);
    world.join('b');
    expect(world.textsOf('b')).to.deep.equal(['stays', 'ends']);
    world.advance(100);
    world.join('c');
    expect(world.textsOf('c')).to.deep.equal(['stays']);
    world.send('a', { text: 'ends too', lifetimeMs: 5_000 });
    world.advance(5_000 + world.limits.messagesSweepMs);
    expect(world.core.stats().kept).to.equal(1);
  });

  it('is bounded in bytes, for each room and for all: the longest quiet forgets first', () => {
    const bounds = { messageHistoryBytesMax: 3_000, messageHistoriesBytesMax: 5_000 };
    const world = createMessagesWorld(bounds);
    const text = 'x'.repeat(800);
    for (const room of ['first', 'second']) {
      world.join(room, { room });
      says(world, room, [text, text, text, text]);
      world.join(`late in ${room}`, { room });
      expect(world.textsOf(`late in ${room}`), room).to.have.length(3);
    }
    expect(world.core.stats().keptBytes).to.be.within(4_000, 5_000);
    world.join('later in first', { room: 'first' });
    expect(world.textsOf('later in first')).to.have.length(2);
  });

  it('of a room that everybody has left is kept for ten minutes', () => {
    const world = createMessagesWorld();
    world.join('a');
    says(world, 'a', ['hello']);
    world.leave('a');
    world.advance(599_000);
    world.join('b');
    expect(world.textsOf('b')).to.deep.equal(['hello']);
    world.leave('b');
    world.advance(599_000);
    expect(world.core.stats()).to.include({ rooms: 1, kept: 1 });
    world.advance(11_000);
    expect(world.core.stats()).to.include({ rooms: 0, kept: 0, keptBytes: 0 });
  });

  it('of empty rooms is kept for so many', () => {
    const world = createMessagesWorld({ roomsMax: 2 });
    for (const room of ['r1', 'r2', 'r3']) {
      world.join('a', { room });
      says(world, 'a', [room]);
      world.leave('a');
    }
    expect(world.core.stats()).to.include({ rooms: 2, kept: 2 });
    world.join('b', { room: 'r1' });
    expect(world.textsOf('b')).to.deep.equal([]);
  });

  it('comes in frames that fit', () => {
    const world = createMessagesWorld();
    for (let index = 0; index < 25; index++) {
      world.join(`v${index}`);
      says(world, `v${index}`, ['漢'.repeat(1_500)]);
    }
    const late = world.join('late');
    expect(late.heard).to.have.length(25);
    expect(late.frames.length).to.be.within(4, 5);
  });
});

describe('messages: removal', () => {
  const people = { host: 'host', other: 'host', mod: 'moderator', judge: 'moderator' } as const;
  function crowd(): MessagesWorld {
    const world = createMessagesWorld();
    for (const [id, role] of Object.entries(people)) world.join(id, { role });
    for (const id of ['ada', 'bob']) world.join(id);
    return world;
  }

  it('is for authors, moderators but of what hosts wrote, and hosts', () => {
    const remover = (author: string) => ({
      host: 'ok',
      mod: author === 'host' ? 'message_not_allowed' : 'ok',
      ada: author === 'ada' ? 'ok' : 'message_not_allowed',
    });
    for (const author of ['host', 'other', 'mod', 'judge', 'ada', 'bob'])
      for (const [who, code] of Object.entries(remover(author === 'other' ? 'host' : author))) {
        const world = crowd();
        const id = idOf(world.say(author, 'hi'));
        world.advance(200);
        const expected = who === author ? 'ok' : code;
        expect(codeOf(world.remove(who, id)), `${who} of ${author}`).to.equal(expected);
        world.advance(200);
        const isGone = expected === 'ok';
        for (const { removed } of world.readers.values())
          expect(removed).to.deep.equal(isGone ? [id] : []);
        world.join('late');
        expect(world.textsOf('late')).to.deep.equal(isGone ? [] : ['hi']);
      }
  });

  it('is of reactions too, as long as somebody may see them', () => {
    const world = crowd();
    const replyTo = idOf(world.say('ada', 'hi'));
    const react = (who: string) => idOf(world.send(who, { kind: 'reaction', replyTo, text: '👎' }));
    const [first, second] = [react('bob'), react('bob')];
    world.advance(200);
    expect(codeOf(world.remove('ada', first))).to.equal('message_not_allowed');
    expect(codeOf(world.remove('bob', first))).to.equal('ok');
    expect(codeOf(world.remove('mod', second))).to.equal('ok');
    world.advance(200);
    expect(world.readers.get('ada')?.removed).to.deep.equal([first, second]);
  });

  it('comes before the message is told to anybody, where it can', () => {
    const world = crowd();
    const id = idOf(world.say('ada', 'oops'));
    expect(codeOf(world.remove('ada', id))).to.equal('ok');
    world.advance(200);
    expect(world.textsOf('bob')).to.deep.equal([]);
    // Whoever sent it may show it already.
    expect(world.readers.get('ada')?.removed).to.deep.equal([id]);
  });

  it('reaches who was away, and not who is new', () => {
    const world = crowd();
    const id = idOf(world.say('ada', 'hi'));
    world.advance(200);
    world.leave('bob');
    world.remove('mod', id);
    world.advance(200);
    const back = world.join('bob', { isReturning: true });
    expect(back.removed).to.deep.equal([id]);
    expect(world.join('new').removed).to.deep.equal([]);
  });

  it('asked for again changes nothing; of unknown ones only the word of a host is taken', () => {
    const world = crowd();
    const id = idOf(world.say('ada', 'hi'));
    world.advance(200);
    for (let count = 0; count < 3; count++) expect(codeOf(world.remove('mod', id))).to.equal('ok');
    expect(codeOf(world.remove('ada', 'gone'))).to.equal('message_unknown');
    expect(codeOf(world.remove('mod', 'gone'))).to.equal('message_unknown');
    expect(codeOf(world.remove('host', 'gone'))).to.equal('ok');
    world.advance(200);
    expect(world.readers.get('bob')?.removed).to.deep.equal([id, 'gone']);
    let refused = 0;
    for (let index = 0; index < 50; index++)
      if (codeOf(world.remove('host', `guess${index}`)) === 'message_rate_limited') refused += 1;
    expect(refused).to.be.within(25, 35);
  });

  it('is remembered for so many', () => {
    const world = createMessagesWorld({ messageRemovalsMax: 2, keeperMessagesBurst: 100 });
    world.join('host', { role: 'host' });
    for (const text of ['1', '2', '3']) {
      const id = idOf(world.say('host', text));
      world.advance(200);
      world.remove('host', id);
    }
    world.advance(200);
    expect(world.join('back', { isReturning: true }).removed).to.deep.equal(['m2', 'm3']);
  });
});

describe('messages: sent again because the answer was lost', () => {
  it('are the same message to everybody, and cost nothing', () => {
    const world = createMessagesWorld();
    world.join('a', { subject: 'ada' });
    const reader = world.join('b');
    const first = world.send('a', { text: 'once', lifetimeMs: 60_000 }, 'ref');
    world.leave('a');
    world.advance(1_000);
    world.join('a again', { subject: 'ada' });
    for (let count = 0; count < 20; count++) {
      const again = world.send('a again', { text: 'once', lifetimeMs: 60_000 }, 'ref');
      expect(again)
        .to.have.property('message')
        .that.deep.equals((first as { message: Message }).message);
    }
    world.advance(1_000);
    expect(reader.heard).to.have.length(1);
    expect(world.counts.get('repeated')).to.equal(20);
    expect(idOf(world.send('b', { text: 'mine' }, 'ref')), 'of somebody else').to.not.equal('m1');
  });

  it('are new ones after a minute, and after a refusal', () => {
    const world = createMessagesWorld();
    world.join('a');
    const first = idOf(world.send('a', { text: 'hi' }, 'ref'));
    for (let count = 0; count < 4; count++) world.say('a', 'more');
    expect(codeOf(world.send('a', { text: 'late' }, 'late'))).to.equal('message_rate_limited');
    world.advance(1_000);
    expect(codeOf(world.send('a', { text: 'late' }, 'late'))).to.equal('ok');
    world.advance(60_000);
    expect(idOf(world.send('a', { text: 'hi' }, 'ref'))).to.not.equal(first);
  });

  it('are known for so many', () => {
    const world = createMessagesWorld({ messageRepeatsMax: 3, messageSendersMax: 3 });
    for (let index = 0; index < 10; index++) {
      world.join(`v${index}`);
      world.say(`v${index}`, 'hi');
    }
    expect(world.core.stats()).to.include({ repeats: 3, senders: 3 });
  });
});
