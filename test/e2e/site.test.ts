import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { rootFolder } from '../tools/root.ts';
import { useLive } from './support/live.ts';
import { allPlay, type Reading, readAll, sleep, startMeasuring, until } from './support/watch.ts';

const site = 'school-12';

describe('a site whose agent feeds its browsers', function () {
  this.timeout(120_000);
  const live = useLive({ keepsViewers: true });
  let agent: ChildProcess | null = null;
  let said = '';

  /** The command that a site runs. */
  async function startAgent(): Promise<void> {
    const { stack } = live;
    const token = await stack.signaling.issueToken({
      room: 'test',
      subject: 'agent',
      lifetimeSeconds: 600,
      leads: site,
      stream: stack.origin.playlistUrl,
    });
    const stream = stack.edge(1).playlistUrl;
    const options = ['--signaling', stack.signaling.url, '--room', 'test', '--site', site];
    said = '';
    agent = spawn(process.execPath, [join(rootFolder, 'sdk/agent/main.ts'), stream, ...options], {
      env: { ...process.env, HOLDFAST_TOKEN: token },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agent.stderr?.on('data', (data) => {
      said += String(data);
    });
    const isMaster = (text: string) => text.includes(`master of the site ${site}`);
    await until('the agent leads', async () => said, isMaster, 10_000);
  }

  async function stopAgent(signal: NodeJS.Signals): Promise<void> {
    const stopping = agent;
    agent = null;
    if (!stopping || stopping.exitCode !== null) return;
    const ended = new Promise((resolve) => stopping.once('exit', resolve));
    stopping.kill(signal);
    await ended;
  }

  const segmentBytes = () => live.stack.edges.map((edge) => edge.counters().bytes.segment);

  function copiesMax(): number {
    const copies = new Map<string, number>();
    for (const edge of live.stack.edges)
      for (const [path, each] of Object.entries(edge.counters().segments))
        copies.set(path, (copies.get(path) ?? 0) + each.copies);
    return Math.max(...copies.values());
  }

  const areSlaves = (all: Reading[]) =>
    all.every(({ stats }) => ['secondary', 'slave'].includes(stats.deviceRole ?? ''));

  after(() => stopAgent('SIGKILL'));

  it('gets the stream once, for all of them', async () => {
    await startAgent();
    // Browsers of their own: nothing but the network is between them.
    for (let index = 0; index < 4; index += 1)
      await live.join({ options: { deviceId: site }, upload: index % 2 === 0 });
    await allPlay(live.viewers);
    await until('all are slaves', () => readAll(live.viewers), areSlaves, 10_000);
    await sleep(5_000);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(10_000);
    const after = await readAll(live.viewers);
    // All of it from the edge of the agent.
    expect(segmentBytes().map((bytes) => bytes > 0)).to.deep.equal([false, true, false]);
    expect(copiesMax()).to.be.at.most(1);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    for (const { stats } of after) {
      expect(stats.withheld).to.deep.equal(['high/playlist.m3u8']);
      expect(stats.bytesFromDevice).to.equal(0);
      // Where upload is not allowed nothing is given on, inside the site either.
      expect(stats.integrity).to.equal('attested');
    }
    expect(after.map(({ stats }) => stats.bytesToPeers > 0)).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });

  it('plays on when the agent is killed: one of the browsers leads', async () => {
    await startMeasuring(live.viewers, live.stack.edges);
    await stopAgent('SIGKILL');
    const leads = (all: Reading[]) =>
      all.filter(({ stats }) => stats.deviceRole === 'master').length === 1;
    await until('a browser leads', () => readAll(live.viewers), leads, 20_000);
    await sleep(8_000);
    const after = await readAll(live.viewers);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(8_000);
    expect(copiesMax()).to.be.at.most(1.1);
  });

  it('is led by the agent again when that is back', async () => {
    await startAgent();
    await until('all are slaves', () => readAll(live.viewers), areSlaves, 10_000);
    await sleep(4_000);
    await startMeasuring(live.viewers, live.stack.edges);
    await sleep(8_000);
    const after = await readAll(live.viewers);
    expect(segmentBytes().map((bytes) => bytes > 0)).to.deep.equal([false, true, false]);
    expect(Math.max(...after.map(({ frozenMs }) => frozenMs))).to.be.below(500);
    await stopAgent('SIGTERM');
    expect(said).to.include('master of the site');
  });
});
