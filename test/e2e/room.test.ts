import { expect } from 'chai';
import { useLive } from './support/live.ts';
import { Stack } from './support/stack.ts';
import { expectPlayedOut, readAll, sleep, until } from './support/watch.ts';

describe('a live room of four viewers, ffmpeg encoding', function () {
  this.timeout(150_000);
  const live = useLive({ start: () => Stack.start({ encoder: 'ffmpeg' }), keepsViewers: true });
  const { viewers } = live;

  before(() => live.fill(4));

  it('is attested and plays 24 s without a stall, at least 70 % from peers, at most 1.2 copies of a segment', async () => {
    const measured = await live.playsOn(() => sleep(24_000));
    for (const { stats } of await readAll(viewers)) expect(stats.integrity).to.equal('attested');
    expect(Math.min(...measured.playedSeconds)).to.be.above(22.4);
    expect(measured.peerShare).to.be.at.least(0.7);
    expect(measured.copiesPerSegment).to.be.at.most(1.2);
  });

  it('goes on without a stall when the page of a master is killed', async () => {
    const readings = await readAll(viewers);
    const master = readings.findIndex(({ stats }) => stats.groupRole === 'master');
    expect(master).to.be.at.least(0);
    const [killed] = viewers.splice(master, 1);
    const measured = await live.playsOn(async () => {
      // The renderer goes without a word, as in a crash.
      const crash = killed?.page.waitForEvent('crash', { timeout: 5_000 });
      await killed?.page.goto('chrome://kill', { timeout: 2_000 }).catch(() => {});
      await crash;
      await sleep(12_000);
    });
    expect(measured.copiesPerSegment).to.be.at.most(1.5);
    const after = await readAll(viewers);
    expect(after.filter(({ stats }) => stats.groupRole === 'master')).to.have.length.above(0);
    await until(
      'the dead member is forgotten',
      () => readAll(viewers),
      (all) => all.every(({ stats }) => stats.neighbours.length === 2),
      20_000,
    );
  });
});

describe('a live room whose origin falters', function () {
  this.timeout(150_000);
  const live = useLive();
  const { viewers } = live;

  afterEach(() => {
    for (const edge of live.stack.edges) edge.setFault({ kind: 'none' });
    live.stack.origin.setFault({ kind: 'none' });
  });

  it('stalls nobody for 16 s while one of four reaches an edge, which the attestor does not', async () => {
    const [dying, other] = [live.stack.edge(0), live.stack.edge(1)];
    // Reading the edge that dies, the attestor can vouch for nothing any more.
    const stream = dying.playlistUrl;
    await live.fill([{}, {}, { edge: other }, {}], { edge: dying, room: 'blind', stream });
    await sleep(3_000);
    const measured = await live.playsOn(async () => {
      dying.setFault({ kind: 'refuse' });
      await sleep(16_000);
    });
    expect(Math.min(...measured.playedSeconds)).to.be.above(14);
    const modes = (await readAll(viewers)).map(({ stats }) => stats.integrity);
    expect(new Set(modes)).to.deep.equal(new Set(['none']));
  });

  it('plays to the horizon when the origin refuses its edges, and resumes within 5 s of the return', async () => {
    await live.fill(4, { room: 'origin' });
    await sleep(3_000);
    const before = await readAll(viewers);
    live.stack.origin.setFault({ kind: 'refuse' });
    await until(
      'everyone has played what the room holds',
      () => readAll(viewers),
      (all) => all.every(({ frozenNowMs }) => frozenNowMs > 1_000),
      30_000,
    );
    const dry = await readAll(viewers);
    expectPlayedOut(before, dry);
    await sleep(5_000);
    live.stack.origin.setFault({ kind: 'none' });
    await until(
      'everyone plays again, and has for a second',
      () => readAll(viewers),
      (all) => all.every(({ steadyMs }) => steadyMs >= 1_000),
      5_000 + 1_000,
    );
    const after = await readAll(viewers);
    expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
  });
});
