import { expect } from 'chai';
import { meanCopiesPerSegment } from '../../demo/origin/counters.ts';
import { Stack, type Viewer } from './support/stack.ts';
import { allLinked, readAll, sleep, until } from './support/watch.ts';

/** Holds little of what it does not play. */
const playing = { startLevel: 1, maxBufferLength: 10, maxMaxBufferLength: 10 };

async function playsAt(viewer: Viewer, second: number): Promise<void> {
  await until(
    `plays at ${second}`,
    () => viewer.read(),
    ({ currentTime, readyState }) =>
      currentTime > second + 0.5 && currentTime < second + 15 && readyState >= 3,
    10_000,
  );
}

/** Segments that the edges sent since the counters were reset, by sequence from 0. */
function readFrom(stack: Stack): number[] {
  const paths = stack.edges.flatMap((edge) => Object.keys(edge.counters().segments));
  return paths.map((path) => Number(/(\d+)\.m4s$/.exec(path)?.[1]) - 1_000).sort((a, b) => a - b);
}

describe('a recording', function () {
  this.timeout(150_000);
  let stack: Stack;
  const viewers: Viewer[] = [];

  async function join(startPosition: number): Promise<Viewer> {
    const viewer = await stack.join({ hls: { ...playing, startPosition } });
    await viewer.page.evaluate(() => {
      window.viewer.hls.nextLevel = 1;
    });
    viewers.push(viewer);
    await playsAt(viewer, startPosition);
    return viewer;
  }

  before(async () => {
    stack = await Stack.start({ recorded: true, windowSegments: 60 });
  });

  after(async () => {
    await stack?.close();
  });

  it('is given to a viewer that starts later by one that has played it', async () => {
    await join(0);
    await sleep(6_000);
    expect(readFrom(stack).length).to.be.at.least(7);
    for (const edge of stack.edges) edge.resetCounters();
    await join(0);
    await allLinked(viewers);
    await sleep(6_000);
    const [, later] = await readAll(viewers);
    expect(later?.stats.integrity).to.equal('attested');
    expect(later?.stats.bytesFromPeers).to.be.above(5 * 340_000);
    // What was loaded before the room was there, and nothing else of what the first one holds.
    expect(readFrom(stack).filter((index) => index < 7)).to.have.length.below(3);
  });

  it('is read once by viewers that play different parts of it, wherever they seek', async () => {
    const elsewhere = await join(80);
    await allLinked(viewers);
    await sleep(5_000);
    for (const edge of stack.edges) edge.resetCounters();
    await viewers[0]?.page.evaluate(() => {
      window.viewer.video.currentTime = 84;
    });
    await playsAt(viewers[0] as Viewer, 84);
    await elsewhere.page.evaluate(() => {
      window.viewer.video.currentTime = 2;
    });
    await playsAt(elsewhere, 2);
    await sleep(6_000);
    const readings = await readAll(viewers);
    const read = readFrom(stack);
    const isHeld = (index: number): boolean => index <= 6 || (index >= 42 && index <= 46);
    // Of what is held nothing is read again but where a seek cannot wait; what follows after it is read once.
    expect(read.filter(isHeld), String(read)).to.have.length.at.most(1);
    expect(new Set(read)).to.have.property('size', read.length);
    expect(meanCopiesPerSegment(...stack.edges.map((edge) => edge.counters()))).to.be.within(
      1,
      1.1,
    );
    expect(readings.flatMap(({ fatalErrors }) => fatalErrors)).to.deep.equal([]);
  });
});
