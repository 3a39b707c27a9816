import { expect } from 'chai';
import { createKey } from '../../../sdk/adapters/message-rows.ts';
import { Pseudonyms } from '../../../sdk/adapters/pseudonyms.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import type { MessageHeader } from '../../../signaling/protocol/messages.ts';

const header: MessageHeader = {
  ...{ id: 'same', room: 'same', from: 'same', role: 'host', kind: 'chat', to: 'same' },
  ...{ mentions: ['same', 'other'], replyTo: 'same', thread: 'same', priority: 'high' },
  ...{ textLength: 7, sentAtMs: 5, expiresAtMs: 9 },
};

/** As RFC 2104 says it, of a key that can be read. */
async function keyOf(bytes: number[]): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return await crypto.subtle.importKey('raw', new Uint8Array(bytes), algorithm, false, ['sign']);
}

describe('pseudonyms', () => {
  it('are the first 16 bytes of HMAC-SHA-256 over kind, zero and id', async () => {
    const pseudonyms = new Pseudonyms(await keyOf([1, 2, 3]));
    // printf 'user\0zoë' | openssl dgst -sha256 -mac HMAC -macopt hexkey:010203 -binary | head -c 16 | basenc --base64url
    expect(await pseudonyms.of('user', 'zoë')).to.equal('Bac4jburWyQHUNn2kMEqIg');
  });

  it('differ by kind, id and key, and are the same each time', async () => {
    const [first, second] = [await createKey(), await createKey()];
    const pseudonyms = new Pseudonyms(first.key);
    const made = await Promise.all([
      ...(['user', 'room', 'thread', 'message'] as const).map((kind) => pseudonyms.of(kind, 'a')),
      pseudonyms.of('user', 'b'),
      new Pseudonyms(second.key).of('user', 'a'),
    ]);
    expect(new Set(made).size).to.equal(6);
    expect(await new Pseudonyms(first.key).of('user', 'a')).to.equal(made[0]);
  });

  it('take the place of all ids of a header, and nothing else of it is changed', async () => {
    const pseudonyms = new Pseudonyms((await createKey()).key);
    const hashed = await pseudonyms.ofHeader(header);
    const of = (kind: Parameters<Pseudonyms['of']>[0]) => pseudonyms.of(kind, 'same');
    expect(hashed).to.deep.equal({
      ...{ message: await of('message'), from: await of('user'), room: await of('room') },
      ...{ thread: await of('thread'), to: await of('user'), replyTo: await of('message') },
      mentions: [await of('user'), await pseudonyms.of('user', 'other')],
      ...{
        role: 'host',
        kind: 'chat',
        priority: 'high',
        textLength: 7,
        sentAtMs: 5,
        expiresAtMs: 9,
      },
    });
    const { to, mentions, replyTo, thread, textLength, expiresAtMs, ...least } = header;
    expect(await pseudonyms.ofHeader(least)).to.deep.include({
      ...{
        thread: null,
        to: null,
        mentions: [],
        replyTo: null,
        textLength: null,
        expiresAtMs: null,
      },
    });
  });

  it('are computed once for those who write again, and known of a bounded number', async () => {
    const pseudonyms = new Pseudonyms((await createKey()).key);
    const { subtle } = crypto;
    const sign = subtle.sign.bind(subtle);
    let signed = 0;
    subtle.sign = (...parameters) => {
      signed += 1;
      return sign(...parameters);
    };
    try {
      for (let index = 0; index < limits.pseudonymsKnownMax; index += 1) {
        await pseudonyms.of('message', `${index}`);
        await pseudonyms.of('user', 'often');
      }
      expect(signed).to.equal(limits.pseudonymsKnownMax + 1);
      await pseudonyms.of('message', '0');
      expect(signed).to.equal(limits.pseudonymsKnownMax + 2);
    } finally {
      Reflect.deleteProperty(subtle, 'sign');
    }
  });
});
