import { expect } from 'chai';
import { type Edge, startEdge } from '../../demo/origin/edge.ts';
import { createSigner, generateKey } from '../../signaling/adapters/signer.ts';
import { PublishedStream } from '../unit/published-stream.ts';
import { collectDigests, onlyTrueBytes } from './support/digests.ts';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  measure,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

const key = generateKey();
const room = 'signed';

describe('a room whose publisher signs', function () {
  this.timeout(120_000);
  let stack: Stack;
  let published: PublishedStream;
  let edge: Edge;
  /** Read by the signaling server alone. */
  let serverEdge: Edge;
  const viewers: Viewer[] = [];

  before(async () => {
    const { publicKey } = createSigner(key);
    stack = await Stack.start({}, {}, { publishers: { [room]: publicKey } });
    published = await PublishedStream.start(stack.origin, room, key);
    edge = await startEdge({ originUrl: published.url, edgeId: 'edge' });
    serverEdge = await startEdge({ originUrl: published.url, edgeId: 'server' });
    const stream = serverEdge.playlistUrl;
    // One of them was told by the app who publishes, and believes no server in that.
    for (const options of [{}, {}, { publisherKey: publicKey }])
      viewers.push(await stack.join({ room, edge, stream, options }));
    await allPlay(viewers);
    await allLinked(viewers);
    for (const viewer of viewers) await viewer.page.evaluate(collectDigests);
  });

  after(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await edge?.close();
    await serverEdge?.close();
    await published?.close();
    await stack?.close();
  });

  async function feeds(peerShareMin: number): Promise<void> {
    const before = await startMeasuring(viewers, [edge]);
    await sleep(10_000);
    const measured = await measure(viewers, before, [edge]);
    for (const { stats } of await readAll(viewers)) expect(stats.integrity).to.equal('signed');
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.fatalErrors).to.deep.equal([]);
    expect(measured.peerShare).to.be.at.least(peerShareMin);
  }

  it('is fed by peers, and the server has read no media', async () => {
    await feeds(0.5);
    const { playlist, segment, init } = serverEdge.counters().requests;
    expect({ segment, init }).to.deep.equal({ segment: 0, init: 0 });
    expect(playlist).to.be.above(10);
  });

  it('is fed by peers while the server is gone: members read what the publisher signed', async () => {
    await stack.signaling.close();
    await sleep(6_000);
    await feeds(0.4);
    await onlyTrueBytes(viewers);
  });
});

describe('a room whose masters must agree', function () {
  this.timeout(120_000);
  let stack: Stack;
  const viewers: Viewer[] = [];

  before(async () => {
    stack = await Stack.start();
    const options = { integrityMin: 'agreement' };
    for (let count = 0; count < 4; count += 1)
      viewers.push(await stack.join({ stream: null, options }));
    await allPlay(viewers);
    await allLinked(viewers);
  });

  after(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await stack?.close();
  });

  it('reads about two copies, and feeds the others', async () => {
    const before = await startMeasuring(viewers, stack.edges);
    await sleep(10_000);
    const measured = await measure(viewers, before, stack.edges);
    for (const { stats } of await readAll(viewers)) expect(stats.integrity).to.equal('agreement');
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.copiesPerSegment).to.be.within(1.8, 2.6);
    expect(measured.peerShare).to.be.at.least(0.3);
  });

  it('plays no byte of a forger', async () => {
    for (const viewer of viewers) await viewer.page.evaluate(collectDigests);
    const before = await startMeasuring(viewers, stack.edges);
    const forger = await stack.open('forger.html', { attack: 'wrong bytes' }, 'test', null);
    const sent = () => forger.evaluate(() => window.forger.partsSent);
    await until('somebody asks it', sent, (count) => count > 0, 40_000);
    await sleep(8_000);
    const measured = await measure(viewers, before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    await onlyTrueBytes(viewers);
    await forger.context().close();
  });
});
