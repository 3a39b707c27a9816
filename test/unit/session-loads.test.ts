import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createEdgeReader } from '../../sdk/adapters/edge-reader.ts';
import { PlainLoads } from '../../sdk/runtime/plain-loads.ts';
import type { Runtime } from '../../sdk/runtime/runtime.ts';
import { SessionLoads } from '../../sdk/runtime/session-loads.ts';

/** Nobody listens there. */
const refused = 'http://127.0.0.1:1/live/main.m3u8';

describe('loads made before the room’s code is there', () => {
  function start(url = refused) {
    const plain = new PlainLoads(createEdgeReader(), () => performance.now());
    const loads = new SessionLoads(
      plain,
      () => 0,
      () => true,
    );
    const seen: string[] = [];
    const answered = new Promise<void>((resolve) => {
      const abandon = loads.loadPlaylist('main.m3u8', url, true, {
        done: (text) => resolve(void seen.push(text)),
        failed: ({ reason }) => resolve(void seen.push(`failed: ${reason}`)),
      });
      seen.push(typeof abandon);
    });
    return { loads, seen, answered };
  }

  const runtime: Pick<Runtime, 'loadPlaylist'> = {
    loadPlaylist: (_id, _url, _multivariant, load) => {
      load.done('from a peer');
      return () => {};
    },
  };
  const someTime = () => new Promise((resolve) => setTimeout(resolve, 200));

  it('are tried again through the room when an edge refuses sooner than the code comes', async () => {
    const { loads, seen, answered } = start();
    await someTime();
    expect(seen, 'the player hears of no failure').to.deep.equal(['function']);
    loads.settle(runtime as Runtime);
    await answered;
    expect(seen).to.deep.equal(['function', 'from a peer']);
  });

  it('are tried again through the room when an edge does not answer', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { loads, seen, answered } = start(`http://127.0.0.1:${port}/live/main.m3u8`);
    loads.settle(runtime as Runtime);
    await answered;
    expect(seen).to.deep.equal(['function', 'from a peer']);
    server.closeAllConnections();
    server.close();
  }).timeout(4_000);

  it('fail as they would without a room when its code does not come', async () => {
    const { loads, seen, answered } = start();
    await someTime();
    loads.settle(null);
    await answered;
    expect(seen[1]).to.match(/^failed: /);
  });
});
