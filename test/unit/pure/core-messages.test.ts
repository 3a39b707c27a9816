import { expect } from 'chai';
import {
  limits,
  type Message,
  type MessageFrame,
  type MessageKind,
} from '../../../signaling/protocol/index.ts';
import { CoreViewer, self } from './core-viewer.ts';

function joined(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: self }]);
  viewer.effects = [];
  return viewer;
}

function ask(viewer: CoreViewer, reference: string): void {
  viewer.tell({ type: 'messageAsked', frame: { type: 'message', reference, text: 'hello' } });
}

function sent(viewer: CoreViewer): string[] {
  return viewer.take('sendFrame').flatMap(({ frame }) => (frame as MessageFrame).reference ?? []);
}

function failed(viewer: CoreViewer): string[] {
  return viewer.take('messageFailed').map(({ reference, code }) => `${reference} ${code}`);
}

function message(id: string, kind: MessageKind = 'chat'): Message {
  const header = { id, room: 'r', from: 'u', role: 'viewer', kind, sentAtMs: 1 } as const;
  return { header: { ...header, priority: 'normal' }, text: id };
}

function hears(viewer: CoreViewer, messages: Message[], isHistory = false): string[] {
  viewer.tell({ type: 'frameReceived', frame: { type: 'messages', messages, isHistory } });
  return viewer.take('message').map((told) => `${told.message.text} ${told.isHistory}`);
}

function answer(viewer: CoreViewer, reference: string): void {
  const frame = { type: 'messageAccepted', reference, message: message('m') } as const;
  viewer.tell({ type: 'frameReceived', frame });
}

/** The connection ends and is there again. */
function reconnect(viewer: CoreViewer, resumed: boolean): void {
  viewer.tell({ type: 'signalingClosed' });
  viewer.wait(1_000);
  viewer.join([{ viewerId: self }], resumed);
}

describe('core: messages that this viewer sends', () => {
  it('end with the answer of the server', () => {
    const viewer = joined();
    ask(viewer, 'a');
    ask(viewer, 'b');
    expect(sent(viewer)).to.deep.equal(['a', 'b']);
    const refusal = {
      type: 'messageRefused',
      reference: 'b',
      code: 'message_rate_limited',
    } as const;
    viewer.tell({ type: 'frameReceived', frame: { ...refusal, retryAfterMs: 700 } });
    answer(viewer, 'a');
    answer(viewer, 'a');
    answer(viewer, 'unknown');
    expect(viewer.take('messageSettled')).to.deep.equal([
      { type: 'messageSettled', reference: 'a', message: message('m') },
    ]);
    expect(viewer.take('messageFailed')).to.deep.equal([
      { ...refusal, type: 'messageFailed', retryAfterMs: 700 },
    ]);
    viewer.wait(60_000);
    expect(failed(viewer)).to.deep.equal([]);
  });

  it('fail at once while the room is not joined, and are not sent later', () => {
    const viewer = new CoreViewer();
    ask(viewer, 'early');
    expect(failed(viewer)).to.deep.equal(['early messages_unavailable']);
    viewer.join([{ viewerId: self }]);
    viewer.tell({ type: 'signalingClosed' });
    ask(viewer, 'between');
    expect(failed(viewer)).to.deep.equal(['between messages_unavailable']);
    viewer.join([{ viewerId: self }], true);
    expect(sent(viewer)).to.deep.equal([]);
  });

  it('are sent once more when the connection ends before the answer, and no more', () => {
    const viewer = joined();
    ask(viewer, 'a');
    reconnect(viewer, true);
    expect(sent(viewer)).to.deep.equal(['a', 'a']);
    reconnect(viewer, true);
    expect(sent(viewer)).to.deep.equal([]);
    expect(failed(viewer)).to.deep.equal(['a messages_unavailable']);
  });

  it('are not sent again to a server that has forgotten what it has', () => {
    const viewer = joined();
    ask(viewer, 'a');
    reconnect(viewer, false);
    expect(sent(viewer)).to.deep.equal(['a']);
    expect(failed(viewer)).to.deep.equal(['a messages_unavailable']);
  });

  it('fail when nothing comes of them for 15 s', () => {
    const viewer = joined();
    ask(viewer, 'a');
    for (let second = 0; second < 14; second++) {
      viewer.wait(1_000);
      viewer.tell({ type: 'frameReceived', frame: { type: 'heartbeat' } });
    }
    expect(failed(viewer)).to.deep.equal([]);
    viewer.wait(1_100);
    expect(failed(viewer)).to.deep.equal(['a messages_unavailable']);
    answer(viewer, 'a');
    expect(viewer.take('messageSettled')).to.deep.equal([]);
  });

  it('fail when the room is left, or closed to this viewer', () => {
    const frozen = joined();
    ask(frozen, 'a');
    frozen.tell({ type: 'away', reason: 'page_frozen' });
    expect(failed(frozen)).to.deep.equal(['a messages_unavailable']);
    const removed = joined();
    ask(removed, 'b');
    const error = { type: 'error', code: 'removed', message: '', fatal: true } as const;
    removed.tell({ type: 'frameReceived', frame: error });
    expect(failed(removed)).to.deep.equal(['b messages_unavailable']);
  });

  it('are so many at once', () => {
    const viewer = joined();
    for (let index = 0; index <= limits.messagesInFlightMax; index++) ask(viewer, `r${index}`);
    expect(failed(viewer)).to.deep.equal(['r20 message_rate_limited']);
    expect(sent(viewer)).to.have.length(20);
    answer(viewer, 'r0');
    ask(viewer, 'more');
    expect(failed(viewer)).to.deep.equal([]);
  });
});

describe('core: messages of the room', () => {
  it('are told once each, also after a reconnect, with what was missed', () => {
    const viewer = joined();
    expect(hears(viewer, [message('1'), message('2')], true)).to.deep.equal(['1 true', '2 true']);
    expect(hears(viewer, [message('3'), message('x', 'reaction')])).to.deep.equal([
      ...['3 false', 'x false'],
    ]);
    reconnect(viewer, true);
    const history = ['2', '3', '4'].map((id) => message(id));
    expect(hears(viewer, history, true)).to.deep.equal(['4 true']);
    expect(hears(viewer, [message('5')])).to.deep.equal(['5 false']);
  });

  it('are known again however many reactions come in between', () => {
    const viewer = joined();
    const history = Array.from({ length: limits.messageHistoryMax }, (_, id) => message(`${id}`));
    hears(viewer, history);
    for (let index = 0; index < 1_000; index++) hears(viewer, [message(`r${index}`, 'reaction')]);
    expect(hears(viewer, history, true)).to.deep.equal([]);
    for (let index = 0; index < limits.messagesKnownMax; index++)
      hears(viewer, [message(`m${index}`)]);
    expect(hears(viewer, history, true), 'forgotten in the end').to.have.length(history.length);
  });

  it('are told as removed once', () => {
    const viewer = joined();
    for (let count = 0; count < 2; count++)
      viewer.tell({ type: 'frameReceived', frame: { type: 'messagesRemoved', ids: ['1', '2'] } });
    expect(viewer.take('messageRemoved').map(({ id }) => id)).to.deep.equal(['1', '2']);
  });
});
