import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { createOutbox } from '../../signaling/adapters/outbox.ts';

function world(sliceMax: number, sendText: (text: string) => void = () => {}) {
  const sent: string[] = [];
  const failures: unknown[] = [];
  const connections = new Map(
    ['a', 'b', 'c', 'd', 'e'].map((connectionId) => {
      const send = (_: string, text: string) => {
        sent.push(`${connectionId}${text}`);
        sendText(text);
      };
      return [connectionId, { sendText: send }];
    }),
  );
  const failed = (error: unknown) => failures.push(error);
  const outbox = createOutbox({ connections, sliceMax, failed });
  return { sent, failures, connections, outbox, ids: [...connections.keys()] };
}

describe('signaling: frames to many on their way', () => {
  it('go out in slices, in order, and others have their turn in between', async () => {
    const { sent, outbox, ids, connections } = world(3);
    outbox.add('edges', '1', ids);
    outbox.send();
    expect(sent).to.deep.equal(['a1', 'b1', 'c1']);
    outbox.add('edges', '2', ids);
    outbox.send();
    expect(sent, 'no more in this turn').to.have.length(3);
    connections.delete('d');
    for (let index = 0; index < 6; index++) await turn();
    expect(sent).to.deep.equal(['a1', 'b1', 'c1', 'e1', 'a2', 'b2', 'c2', 'e2']);
  });

  it('wait until those before them are sent, also when sending one brings them about', () => {
    const { sent, outbox, ids } = world(100, (text) => {
      if (text !== '1') return;
      outbox.add('edges', '2', ['a']);
      outbox.send();
    });
    outbox.add('edges', '1', ['a', 'b']);
    outbox.send();
    expect(sent).to.deep.equal(['a1', 'b1', 'a2', 'a2']);
    expect(ids).to.have.length(5);
  });

  it('go out to the others when one socket fails', () => {
    const { sent, failures, outbox, ids } = world(100, () => {
      throw new Error('gone');
    });
    outbox.add('edges', '1', ids);
    outbox.send();
    expect(sent).to.have.length(5);
    expect(failures).to.have.length(5);
  });

  it('are not sent after the end', async () => {
    const { sent, outbox, ids } = world(2);
    outbox.add('edges', '1', ids);
    outbox.send();
    outbox.close();
    await turn();
    await turn();
    expect(sent).to.have.length(2);
  });
});
