import { expect } from 'chai';
import type { MessageDraft, MessageRefusedFrame } from '../../../signaling/protocol/index.ts';
import { codeOf, createMessagesWorld, idOf } from './messages-world.ts';

const retryOf = (answer: unknown) => (answer as MessageRefusedFrame).retryAfterMs ?? 0;

describe('messages: who may send what', () => {
  it('gives a message the sender, role and name of the token, whatever the frame says', () => {
    const world = createMessagesWorld();
    world.join('a', { subject: 'ada', name: 'Ada' });
    const forged = {
      ...{ text: 'hello', from: 'eve', role: 'host', name: 'Eve', id: 'mine', room: 'other' },
      ...{ sentAtMs: 1, expiresAtMs: 2, header: { from: 'eve' } },
    };
    const answer = world.send('a', forged as MessageDraft);
    expect(answer)
      .to.have.property('message')
      .that.deep.equals({
        header: {
          ...{ id: idOf(answer), room: 'room', from: 'ada', role: 'viewer', kind: 'chat' },
          ...{ to: undefined, mentions: undefined, replyTo: undefined, thread: undefined },
          textLength: 5,
          ...{ sentAtMs: world.nowMs, priority: 'normal', expiresAtMs: undefined },
        },
        name: 'Ada',
        text: 'hello',
      });
    expect(idOf(answer)).to.not.equal('mine');
  });

  it('leaves announcements and high priority to hosts and moderators', () => {
    const world = createMessagesWorld();
    for (const role of ['viewer', 'moderator', 'host'] as const) {
      world.join(role, { role });
      const expected = role === 'viewer' ? 'message_not_allowed' : 'ok';
      const announcement = world.send(role, { text: 'doors open', kind: 'announcement' });
      expect(codeOf(announcement), role).to.equal(expected);
      const urgent = world.send(role, { text: 'fire', priority: 'high' });
      expect(codeOf(urgent), role).to.equal(expected);
    }
  });

  it('takes as reaction one character, as readers see it, or the name of an emoji', () => {
    const world = createMessagesWorld();
    world.join('host', { role: 'host' });
    const replyTo = idOf(world.say('host', 'goal'));
    for (const text of ['👍', '👨‍👩‍👧‍👦', '🇪🇺', '❤️', ':tada:', ':+1:', 'e\u0301'])
      expect(codeOf(world.send('host', { kind: 'reaction', replyTo, text })), text).to.equal('ok');
    world.advance(4_000);
    for (const text of [
      '👍👍',
      'so good',
      'bad',
      '+1',
      'a'.repeat(17),
      `:${'a'.repeat(15)}:`,
      '👍 ',
    ])
      expect(codeOf(world.send('host', { kind: 'reaction', replyTo, text })), text).to.equal(
        'message_invalid',
      );
    expect(codeOf(world.send('host', { kind: 'reaction', text: '👍' }))).to.equal(
      'message_invalid',
    );
  });

  it('bounds a message as a whole', () => {
    const world = createMessagesWorld();
    world.join('a');
    const mentions = Array.from({ length: 16 }, (_, index) => `${index}${'é'.repeat(126)}`);
    expect(codeOf(world.send('a', { text: '漢'.repeat(2_000) }))).to.equal('ok');
    const large = world.send('a', { text: '漢'.repeat(2_000), mentions });
    expect(codeOf(large)).to.equal('message_too_large');
  });

  it('changes nothing by a refusal', () => {
    const world = createMessagesWorld();
    const other = world.join('b');
    world.join('a');
    const before = world.core.stats();
    for (let count = 0; count < 10; count++)
      world.send('a', { text: 'fake', kind: 'announcement' });
    expect(world.core.stats()).to.deep.equal(before);
    for (let count = 0; count < 5; count++)
      expect(codeOf(world.say('a', `${count}`))).to.equal('ok');
    world.advance(200);
    expect(other.heard).to.have.length(5);
  });
});

