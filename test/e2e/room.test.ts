import { expect } from 'chai';
import type { Fault } from '../../demo/origin/fault.ts';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  measure,
  type Reading,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

/** Below this nobody sees it. */
const freezeMsMax = 500;

describe('a live room of four viewers, ffmpeg encoding', function () {
  this.timeout(150_000);
  let stack: Stack;
  const viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start({ encoder: 'ffmpeg' });
    for (let index = 0; index < 4; index += 1) viewers.push(await stack.join());
    await allPlay(viewers);
    await allLinked(viewers);
  });

  after(async () => {
    await stack?.close();
  });

  it('plays 30 s without a stall, at least 65 % from peers, at most 1.4 copies of a segment', async () => {
    const before = await startMeasuring(viewers, stack.edges);
    await sleep(30_000);
    const measured = await measure(viewers, before, stack.edges);
    expect(measured.fatalErrors).to.deep.equal([]);
    expect(measured.longestFreezeMs).to.be.below(freezeMsMax);
    expect(Math.min(...measured.playedSeconds)).to.be.above(28);
    expect(measured.peerShare).to.be.at.least(0.65);
    expect(measured.copiesPerSegment).to.be.at.most(1.4);
  });

  it('goes on without a stall when the page of a master is killed', async () => {
    const readings = await readAll(viewers);
    const master = readings.findIndex(({ stats }) => stats.groupRole === 'master');
    expect(master).to.be.at.least(0);
    const [killed] = viewers.splice(master, 1);
    const before = await startMeasuring(viewers, stack.edges);
    // The renderer goes without a word, as in a crash.
    const crash = killed?.page.waitForEvent('crash', { timeout: 5_000 });
    await killed?.page.goto('chrome://kill', { timeout: 2_000 }).catch(() => {});
    await crash;
    await sleep(12_000);
    const measured = await measure(viewers, before, stack.edges);
    expect(measured.fatalErrors).to.deep.equal([]);
    expect(measured.longestFreezeMs).to.be.below(freezeMsMax);
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
  let stack: Stack;
  let viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start();
  });

  afterEach(async () => {
    for (const edge of stack.edges) edge.setFault({ kind: 'none' });
    stack.origin.setFault({ kind: 'none' });
    await Promise.all(viewers.map((viewer) => viewer.close()));
    viewers = [];
  });

  after(async () => {
    await stack?.close();
  });

  for (const [kind, isBlind] of [
    ['refuse', false],
    ['black-hole', false],
    ['refuse', true],
  ] as const) {
    const attestor = isBlind ? 'blind' : 'sees';
    it(`stalls nobody for 30 s while one of four reaches an edge (${kind}, the attestor ${attestor})`, async () => {
      for (let index = 0; index < 4; index += 1) {
        const edge = stack.edge(index === 2 ? 1 : 0);
        // The attestor that reads the edge that dies can vouch for nothing any more.
        const stream = isBlind ? { stream: stack.edge(0).playlistUrl } : {};
        const room = `partial-${kind}-${attestor}`;
        viewers.push(await stack.join({ edge, room, ...stream }));
      }
      await allPlay(viewers);
      await allLinked(viewers);
      await sleep(3_000);
      const before = await startMeasuring(viewers, stack.edges);
      // Playlist and segments alike are gone for all viewers but one.
      stack.edge(0).setFault({ kind });
      await sleep(30_000);
      const measured = await measure(viewers, before, stack.edges);
      expect(measured.fatalErrors).to.deep.equal([]);
      expect(measured.longestFreezeMs).to.be.below(freezeMsMax);
      expect(Math.min(...measured.playedSeconds)).to.be.above(28);
      const modes = (await readAll(viewers)).map(({ stats }) => stats.integrity);
      expect(new Set(modes)).to.deep.equal(new Set([isBlind ? 'none' : 'attested']));
    });
  }

  const outages: Record<string, (fault: Fault) => void> = {
    'all edges refuse': (fault) => {
      for (const edge of stack.edges) edge.setFault(fault);
    },
    'the origin refuses its edges': (fault) => stack.origin.setFault(fault),
  };

  for (const [what, setFault] of Object.entries(outages)) {
    it(`plays to the horizon when ${what}, and resumes within 5 s of the return`, async () => {
      for (let index = 0; index < 4; index += 1) viewers.push(await stack.join({ room: what }));
      await allPlay(viewers);
      await allLinked(viewers);
      await sleep(3_000);
      const before = await readAll(viewers);
      setFault({ kind: 'refuse' });
      await until(
        'everyone has played what the room holds',
        () => readAll(viewers),
        (all) => all.every(({ frozenNowMs }) => frozenNowMs > 1_000),
        30_000,
      );
      const dry = await readAll(viewers);
      for (const [index, reading] of dry.entries()) expectPlayedOut(before[index], reading);
      const horizons = dry.map(({ playingDateMs }) => playingDateMs ?? 0);
      expect(Math.min(...horizons), 'programme date').to.be.above(0);
      expect(Math.max(...horizons) - Math.min(...horizons), 'horizons').to.be.below(500);
      await sleep(5_000);
      setFault({ kind: 'none' });
      await until(
        'everyone plays again, and has for a second',
        () => readAll(viewers),
        (all) => all.every(({ steadyMs }) => steadyMs >= 1_000),
        5_000 + 1_000,
      );
      const after = await readAll(viewers);
      expect(after.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
    });
  }
});

/** At the outage it had `before.stats.bufferMs` ahead. */
function expectPlayedOut(before: Reading | undefined, dry: Reading): void {
  const playedMs = (dry.currentTime - (before?.currentTime ?? 0)) * 1_000;
  const bufferMs = before?.stats.bufferMs ?? 0;
  expect(playedMs, 'played to the end of its buffer').to.be.above(bufferMs - 500);
  expect(dry.fatalErrors).to.deep.equal([]);
}
