import { expect } from 'chai';
import { createSignalingSocket } from '../../sdk/adapters/signaling-socket.ts';
import { Core, type CoreEvent, type Effect } from '../../sdk/core/core.ts';
import { MessageCalls } from '../../sdk/runtime/message-calls.ts';
import { type Signaling, startSignaling } from '../../signaling/adapters/server.ts';
import type { Message, MessageDraft, SenderRole } from '../../signaling/protocol/index.ts';
import { profile, sample } from './signaling-client.ts';

const resumeSecret = 'a secret of the tests, long enough for keys';

/** The parts of a session that know messages, over a real socket. */
class Chatter {
  readonly calls = new MessageCalls((event) => this.#dispatch(event));
  readonly heard: { message: Message; isHistory: boolean }[] = [];
  readonly removed: string[] = [];
  readonly statuses: string[] = [];
  #core = new Core({
    ...{ profile, isSite: false, noPeersReason: 'peers_not_allowed', iceServers: null },
    ...{ uploadBytesPerSecondMax: 1e6, memoryBytesMax: 1e8, storageBytesMax: 0, slowdownMax: 0 },
    ...{ integrityMin: 'none', random: () => 0 },
  });
  #socket: ReturnType<typeof createSignalingSocket>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, token: () => Promise<string>, deviceId: string) {
    const dispatch = (event: CoreEvent) => this.#dispatch(event);
    this.#socket = createSignalingSocket(
      { url, room: 'room', deviceId: () => deviceId, token },
      {
        onFrame: (frame) => dispatch({ type: 'frameReceived', frame }),
        onInvalid: ({ message }) => {
          throw new Error(message);
        },
        onClose: () => dispatch({ type: 'signalingClosed' }),
      },
    );
    dispatch({ type: 'started' });
  }

  get texts(): string[] {
    return this.heard.map(({ message, isHistory }) =>
      isHistory ? `(${message.text})` : message.text,
    );
  }

  send(draft: MessageDraft): Promise<Message> {
    return this.calls.send(draft);
  }

  /** Cuts the socket, as a network does: what is on the way back is lost. */
  drop(): void {
    this.#socket.close();
    this.#dispatch({ type: 'signalingClosed' });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.calls.close();
    this.#socket.close();
  }

  #dispatch(event: CoreEvent): void {
    for (const effect of this.#core.handle(event, performance.now())) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (effect.type === 'connectSignaling') this.#socket.connect(effect.resumeKey, effect.profile);
    else if (effect.type === 'disconnectSignaling') this.#socket.close();
    else if (effect.type === 'sendFrame') this.#socket.send(effect.frame);
    else if (effect.type === 'status') this.statuses.push(effect.status);
    else if (effect.type === 'message') this.heard.push(effect);
    else if (effect.type === 'messageRemoved') this.removed.push(effect.id);
    else if (effect.type === 'messageSettled' || effect.type === 'messageFailed')
      this.calls.perform(effect);
    else if (effect.type === 'wakeAt') {
      clearTimeout(this.#timer);
      const delayMs = Math.ceil(Math.max(0, effect.atMs - performance.now()));
      this.#timer = setTimeout(() => this.#dispatch({ type: 'woke' }), delayMs);
    }
  }
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = Date.now() + 8_000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error('not within 8 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('messages of a session, against the real server', () => {
  let server: Signaling;
  const chatters: Chatter[] = [];

  beforeEach(async () => {
    server = await startSignaling({ resumeSecret });
  });

  afterEach(async () => {
    for (const chatter of chatters.splice(0)) chatter.close();
    await server.close();
  });

  async function enter(subject: string, role: SenderRole = 'viewer'): Promise<Chatter> {
    const token = () => server.issueToken({ room: 'room', subject, lifetimeSeconds: 60, role });
    const chatter = new Chatter(server.url, token, subject);
    chatters.push(chatter);
    await until(() => chatter.statuses.at(-1) === 'joined');
    return chatter;
  }

  it('are sent, heard by all in one order, and taken back', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    const mod = await enter('mod', 'moderator');
    // As an app writes it, with what it leaves open.
    const first = await ada.send({ text: 'hello', replyTo: undefined, mentions: ['bob'] });
    expect(first.header).to.deep.include({ from: 'ada', role: 'viewer', mentions: ['bob'] });
    await Promise.all([ada.send({ text: '1' }), bob.send({ text: '2' }), ada.send({ text: '3' })]);
    await until(() => bob.heard.length === 4 && ada.heard.length === 4);
    expect(ada.texts).to.deep.equal(bob.texts);
    expect(ada.heard[0]?.message).to.deep.equal(first);
    expect(await codeOf(bob.calls.remove(first.header.id))).to.equal('message_not_allowed');
    await mod.calls.remove(first.header.id);
    await until(() => bob.removed.length === 1);
    expect(bob.removed).to.deep.equal([first.header.id]);
    const late = await enter('late');
    await until(() => late.heard.length === 3);
    expect(late.texts).to.have.members(['(1)', '(2)', '(3)']);
  });

  it('reject with the code of the server, or before they are sent', async () => {
    const ada = await enter('ada');
    for (const draft of [{}, { text: '' }, { text: 'x'.repeat(1e6) }, null, { text: 'x', to: 7 }])
      expect(await codeOf(ada.send(draft as MessageDraft))).to.equal('message_invalid');
    for (const id of ['', 'x'.repeat(65), 'x'.repeat(100_000), 7, null])
      expect(await codeOf(ada.calls.remove(id as string))).to.equal('message_invalid');
    expect(await sample(server, 'holdfast_refusals_total{code="message_invalid"}')).to.equal(0);
    expect(await codeOf(ada.send({ text: 'x', priority: 'high' }))).to.equal('message_not_allowed');
    expect(await codeOf(ada.calls.remove('a b'))).to.equal('message_invalid');
    const codes = await Promise.all(
      Array.from({ length: 6 }, (_, index) => codeOf(ada.send({ text: `${index}` }))),
    );
    expect(codes).to.deep.equal([...Array(5).fill('ok'), 'message_rate_limited']);
    ada.calls.close();
    expect(await codeOf(ada.send({ text: 'too late' }))).to.equal('messages_unavailable');
  });

  it('are taken once when the connection ends before the answer, and nobody hears one twice', async () => {
    const ada = await enter('ada');
    const bob = await enter('bob');
    await bob.send({ text: 'before' });
    await until(() => ada.heard.length === 1);
    const sending = ada.send({ text: 'in flight' });
    // It is on its way already, and the answer finds nobody.
    ada.drop();
    const missed = bob.send({ text: 'meanwhile' });
    expect((await sending).text).to.equal('in flight');
    const events = (event: string) => `holdfast_message_events_total{event="${event}"}`;
    expect(await sample(server, events('repeated'))).to.equal(1);
    await missed;
    await until(() => ada.heard.length >= 3 && bob.heard.length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const plain = (texts: readonly string[]) => texts.map((text) => text.replace(/[()]/g, ''));
    expect(plain(ada.texts)).to.deep.equal(['before', 'in flight', 'meanwhile']);
    expect(plain(bob.texts)).to.deep.equal(['before', 'in flight', 'meanwhile']);
  });

  it('reject while there is no server, and nothing of them is sent later', async () => {
    const ada = await enter('ada');
    ada.drop();
    expect(await codeOf(ada.send({ text: 'to nobody' }))).to.equal('messages_unavailable');
    await until(() => ada.statuses.at(-1) === 'joined');
    await ada.send({ text: 'back' });
    await until(() => ada.heard.length === 1);
    expect(ada.texts).to.deep.equal(['back']);
  });
});
