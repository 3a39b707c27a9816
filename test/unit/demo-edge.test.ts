import { expect } from 'chai';
import { startEdge } from '../../demo/origin/edge.ts';
import { startOrigin } from '../../demo/origin/origin.ts';
import { type DemoEdge, startDemoEdge } from '../../demo/server/demo-edge.ts';
import { Lines } from '../../demo/server/lines.ts';
import { type Signaling, startSignaling } from '../../signaling/adapters/server.ts';
import { codeOf, eventually } from './live-servers.ts';

const edgeLeaseMs = 900;

describe('an edge of the demo', function () {
  this.timeout(8_000);
  const parts: { close(): Promise<void> }[] = [];
  let lines: Lines;
  let signaling: Signaling;
  let edge: DemoEdge;

  beforeEach(async () => {
    lines = new Lines();
    signaling = await startSignaling({ limits: { edgeLeaseMs } });
    const origin = await startOrigin({});
    edge = await startDemoEdge({
      name: 'edge-a',
      host: '127.0.0.1',
      address: '127.0.0.1',
      originUrl: origin.url,
      lines,
      signalingUrl: `http://127.0.0.1:${signaling.port}`,
      issueToken: signaling.issueToken,
    });
    parts.push(edge, origin, signaling);
  });

  afterEach(async () => {
    await Promise.all(parts.splice(0).map((part) => part.close()));
  });

  async function activeEdges(): Promise<string | undefined> {
    return /^holdfast_edges\{role="active"\} (\d+)$/m.exec(await signaling.metrics())?.[1];
  }

  const playlistOf = (line: string) =>
    codeOf(
      fetch(`${edge.baseUrl}${line}/live/main.m3u8`, { signal: AbortSignal.timeout(400) }).then(
        (response) => response.text(),
      ),
    );

  it('is known to the server as long as it is there, and again when it is back', async () => {
    await eventually(() => edge.standing?.name === 'edge-a', 'it is registered');
    const { heardAtMs = 0 } = edge.standing ?? {};
    await eventually(() => (edge.standing?.heardAtMs ?? 0) > heardAtMs, 'it is heard again');
    expect(await activeEdges()).to.equal('1');
    edge.setFault({ kind: 'refuse' });
    await eventually(async () => (await activeEdges()) === '0', 'its lease has ended', 4_000);
    edge.setFault({ kind: 'none' });
    await eventually(async () => (await activeEdges()) === '1', 'it is back');
  });

  it('leads each viewer on to a way of its own', async () => {
    for (const line of ['one', 'two']) expect(await playlistOf(line)).to.equal('no error');
    await lines.setOutage({ fault: 'cut', scope: 'one', line: 'one' });
    expect(await playlistOf('one')).to.match(/fetch failed/);
    expect(await playlistOf('two')).to.equal('no error');
    await lines.setOutage({ fault: 'silent', scope: 'others', line: 'one' });
    expect(await playlistOf('three'), 'who comes later').to.match(/TimeoutError/);
    expect(await playlistOf('one')).to.equal('no error');
    edge.setFault({ kind: 'refuse' });
    expect(await playlistOf('one')).to.match(/fetch failed/);
  });

  it('has ways for newcomers when those of viewers that left are all there may be', async () => {
    const few = new Lines(2);
    const origin = await startEdge({ edgeId: 'e', originUrl: edge.baseUrl });
    parts.push(origin);
    const get = async (line: string) => {
      const way = await few.open(line, origin);
      const { port } = way;
      const headers = { connection: 'close' };
      const response = await fetch(`http://127.0.0.1:${port}/control/none`, { headers });
      await response.text();
      await eventually(() => way.connectionCount === 0, 'it has left');
      return port;
    };
    const ports = [await get('one'), await get('two')];
    expect(await get('one'), 'a viewer that comes again').to.equal(ports[0]);
    await few.open('three', origin);
    expect(await codeOf(fetch(`http://127.0.0.1:${ports[1]}/`)), 'not seen for longest').to.match(
      /fetch failed/,
    );
    expect(await get('one')).to.equal(ports[0]);
    expect(await get('two'), 'it is back').to.be.a('number');
  });

  it('has no other paths', async () => {
    for (const path of ['', 'live/main.m3u8', 'one/other/main.m3u8', `${'x'.repeat(65)}/live/a`])
      expect((await fetch(edge.baseUrl + path)).status, path).to.equal(404);
  });
});
