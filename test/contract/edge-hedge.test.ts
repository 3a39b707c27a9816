import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Edge, EdgeLine } from '../../demo/origin/edge.ts';
import type { SegmentFetch } from '../../sdk/ports/edge.ts';
import * as limits from '../../signaling/protocol/limits.ts';
import { type NewestSegment, startWithSegment } from './newest-segment.ts';
import { type Outcome, readSegment } from './read-segment.ts';

describe('the edge reader with a second request at hand', () => {
  let served: NewestSegment;
  let edge: Edge;
  let url = '';
  let whole = new Uint8Array();
  let first: EdgeLine;
  let second: EdgeLine;
  const on = ({ port }: EdgeLine) => Object.assign(new URL(url), { port: String(port) }).href;
  const slow = (delayMs: number) => ({ kind: 'slow-first-byte' as const, delayMs });

  before(async () => {
    served = await startWithSegment();
    ({ edge, url, whole } = served);
    [first, second] = [await edge.openLine(), await edge.openLine()];
  });

  after(() => served.close());

  beforeEach(() => {
    for (const line of [first, second]) line.setFault({ kind: 'none' });
    edge.resetCounters();
  });

  /** Sends the second after 100 ms, or later. */
  async function readEither(change: Partial<SegmentFetch> = {}, afterMs = 100) {
    const startedAtMs = performance.now();
    const hedge = { url: on(second), afterMs };
    const outcome = await readSegment({ url: on(first), hedge, ...change });
    return { ...outcome, tookMs: performance.now() - startedAtMs };
  }

  const requests = () => edge.counters().requests.segment;

  function expectWhole({ parts, ended, failure, headers }: Outcome): void {
    expect(failure).to.equal(null);
    expect(headers).to.deep.equal([whole.byteLength]);
    expect(ended).to.deep.equal([whole.byteLength]);
    expect(Buffer.compare(Buffer.concat([...parts.values()]), whole)).to.equal(0);
  }

  /** The other was given up: its connection ends without an answer. */
  async function expectAborted(): Promise<void> {
    for (let tries = 0; tries < 50 && edge.counters().aborted === 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(edge.counters().aborted).to.equal(1);
  }

  it('sends none where the first is answered in time', async () => {
    const outcome = await readEither({}, 500);
    expectWhole(outcome);
    expect(outcome.hedge).to.equal(undefined);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(requests()).to.equal(1);
  });

  it('drops the second where the first is answered before it', async () => {
    first.setFault(slow(250));
    second.setFault(slow(1_500));
    const outcome = await readEither();
    expectWhole(outcome);
    expect(outcome.hedge).to.equal('sent');
    expect(outcome.tookMs).to.be.within(240, 1_400);
    expect(requests()).to.equal(2);
    await expectAborted();
  });

  it('drops the first where the second is answered before it, and reads the same range', async () => {
    first.setFault({ kind: 'black-hole' });
    const outcome = await readEither({ partFrom: 1, partTo: 2 });
    expect(outcome.hedge).to.equal('won');
    expect(outcome.tookMs).to.be.within(95, 1_400);
    expect([...outcome.parts.keys()]).to.deep.equal([1, 2]);
    for (const [index, bytes] of outcome.parts) {
      const from = index * limits.partBytes;
      expect(Buffer.compare(bytes, whole.subarray(from, from + limits.partBytes))).to.equal(0);
    }
    expect(requests()).to.equal(2);
    await expectAborted();
    expect(edge.counters().bytes.segment, 'no more than was wanted').to.equal(2 * limits.partBytes);
  });

  it('tells of a failure at once that comes before the second was sent', async () => {
    first.setFault({ kind: 'error', status: 500, ratio: 1 });
    const failed = await readEither({}, 500);
    expect(failed.failure).to.deep.equal({ status: 500, reason: 'status' });
    expect(failed.tookMs).to.be.below(490);
    first.setFault({ kind: 'refuse' });
    const { failure } = await readEither({}, 500);
    expect(failure).to.deep.equal({ status: null, reason: 'network' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(requests(), 'neither time').to.equal(1);
  });

  it('waits for the first where the second fails, and for the second where the first does', async () => {
    first.setFault(slow(400));
    second.setFault({ kind: 'error', status: 503, ratio: 1 });
    const late = await readEither();
    expectWhole(late);
    expect(late.hedge).to.equal('sent');
    second.setFault({ kind: 'refuse' });
    expectWhole(await readEither());
    first.setFault({ kind: 'black-hole' });
    second.setFault(slow(200));
    // It ends as the fault does, after the second was sent.
    setTimeout(() => first.setFault({ kind: 'none' }), 200);
    const other = await readEither();
    expectWhole(other);
    expect(other.hedge).to.equal('won');
  });

  it('takes a late no of the first for a failure only where the second fails, too', async () => {
    const server = createServer((_, response) => {
      setTimeout(() => response.writeHead(500).end(), 200);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const refusing = `http://127.0.0.1:${port}/`;
    second.setFault(slow(250));
    const outcome = await readEither({ url: refusing });
    expectWhole(outcome);
    expect(outcome.hedge).to.equal('won');
    second.setFault({ kind: 'error', status: 503, ratio: 1 });
    const { failure } = await readEither({ url: refusing });
    expect(failure).to.deep.equal({ status: 500, reason: 'status' });
    server.close();
    server.closeAllConnections();
  });

  it('fails as the first does where both do', async () => {
    first.setFault({ kind: 'black-hole' });
    second.setFault({ kind: 'error', status: 503, ratio: 1 });
    const silent = await readEither({ firstByteWithinMs: 300 });
    expect(silent.failure?.reason).to.equal('first_byte_timeout');
    expect(silent.tookMs).to.be.within(290, 1_400);
    second.setFault({ kind: 'black-hole' });
    const both = await readEither({ firstByteWithinMs: 300 });
    expect(both.failure?.reason).to.equal('first_byte_timeout');
  });

  it('asks nobody any more once it is aborted', async () => {
    first.setFault({ kind: 'black-hole' });
    for (const afterMs of [50, 150]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), afterMs);
      const hedge = { url: on(second), afterMs: 100 };
      second.setFault({ kind: 'black-hole' });
      const { headers, failure } = await readSegment({ url: on(first), hedge }, controller.signal);
      expect({ headers, failure }).to.deep.equal({ headers: [], failure: null });
    }
    expect(requests()).to.equal(3);
  });
});
