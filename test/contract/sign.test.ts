import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { startSignaling } from '../../signaling/adapters/server.ts';
import { createFileReader } from '../../signaling/adapters/sign-files.ts';
import { createSigner, isSignedBy } from '../../signaling/adapters/signer.ts';
import { createForwarding } from '../../signaling/adapters/vouching.ts';
import {
  limits,
  parseDescriptor,
  parseSignedDescriptor,
  type SignedDescriptor,
  type VerificationKey,
} from '../../signaling/protocol/index.ts';
import { LiveServers } from '../unit/live-servers.ts';
import { PublishedStream, sign } from '../unit/published-stream.ts';
import { join as joinRoom } from './signaling-client.ts';

const room = 'room';

async function run(args: readonly string[], key?: string) {
  const child = sign(args, key);
  const [out, said, [exitCode]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { out, said, exitCode };
}

async function readDescriptors(file: string, key: VerificationKey) {
  const found = new Map<string, SignedDescriptor>();
  for (const line of (await readFile(file, 'utf8')).trimEnd().split('\n')) {
    const signed = parseSignedDescriptor(line);
    if (!signed || !isSignedBy(signed, key)) throw new Error(`not signed: ${line}`);
    const descriptor = parseDescriptor(signed.body);
    expect(descriptor?.room).to.equal(room);
    found.set(descriptor?.segmentId ?? '', signed);
  }
  return found;
}

describe('holdfast-sign', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-sign-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A recording of four segments. */
  async function record(): Promise<void> {
    await cp('demo/origin/loop/high', folder, { recursive: true });
    const segments = [0, 1, 2, 3].map((index) => `#EXTINF:2,\n${index}.m4s\n`).join('');
    const head = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI="init.mp4"\n';
    await writeFile(join(folder, 'list.m3u8'), `${head}${segments}#EXT-X-ENDLIST\n`);
  }

  it('signs every segment of a recording and ends; another run leaves what holds as it was', async () => {
    await record();
    const made = await run(['--new-key', join(folder, 'key.json')]);
    expect((await stat(join(folder, 'key.json'))).mode & 0o77).to.equal(0);
    const args = [folder, '--room', room, '--key', join(folder, 'key.json')];
    const first = await run(args);
    expect(first.exitCode, first.said).to.equal(0);
    expect(first.out).to.equal(made.out);
    const file = join(folder, 'holdfast.jsonl');
    const found = await readDescriptors(file, JSON.parse(first.out));
    expect([...found.keys()].sort()).to.deep.equal(
      ['0', '1', '2', '3', 'init:init.mp4'].map((name) => `list.m3u8#${name}`),
    );
    for (const index of [0, 3]) {
      const bytes = await readFile(join(folder, `${index}.m4s`));
      const body = found.get(`list.m3u8#${index}`)?.body ?? '';
      expect(parseDescriptor(body)?.sizeBytes).to.equal(bytes.length);
    }
    await writeFile(join(folder, '3.m4s'), 'other media');
    expect((await run(args)).exitCode).to.equal(0);
    const again = await readDescriptors(file, JSON.parse(first.out));
    expect(again.get('list.m3u8#0')).to.deep.equal(found.get('list.m3u8#0'));
    const createdAtMs = (all: typeof found) =>
      parseDescriptor(all.get('list.m3u8#3')?.body ?? '')?.createdAtMs ?? 0;
    expect(createdAtMs(again)).to.be.above(createdAtMs(found));
  });

  it('says with a code what cannot work', async () => {
    const codeOf = async (args: readonly string[], key?: string) => {
      const { said, exitCode } = await run(args, key);
      expect(exitCode, said).to.equal(1);
      return said.trim().split('\n').at(-1)?.split(':')[0];
    };
    expect(await codeOf([])).to.equal('config_invalid');
    expect(await codeOf([folder])).to.equal('config_invalid');
    expect(await codeOf([folder, '--room', room])).to.equal('playlist_missing');
    expect(await codeOf(['--no-such-option'])).to.equal('config_invalid');
    await record();
    expect(await codeOf([folder, '--room', room], 'no key')).to.equal('signing_key_invalid');
    const out = join(folder, 'no', 'such', 'folder');
    expect(await codeOf([folder, '--room', room, '--out', out])).to.equal('output_failed');
    const help = await run(['--help']);
    expect(help.exitCode).to.equal(0);
    expect(help.out).to.include('--room NAME');
  });
});

describe('a server that passes on what a publisher signed', () => {
  it('passes on the latest of several descriptors of a segment, wherever they stand', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-forward-'));
    const signer = createSigner();
    const segmentId = 'list.m3u8#7';
    const digests = ['a'.repeat(43)];
    const lines = [1, 2, 3].map((sizeBytes) =>
      JSON.stringify(signer.sign({ room, segmentId, sizeBytes, digests })),
    );
    const [first = '', second = '', last = ''] = lines;
    await writeFile(join(folder, 'holdfast.jsonl'), [first, last, second].join('\n'));
    const forwarding = createForwarding(room, signer.publicKey, createFileReader(limits), limits);
    const wanted = { type: 'readSegment', segmentId, readId: 1, url: '', byteRange: null } as const;
    const playlist = pathToFileURL(join(folder, 'list.m3u8')).href;
    const read = await forwarding.read(wanted, playlist, new AbortController().signal);
    expect(read.sizeBytes).to.equal(3);
    expect(JSON.stringify(forwarding.sign(room, segmentId, read))).to.equal(last);
    await rm(folder, { recursive: true });
  });

  const live = new LiveServers();
  let published: PublishedStream;
  afterEach(async () => {
    await published?.close();
    await live.close();
  });

  it('reads no media; viewers get the publisher’s descriptors, of new segments too', async () => {
    const origin = await live.origin();
    published = await PublishedStream.start(origin, room);
    const server = await startSignaling({
      streams: { [room]: published.playlistUrl },
      publishers: { '*': published.key },
    });
    const client = await joinRoom(server, { room });
    expect(client.welcome.integrity).to.deep.equal({ mode: 'signed', keys: [published.key] });
    const found = new Set<string>();
    const gather = async (segmentId: string) => {
      while (!found.has(segmentId)) {
        for (const signed of (await client.next('descriptors')).descriptors) {
          expect(isSignedBy(signed, published.key)).to.equal(true);
          found.add(parseDescriptor(signed.body)?.segmentId ?? '');
        }
      }
    };
    for (const rendition of ['high', 'low']) await gather(`${rendition}/playlist.m3u8#109`);
    live.nowMs += 2_000;
    await gather('high/playlist.m3u8#110');
    expect(published.asked.filter((path) => /\.(m4s|mp4)$/.test(path))).to.deep.equal([]);
    expect(published.asked).to.include('/live/holdfast.jsonl');
    client.close();
    await server.close();
    expect(await published.stopSigning()).to.equal(0);
    // A live window is bounded, and so is its file.
    const kept = await readDescriptors(join(published.folder, 'holdfast.jsonl'), published.key);
    expect(kept.size).to.be.at.most(2 * 13);
    expect([...kept.keys()]).to.include('high/playlist.m3u8#110');
  });
});
