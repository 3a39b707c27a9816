import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Edge } from '../../demo/origin/edge.ts';
import { createEdgeReader } from '../../sdk/adapters/edge-reader.ts';
import type { SegmentFetch } from '../../sdk/ports/edge.ts';
import * as limits from '../../signaling/protocol/limits.ts';
import { type NewestSegment, startWithSegment } from './newest-segment.ts';
import { readSegment } from './read-segment.ts';

describe('the edge reader against a real edge', () => {
  const reader = createEdgeReader();
  let served: NewestSegment;
  let edge: Edge;
  let url = '';
  let whole = new Uint8Array();

  before(async () => {
    served = await startWithSegment();
    ({ edge, url, whole } = served);
  });

  afterEach(() => edge.setFault({ kind: 'none' }));

  after(() => served.close());

  const read = (change: Partial<SegmentFetch> = {}, signal?: AbortSignal) =>
    readSegment({ url, ...change }, signal);

  const partOf = (index: number) =>
    whole.subarray(index * limits.partBytes, (index + 1) * limits.partBytes);

  it('cuts a whole segment into parts', async () => {
    const { headers, parts, ended, failure } = await read();
    expect(failure).to.equal(null);
    expect(headers).to.deep.equal([whole.byteLength]);
    expect(ended).to.deep.equal([whole.byteLength]);
    expect([...parts.keys()]).to.deep.equal([
      ...Array(Math.ceil(whole.byteLength / limits.partBytes)).keys(),
    ]);
    for (const [index, bytes] of parts) expect(Buffer.compare(bytes, partOf(index))).to.equal(0);
  });

  it('reads just some parts by Range, and knows the whole size', async () => {
    const { headers, parts } = await read({ partFrom: 1, partTo: 2 });
    expect(headers).to.deep.equal([whole.byteLength]);
    expect([...parts.keys()]).to.deep.equal([1, 2]);
    for (const [index, bytes] of parts) expect(Buffer.compare(bytes, partOf(index))).to.equal(0);
  });

  it('reads from a part to the end', async () => {
    const last = Math.ceil(whole.byteLength / limits.partBytes) - 1;
    const { parts, ended } = await read({ partFrom: last, partTo: null });
    expect([...parts.keys()]).to.deep.equal([last]);
    expect(ended).to.deep.equal([whole.byteLength]);
  });

  it('treats a byte range of a resource as a segment of its own', async () => {
    const byteRange = { start: 1_000, end: 1_000 + limits.partBytes + 500 };
    const { headers, parts } = await read({ byteRange });
    expect(headers).to.deep.equal([limits.partBytes + 500]);
    expect([...parts.values()].map((bytes) => bytes.byteLength)).to.deep.equal([
      limits.partBytes,
      500,
    ]);
    expect(parts.get(1)?.[0]).to.equal(whole[1_000 + limits.partBytes]);
  });

  it('tells a status, a refused connection and silence apart', async () => {
    edge.setFault({ kind: 'error', status: 503, ratio: 1 });
    expect((await read()).failure).to.deep.equal({ status: 503, reason: 'status' });
    edge.setFault({ kind: 'black-hole' });
    const startedAtMs = performance.now();
    expect((await read({ firstByteWithinMs: 150 })).failure?.reason).to.equal('first_byte_timeout');
    expect(performance.now() - startedAtMs).to.be.within(140, 2_000);
    edge.setFault({ kind: 'refuse' });
    expect((await read()).failure).to.deep.equal({ status: null, reason: 'network' });
  });

  it('says how far it is in a part that takes long, and only then', async () => {
    expect((await read()).came.filter((each) => each === 'bytes')).to.deep.equal([]);
    edge.setFault({ kind: 'throttle', bytesPerSecond: limits.partBytes });
    const { came } = await read({ partTo: 1 });
    expect(came.indexOf('part 0'), came.join()).to.be.within(2, 4);
    expect(came.indexOf('part 1') - came.indexOf('part 0'), came.join()).to.be.within(3, 5);
  });

  it('says nothing after an abort', async () => {
    edge.setFault({ kind: 'throttle', bytesPerSecond: 50_000 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const { ended, failure } = await read({}, controller.signal);
    expect({ ended, failure }).to.deep.equal({ ended: [], failure: null });
  });

  it('reads playlists, and their failures', async () => {
    const readPlaylist = () =>
      new Promise((resolve) =>
        reader.readPlaylist(edge.playlistUrl, 1_000, resolve, new AbortController().signal),
      );
    expect(await readPlaylist())
      .to.have.property('text')
      .that.matches(/^#EXTM3U/);
    edge.setFault({ kind: 'error', status: 500, ratio: 1 });
    expect(await readPlaylist()).to.deep.equal({ failure: { status: 500, reason: 'status' } });
  });

  it('reads no text that would not fit the memory, whatever length it says', async () => {
    let sentBytes = 0;
    let ended: Promise<unknown> | null = null;
    const server = createServer((_request, response) => {
      const chunk = Buffer.alloc(65_536, '#');
      const send = (): void => {
        do sentBytes += chunk.byteLength;
        while (response.write(chunk));
      };
      response.on('drain', send);
      ended = once(response, 'close');
      send();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const result = await new Promise<object>((resolve) =>
      reader.readPlaylist(
        `http://127.0.0.1:${port}/`,
        2_000,
        resolve,
        new AbortController().signal,
      ),
    );
    expect(result).to.have.property('failure');
    await ended;
    // Some of it is still on its way.
    expect(sentBytes).to.be.within(
      limits.descriptorFileBytesMax,
      2 * limits.descriptorFileBytesMax,
    );
    server.close();
  });
});