describe('messages: rates', () => {
  it('let a person send a burst, then one a second, and say when the next may come', () => {
    const world = createMessagesWorld();
    world.join('a', { subject: 'ada' });
    world.join('tablet', { subject: 'ada' });
    for (let count = 0; count < 5; count++) expect(codeOf(world.say('a', 'hi'))).to.equal('ok');
    const refused = world.say('tablet', 'from my other device');
    expect(codeOf(refused)).to.equal('message_rate_limited');
    expect(retryOf(refused)).to.be.within(1, 1_000);
    world.advance(retryOf(refused));
    expect(codeOf(world.say('a', 'hi'))).to.equal('ok');
    expect(codeOf(world.say('a', 'hi'))).to.equal('message_rate_limited');
    world.leave('a');
    world.join('a again', { subject: 'ada' });
    expect(codeOf(world.say('a again', 'back'))).to.equal('message_rate_limited');
  });

  it('let those who keep order send more', () => {
    const world = createMessagesWorld();
    world.join('host', { role: 'host' });
    for (let count = 0; count < 20; count++) expect(codeOf(world.say('host', 'hi'))).to.equal('ok');
    expect(codeOf(world.say('host', 'hi'))).to.equal('message_rate_limited');
    world.advance(200);
    expect(codeOf(world.say('host', 'hi'))).to.equal('ok');
  });

  it('bound what a room is sent by its size, and leave a part to those who keep order', () => {
    const world = createMessagesWorld({ messagesFanOutBytesPerSecond: 200_000 });
    for (let index = 0; index < 200; index++) world.join(`v${index}`);
    world.join('host', { role: 'host' });
    // 1,000 bytes a second for each of 201 viewers.
    let accepted = 0;
    for (let index = 0; index < 200; index++)
      if (codeOf(world.say(`v${index}`, 'me')) === 'ok') accepted += 1;
    expect(accepted).to.be.within(1, 2);
    expect(codeOf(world.say('host', 'calm down, please'))).to.equal('ok');
    world.advance(200);
    for (let second = 0; second < 60; second++) {
      for (let index = 0; index < 200; index++) world.say(`v${index}`, 'me');
      world.advance(1_000);
    }
    expect(world.fanOutBytes).to.be.below(61 * 200_000 * 1.2);
    // Short messages count for more than they are.
    expect(world.fanOutBytes).to.be.above(61 * 200_000 * 0.1);
  });

  it('of one room leave another alone', () => {
    const world = createMessagesWorld({ messagesFanOutBytesPerSecond: 2_000_000 });
    for (let index = 0; index < 100; index++) world.join(`v${index}`, { room: 'loud' });
    world.join('a', { room: 'calm' });
    for (let index = 0; index < 100; index++) world.say(`v${index}`, 'x'.repeat(1_000));
    expect(codeOf(world.say('v99', 'more'))).to.equal('message_rate_limited');
    expect(codeOf(world.say('a', 'hello'))).to.equal('ok');
  });
});

describe('messages: telling', () => {
  it('collects what a room is sent in a tenth of a second into one frame for all', () => {
    const world = createMessagesWorld();
    const readers = ['a', 'b', 'c'].map((id) => world.join(id));
    for (const text of ['1', '2', '3']) for (const id of ['a', 'b', 'c']) world.say(id, id + text);
    world.advance(100);
    const expected = ['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3'];
    for (const reader of readers) {
      expect(reader.frames.filter(({ type }) => type === 'messages')).to.have.length(1);
      expect(world.textsOf(reader.connectionId)).to.deep.equal(expected);
    }
    expect(
      new Set(readers.flatMap(({ heard }) => heard.map(({ message }) => message.header.id))),
    ).to.have.property('size', 9);
  });

  it('skips no turn because a timer was late', () => {
    let timers = 0;
    const world = createMessagesWorld({}, () => [1.4, 0.2, 0.9, 0.1][timers++ % 4] ?? 0);
    world.join('host', { role: 'host' });
    for (let turn = 0; turn < 20; turn++) {
      world.say('host', `${turn}`);
      world.advance(100);
    }
    world.advance(100);
    const heard = world.readers.get('host')?.heard ?? [];
    expect(heard).to.have.length(20);
    for (const { message, atMs } of heard)
      expect(atMs - message.header.sentAtMs).to.be.at.most(102);
  });

  it('writes to no more sockets a second than it may, and to small rooms that are alone at once', () => {
    const overrides = { messagesSocketsPerSecondMax: 1_000, messagesFanOutBytesPerSecond: 1e9 };
    const world = createMessagesWorld(overrides);
    for (let index = 0; index < 2_000; index++) world.join(`v${index}`);
    const reader = world.readers.get('v0');
    for (let turn = 0; turn < 100; turn++) {
      world.say(`v${turn}`, `${turn}`);
      world.advance(100);
    }
    const times = new Set(reader?.heard.map(({ atMs }) => atMs));
    expect(times.size).to.be.within(4, 6);
    expect(reader?.heard).to.have.length.within(75, 100);
    world.join('a', { room: 'small' });
    world.advance(10_000);
    world.say('a', 'hi');
    world.advance(100);
    expect(world.textsOf('a')).to.deep.equal(['hi']);
  });

  it('asks for no wake-up when nothing is left to do', () => {
    const world = createMessagesWorld();
    world.join('a');
    world.send('a', { text: 'soon gone', lifetimeMs: 5_000 });
    world.advance(1_200_000);
    expect(world.wakeAtMs).to.equal(null);
    expect(world.core.stats()).to.include({ rooms: 1, kept: 0, senders: 0, repeats: 0 });
  });
});
