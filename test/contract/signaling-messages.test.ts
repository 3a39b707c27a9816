import { expect } from 'chai';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import { join } from './signaling-client.ts';

const key = 'a secret of the tests, long enough for HS256';

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

  it('reach everybody, with who sent them', async () => {
    const server = await start();
    const token = await server.issueToken({
      ...{ room: 'room', subject: 'u-1', lifetimeSeconds: 60, role: 'host', name: 'Ada' },
    });
    const host = await join(server, { subject: 'u-1', token });
    const viewer = await join(server, { subject: 'u-2' });
    host.send({ type: 'message', reference: 'r1', text: 'hello', kind: 'announcement' });
    const accepted = await host.next('messageAccepted');
    const { messages } = await viewer.next('messages');
    expect(messages).to.deep.equal([accepted.message]);
  });
});
