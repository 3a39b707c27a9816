import { expect } from 'chai';
import { createSeals } from '../../../sdk/adapters/web-crypto.ts';
import type { CoreEvent } from '../../../sdk/core/core.ts';
import { Media } from '../../../sdk/runtime/media.ts';
import { Verifier } from '../../../sdk/runtime/verifier.ts';
import { limits, type SignedDescriptor } from '../../../signaling/protocol/index.ts';

const room = 'room';
const segmentId = 'high/playlist.m3u8#7';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const oldMedia = new Uint8Array(100).fill(1);
const newMedia = new Uint8Array(100).fill(2);
const seals = createSeals();

describe('the verifier', () => {
  let keys: CryptoKeyPair;
  let events: CoreEvent[];
  let oldOne: SignedDescriptor;
  let newOne: SignedDescriptor;

  async function sign(
    bytes: Uint8Array<ArrayBuffer>,
    id = segmentId,
    createdAtMs = 1_000,
  ): Promise<SignedDescriptor> {
    const digests = [await seals.digest(bytes)];
    const sizeBytes = bytes.byteLength;
    const body = JSON.stringify({ room, segmentId: id, sizeBytes, digests, createdAtMs });
    const text = new TextEncoder().encode(body);
    const signature = await crypto.subtle.sign(algorithm, keys.privateKey, text);
    const base64 = btoa(String.fromCharCode(...new Uint8Array(signature)));
    const base64url = base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    return { body, signature: base64url };
  }

  async function create(used = seals): Promise<Verifier> {
    const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', keys.publicKey);
    const key = { kty: 'EC', crv: 'P-256', x, y } as const;
    events = [];
    return new Verifier(room, key, used, new Media(), (event) => events.push(event));
  }

  before(async () => {
    keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    [oldOne, newOne] = await Promise.all([sign(oldMedia), sign(newMedia, segmentId, 2_000)]);
  });

  const ways = {
    'the server': (verifier: Verifier, signed: SignedDescriptor) => verifier.add([signed]),
    'a peer': (verifier: Verifier, signed: SignedDescriptor) =>
      verifier.addRelayed(signed, segmentId),
  };
  for (const [first, bringFirst] of Object.entries(ways))
    for (const [second, bringSecond] of Object.entries(ways))
      it(`replaces no descriptor by an older one, signed as it is: ${first}'s, then ${second}'s`, async () => {
        const verifier = await create();
        await bringFirst(verifier, newOne);
        await bringSecond(verifier, oldOne);
        expect(await verifier.check(segmentId, 0, newMedia)).to.equal(true);
        expect(events).to.have.length(1);
        // The other way round the later counts, and says that it is another.
        const other = await create();
        await bringFirst(other, oldOne);
        await bringSecond(other, newOne);
        expect(await other.check(segmentId, 0, newMedia)).to.equal(true);
        const replaces = events.map((event) => 'replaces' in event && event.replaces);
        expect(replaces).to.deep.equal([false, true]);
      });

  it('takes what the server signs in place of what masters agreed on', async () => {
    const verifier = await create();
    const digests = [await seals.digest(oldMedia)];
    verifier.perform({ type: 'trustDigests', segmentId, sizeBytes: 100, digests });
    expect(await verifier.check(segmentId, 0, oldMedia)).to.equal(true);
    await verifier.add([newOne]);
    expect(await verifier.check(segmentId, 0, newMedia)).to.equal(true);
  });

  it('takes from a peer only the descriptor of the segment that it spoke of', async () => {
    const verifier = await create();
    await verifier.addRelayed(oldOne, 'high/playlist.m3u8#8');
    expect(events).to.deep.equal([]);
  });

  it('lets no slow batch overtake a later one', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = {
      ...seals,
      isSigned: async (...args: Parameters<typeof seals.isSigned>) => {
        if (args[0] === oldOne.body) await held;
        return await seals.isSigned(...args);
      },
    };
    const verifier = await create(slow);
    const older = verifier.add([oldOne]);
    const newer = verifier.add([newOne]);
    release();
    await Promise.all([older, newer]);
    expect(await verifier.check(segmentId, 0, newMedia)).to.equal(true);
  });

  it('looks at relayed descriptors for as long as it lives, whatever its listener throws', async () => {
    const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', keys.publicKey);
    const key = { kty: 'EC', crv: 'P-256', x, y } as const;
    let thrown = 0;
    const verifier = new Verifier(room, key, seals, new Media(), () => {
      thrown += 1;
      throw new Error('of the listener');
    });
    for (let index = 0; index <= limits.requestsPerPeerMax; index += 1) {
      const id = `high/playlist.m3u8#${index}`;
      await verifier.addRelayed(await sign(oldMedia, id), id);
    }
    expect(thrown).to.equal(limits.requestsPerPeerMax + 1);
  });

  it("takes what it looks for from a publisher's file, and nothing that is named alike", async () => {
    const verifier = await create();
    const others = await Promise.all(
      [70, 1, 17].map((sequence) => sign(oldMedia, `high/playlist.m3u8#${sequence}`)),
    );
    const lines = [...others, newOne].map((signed) => JSON.stringify(signed));
    verifier.addFile(['no JSON', ...lines, ''].join('\n'), [segmentId]);
    await verifier.add([]);
    expect(events).to.have.length(1);
    expect(events[0]).to.include({ type: 'segmentVouched', segmentId });
  });
});
