import { expect } from 'chai';
import { type Edge, startEdge } from '../../demo/origin/edge.ts';
import type { Fault } from '../../demo/origin/fault.ts';
import { createSigner, generateKey } from '../../signaling/adapters/signer.ts';
import { PublishedStream } from '../unit/published-stream.ts';
import { useLive } from './support/live.ts';
import { OwnBrowser } from './support/own-browser.ts';
import { Stack, type Viewer } from './support/stack.ts';
import {
  expectPlayedOut,
  type Reading,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

/** All standstills of one viewer together: below this nobody sees them. */
const stoodMsMax = 500;
/** A player buffers less than this, so that who is not fed stalls in it. */
const outageMs = 12_000;
/** The cheap one: eight viewers of the best are more than a slow machine of two cores keeps up with. */
const renditions = ['low'];
const bytesPerSecond = 378_000 / 8;

const refuse: Fault = { kind: 'refuse' };
const none: Fault = { kind: 'none' };

const startStack = () => Stack.start({ encoder: 'ffmpeg', renditions });

/** All edges work again, and the room is as before. */
async function recover(viewers: readonly Viewer[], edges: readonly Edge[]): Promise<void> {
  for (const edge of edges) edge.setFault(none);
  const read = async () =>
    (await readAll(viewers)).map(({ stats, steadyMs }) => ({ health: stats.edgeHealth, steadyMs }));
  // Who is fed reads little, and so is slow to find out that its edge is as good as before.
  const isWell = ({ health, steadyMs }: { health: string; steadyMs: number }) =>
    health !== 'dark' && steadyMs >= 1_000;
  await until('all play and have an edge', read, (all) => all.every(isWell), 20_000);
}

async function firstFrameWithin(viewer: Viewer, withinMs: number): Promise<void> {
  const read = async () => (await viewer.read()).firstFrameMs;
  const firstFrameMs = await until('first frame', read, (atMs) => atMs !== null, withinMs + 5_000);
  expect(firstFrameMs, 'first frame').to.be.below(withinMs);
}

/** Eight viewers at four edges; registers what fills the room and empties it again. */
function useFourEdges() {
  const live = useLive({ start: startStack, keepsViewers: true });
  const { viewers } = live;
  /** Of most viewers; of the one that reaches it, in a browser of its own; and of two more. */
  const edges: Edge[] = [];
  const own: { browser?: OwnBrowser } = {};

  before(async () => {
    own.browser = await OwnBrowser.start();
    const fourth = await startEdge({ originUrl: live.stack.origin.url, edgeId: 'edge-d' });
    edges.push(live.stack.edge(0), live.stack.edge(1), live.stack.edge(2), fourth);
    const [most, first, second, third] = edges as [Edge, Edge, Edge, Edge];
    const { browser } = own.browser;
    await live.fill(
      [{}, {}, { edge: first, browser }, {}, { edge: second }, {}, { edge: third }, {}],
      { edge: most },
    );
  });

  afterEach(() => recover(viewers, edges));

  after(async () => {
    await own.browser?.close();
    await edges[3]?.close();
  });

  /** For all viewers but those of these edges; at first the second alone. */
  function fail(fault: Fault, survivors = edges.slice(1, 2)): void {
    for (const edge of edges) if (!survivors.includes(edge)) edge.setFault(fault);
  }

  async function nobodyStalls(meanwhile: () => Promise<unknown>, among = viewers): Promise<void> {
    const measured = await live.playsOn(meanwhile, among);
    expect(measured.stoodMsMax, 'stood still').to.be.below(stoodMsMax);
  }

  return { live, viewers, edges, own, fail, nobodyStalls };
}

describe('a live room of eight, of whom one reaches an edge', function () {
  this.timeout(120_000);
  const { live, viewers, fail, nobodyStalls } = useFourEdges();

  for (const [what, fault] of [
    ['segments fail and the playlist lives', { kind: 'error', paths: 'segments' }],
    ['the playlist fails and segments live', { kind: 'error', paths: 'playlists' }],
  ] as [string, Fault][])
    it(`stalls nobody while ${what}`, () =>
      nobodyStalls(async () => {
        fail(fault);
        await sleep(outageMs);
      }));

  for (const [what, fault] of [
    ['open and are never answered', { kind: 'black-hole' }],
    ['are refused', refuse],
  ] as [string, Fault][])
    it(`stalls nobody while connections ${what}, and shows who joins then a picture within 5 s`, async () => {
      const before = [...viewers];
      await nobodyStalls(async () => {
        fail(fault);
        await sleep(5_000);
        const newcomer = await live.join();
        await firstFrameWithin(newcomer, 5_000);
        await sleep(6_000);
      }, before);
      const [newcomer] = viewers.splice(before.length);
      await newcomer?.close();
    });
});

describe('a live room of eight whose readers go', function () {
  this.timeout(120_000);
  const { viewers, edges, own, fail, nobodyStalls } = useFourEdges();

  it('plays on when the one that reaches an edge leaves and another regains it', async () => {
    const [leaving] = viewers.splice(4, 1);
    const [, , left, spare] = edges as [Edge, Edge, Edge, Edge];
    fail(refuse, [left]);
    await sleep(5_000);
    await leaving?.close();
    await sleep(1_000);
    spare.resetCounters();
    spare.setFault(none);
    const read = async () => spare.counters().requests.segment;
    // Eight take turns, one a second.
    await until('somebody reads from the edge that is back', read, (count) => count > 0, 10_000);
    await sleep(2_000);
    await nobodyStalls(() => sleep(8_000));
  });

  it('stalls nobody when the browser of a reader is killed', async () => {
    const [doomed] = viewers.splice(2, 1);
    const [, first, , third] = edges as [Edge, Edge, Edge, Edge];
    first.resetCounters();
    fail(refuse, [first]);
    const read = async () => {
      const reading = await doomed?.read();
      return { role: reading?.stats.groupRole, segments: first.counters().requests.segment };
    };
    const isReader = ({ role, segments }: Awaited<ReturnType<typeof read>>) =>
      role === 'master' && segments > 0;
    await until('it reads for the group', read, isReader, 20_000);
    third.resetCounters();
    third.setFault(none);
    const ask = async () => third.counters().requests.playlist;
    await until('another one reaches an edge, too', ask, (count) => count > 0, 12_000);
    await nobodyStalls(async () => {
      await own.browser?.kill();
      await sleep(outageMs);
    });
  });
});

describe('a live room of eight on one edge', function () {
  this.timeout(120_000);
  const live = useLive({ start: startStack, keepsViewers: true });
  const { viewers } = live;

  before(async () => {
    await live.fill(8);
    await sleep(4_000);
  });

  afterEach(() => recover(viewers, live.stack.edges));

  for (const [what, fault] of [
    ['answers half of the requests with 503', { kind: 'error', ratio: 0.5 }],
    [
      'sends an eighth more than the stream of one viewer',
      { kind: 'throttle', bytesPerSecond: 1.125 * bytesPerSecond },
    ],
  ] as [string, Fault][])
    it(`stalls nobody while it ${what}`, async () => {
      const measured = await live.playsOn(async () => {
        live.stack.edge(0).setFault(fault);
        await sleep(outageMs);
      });
      expect(measured.stoodMsMax, 'stood still').to.be.below(stoodMsMax);
    });

  it('plays to the horizon while it is dead for 20 s, shows who joins a picture within 5 s, and resumes', async () => {
    const [edge] = live.stack.edges as [Edge];
    const before = await startMeasuring(viewers, live.stack.edges);
    edge.setFault(refuse);
    const returnsAtMs = Date.now() + 20_000;
    await sleep(2_000);
    const newcomer = await live.stack.join();
    await firstFrameWithin(newcomer, 5_000);
    await sleep(returnsAtMs - Date.now());
    expectPlayedOut(before, await readAll(viewers));
    viewers.push(newcomer);
    edge.setFault(none);
    const plays = (all: Reading[]) => all.every(({ steadyMs }) => steadyMs > 0);
    // The simulator holds it to two seconds; a busy machine takes longer.
    await until('everyone plays again', () => readAll(viewers), plays, 5_000);
    await live.playsOn(() => sleep(3_000));
  });
});

describe('a live room of eight whose publisher signs', function () {
  this.timeout(120_000);
  const room = 'signed';
  const key = generateKey();
  const publishers = { [room]: createSigner(key).publicKey };
  const live = useLive({
    start: () => Stack.start({ encoder: 'ffmpeg', renditions }, {}, { publishers }),
  });
  let published: PublishedStream;
  const edges: Edge[] = [];

  before(async () => {
    published = await PublishedStream.start(live.stack.origin, room, key);
    for (const edgeId of ['signed-a', 'signed-b'])
      edges.push(await startEdge({ originUrl: published.url, edgeId }));
  });

  after(async () => {
    await live.empty();
    for (const edge of edges) await edge.close();
    await published?.close();
  });

  it('stalls nobody when signaling goes while one reaches an edge', async () => {
    const [most, other] = edges as [Edge, Edge];
    const each = Array.from({ length: 8 }, (_, index) => (index === 2 ? { edge: other } : {}));
    await live.fill(each, { edge: most, room, stream: other.playlistUrl });
    const measured = await live.playsOn(async () => {
      most.setFault(refuse);
      await sleep(4_000);
      await live.stack.signaling.close();
      await sleep(outageMs);
    });
    expect(measured.stoodMsMax, 'stood still').to.be.below(stoodMsMax);
    for (const { stats } of await readAll(live.viewers)) {
      expect(stats.status).not.to.equal('joined');
      expect(stats.integrity).to.equal('signed');
    }
  });
});
