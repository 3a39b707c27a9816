import { expect } from 'chai';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import type { MessageDraft, SenderRole } from '../../signaling/protocol/index.ts';
import { connect, join, report, sample, type TestClient } from './signaling-client.ts';

const key = 'a secret of the tests, long enough for HS256';

interface Person {
  role?: SenderRole;
  name?: string;
  resumeKey?: string;
}

describe('signaling: messages of a room', () => {
  const servers: Signaling[] = [];
  async function start(options: SignalingOptions = {}): Promise<Signaling> {
    const server = await startSignaling({ key, ...options });
    servers.push(server);
    return server;
  }
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function enter(server: Signaling, subject: string, { role, name, resumeKey }: Person = {}) {
    const claims = { room: 'room', subject, lifetimeSeconds: 60, role, name };
    const token = await server.issueToken(claims);
    return join(server, { subject, token, ...(resumeKey === undefined ? {} : { resumeKey }) });
  }

  let references = 0;
  async function say(client: TestClient, draft: MessageDraft, reference = `r${++references}`) {
    client.send({ type: 'message', reference, ...draft });
    const { message } = await client.next('messageAccepted');
    if (!message) throw new Error('no message');
    return message;
  }

  /** Until so many have come. */
  async function hear(client: TestClient, count: number) {
    const heard = [];
    while (heard.length < count) {
      const { messages, isHistory } = await client.next('messages');
      heard.push(...messages.map(({ text }) => (isHistory ? `(${text})` : text)));
    }
    return heard;
  }

  it('reach everybody, with who sent them by the token, whatever the frame says', async () => {
    const server = await start();
    const host = await enter(server, 'u-1', { role: 'host', name: 'Ada' });
    expect(host.welcome.sender).to.deep.equal({ from: 'u-1', role: 'host', name: 'Ada' });
    const viewer = await enter(server, 'u-2');
    expect(viewer.welcome.sender).to.deep.equal({ from: 'u-2', role: 'viewer' });
    const sent = await say(host, { text: 'welcome', kind: 'announcement', to: 'u-2' });
    expect((await viewer.next('messages')).messages).to.deep.equal([sent]);
    expect(sent).to.deep.include({ name: 'Ada', text: 'welcome' });
    const forged = { from: 'u-1', role: 'host', name: 'Ada', id: 'mine', sentAtMs: 1, room: 'x' };
    const answer = await say(viewer, { text: 'hello', ...forged } as MessageDraft);
    expect(answer).to.not.have.property('name');
    expect(answer.header).to.include({ from: 'u-2', role: 'viewer', room: 'room', kind: 'chat' });
    expect(answer.header.id).to.not.equal('mine');
    expect(answer.header.sentAtMs).to.be.closeTo(Date.now(), 5_000);
    host.send({ type: 'message', reference: 'h', text: 'x', header: { from: 'u-2' } });
    expect((await host.next('messageAccepted')).message?.header.from).to.equal('u-1');
  });

  it('go out together, once for all viewers', async () => {
    const server = await start();
    const crowd = await Promise.all(['a', 'b', 'c', 'd'].map((id) => enter(server, id)));
    await Promise.all(
      crowd.flatMap((client, index) =>
        ['1', '2', '3'].map((text) => say(client, { text: `${index}${text}` })),
      ),
    );
    const heard = await Promise.all(crowd.map((client) => hear(client, 12)));
    for (const texts of heard) expect(texts).to.deep.equal(heard[0]);
    const frames = await sample(server, 'holdfast_frames_sent_total{type="messages"}');
    expect(frames, 'not one for each message').to.be.at.most(4 * 4);
    expect(await sample(server, 'holdfast_message_events_total{event="accepted"}')).to.equal(12);
  });

  it('are refused by name, and the connection stays', async () => {
    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    const client = await enter(server, 'secret-subject');
    const refusal = async (frame: object) => {
      client.send({ type: 'message', reference: 'ref', text: 'secret text', ...frame });
      return client.next('messageRefused');
    };
    const invalid = { type: 'messageRefused', reference: 'ref', code: 'message_invalid' };
    for (const frame of [
      ...[{ text: '' }, { text: ' \n' }, { text: 'x'.repeat(2_001) }, { text: 'bell \u0007' }],
      ...[{ text: 7 }, { text: 'half \ud800' }, { kind: 'system' }, { priority: 'urgent' }],
      ...[{ to: '' }, { mentions: Array(17).fill('u') }, { lifetimeMs: 1 }, { lifetimeMs: 1e9 }],
      ...[{ kind: 'reaction' }, { kind: 'reaction', replyTo: 'm', text: 'not one' }],
    ])
      expect(await refusal(frame), JSON.stringify(frame)).to.deep.equal(invalid);
    const announcement = await refusal({ kind: 'announcement' });
    expect(announcement.code).to.equal('message_not_allowed');
    expect((await refusal({ priority: 'high' })).code).to.equal('message_not_allowed');
    const mentions = Array(16).fill('é'.repeat(128));
    const large = await refusal({ text: '漢'.repeat(2_000), mentions });
    expect(large.code).to.equal('message_too_large');
    for (const text of ['1', '2', '3', '4', '5']) await say(client, { text });
    const early = await refusal({});
    expect(early.code).to.equal('message_rate_limited');
    expect(early.retryAfterMs).to.be.within(1, 1_000);
    client.send({ type: 'removeMessage', reference: 'gone', id: 'gone' });
    expect((await client.next('messageRefused')).code).to.equal('message_unknown');
    client.send(report);
    await client.next('heartbeat');
    const refused = (code: string) => sample(server, `holdfast_refusals_total{code="${code}"}`);
    expect(await refused('message_invalid')).to.equal(14);
    expect(await refused('message_not_allowed')).to.equal(2);
    const log = lines.join('\n');
    expect(log).to.include('message_refused');
    expect(log).to.not.include('secret');
  });

  it('are taken from nobody who has not joined', async () => {
    const server = await start();
    for (const text of ['hello', '']) {
      const client = await connect(server.url);
      client.send({ type: 'message', reference: 'r', text });
      expect(await client.next('error')).to.include({ fatal: true });
    }
  });

  it('are told newcomers, but not what was removed, and who comes back is told of that', async () => {
    const server = await start();
    const ada = await enter(server, 'ada');
    const mod = await enter(server, 'mod', { role: 'moderator' });
    const bob = await enter(server, 'bob');
    await say(ada, { text: 'first' });
    const bad = await say(ada, { text: 'bad' });
    await say(ada, { text: 'brief', lifetimeMs: 86_400_000 });
    expect(await hear(bob, 3)).to.deep.equal(['first', 'bad', 'brief']);
    bob.close();
    await bob.closed;
    mod.send({ type: 'removeMessage', reference: 'x', id: bad.header.id });
    expect(await mod.next('messageAccepted')).to.deep.equal({
      type: 'messageAccepted',
      reference: 'x',
    });
    expect((await ada.next('messagesRemoved')).ids).to.deep.equal([bad.header.id]);
    const back = await enter(server, 'bob', { resumeKey: bob.welcome.resumeKey });
    expect(back.welcome.resumed).to.equal(true);
    expect(await hear(back, 2)).to.deep.equal(['(first)', '(brief)']);
    expect((await back.next('messagesRemoved')).ids).to.deep.equal([bad.header.id]);
    back.send({
      type: 'removeMessage',
      reference: 'y',
      id: (await say(ada, { text: 'x' })).header.id,
    });
    expect((await back.next('messageRefused')).code).to.equal('message_not_allowed');
  });

  it('sent again after a reconnect are one', async () => {
    const server = await start();
    const ada = await enter(server, 'ada');
    const bob = await enter(server, 'bob');
    const first = await say(ada, { text: 'once' }, 'ref');
    ada.close();
    await ada.closed;
    const back = await enter(server, 'ada', { resumeKey: ada.welcome.resumeKey });
    expect(await say(back, { text: 'once' }, 'ref')).to.deep.equal(first);
    await say(back, { text: 'next' });
    expect(await hear(bob, 2)).to.deep.equal(['once', 'next']);
  });

  it('cut who does not read them, and reach the others', async () => {
    const limits = { framesBurstMax: 1e5, messagesBytesPerSecond: 1e9, keeperMessagesBurst: 1e4 };
    const server = await start({ limits: { ...limits, socketBufferBytesMax: 200_000 } });
    const deaf = await enter(server, 'deaf');
    const reader = await enter(server, 'reader');
    const host = await enter(server, 'host', { role: 'host' });
    deaf.socket.pause();
    const text = 'x'.repeat(2_000);
    for (let turn = 0; turn < 40; turn++) {
      await Promise.all(Array.from({ length: 100 }, () => say(host, { text })));
      await hear(reader, 100);
      if ((await sample(server, 'holdfast_slow_readers_total')) > 0) break;
    }
    expect(await sample(server, 'holdfast_slow_readers_total')).to.equal(1);
    expect(await sample(server, 'holdfast_viewers_connected')).to.equal(2);
    deaf.close();
  });

  it('need a role that there is, and a name on one line', async () => {
    const server = await start();
    const request = { room: 'room', subject: 'u', lifetimeSeconds: 60 };
    for (const claims of [{ role: 'admin' as SenderRole }, { name: '' }, { name: 'a\nb' }])
      expect(
        await server.issueToken({ ...request, ...claims }).then(
          () => 'issued',
          ({ code }) => code,
        ),
      ).to.equal('config_invalid');
  });
});
