import { expect } from 'chai';
import {
  chunkHeaderBytes,
  encodeChunk,
  encodePeerMessage,
  type PeerMessage,
  parseChunk,
  parsePeerMessage,
  peerVersion,
} from '../../../sdk/core/peer-wire.ts';
import { limits } from '../../../signaling/protocol/index.ts';

const segment = 'high/playlist.m3u8#7';
const messages: PeerMessage[] = [
  { type: 'hello', version: peerVersion, follows: [{ playlistId: 'high/p.m3u8', version: -1 }] },
  { type: 'follow', follows: [] },
  { type: 'playlist', playlistId: 'high/p.m3u8', text: '#EXTM3U' },
  { type: 'playlistUnable', playlistId: 'high/p.m3u8' },
  { type: 'want', segment },
  { type: 'unwant', segment },
  { type: 'holding', segment, sizeBytes: 9, parts: [0, 3], complete: false, fetching: true },
  { type: 'holding', segment, sizeBytes: null, parts: [], complete: false, fetching: false },
  { type: 'unable', segment },
  {
    ...{ type: 'holding', segment, sizeBytes: 70_000, parts: [], complete: false, fetching: true },
    digests: ['a'.repeat(43), 'b'.repeat(43)],
    descriptor: { body: '{}', signature: 'a'.repeat(86) },
  },
  { type: 'request', requestId: 0xffff_ffff, segment, part: limits.partsPerSegmentMax - 1 },
  { type: 'refuse', requestId: 1, reason: 'cycle' },
  { type: 'cancel', requestId: 1 },
];

const holding = messages.find(({ type }) => type === 'holding');

describe('the peer wire', () => {
  for (const message of messages) {
    it(`carries ${JSON.stringify(message).slice(0, 60)}`, () => {
      expect(parsePeerMessage(encodePeerMessage(message))).to.deep.equal({
        ok: true,
        value: message,
      });
    });
  }

  it('refuses another version before anything else of it', () => {
    const text = JSON.stringify({ type: 'hello', version: peerVersion + 1, something: 'new' });
    expect(parsePeerMessage(text)).to.deep.equal({ ok: false, code: 'peer_version_unsupported' });
  });

  it('refuses whatever is no message', () => {
    const bad: unknown[] = [
      undefined,
      null,
      7,
      new Uint8Array(3),
      '',
      '{',
      'null',
      '[]',
      '{"type":"other"}',
      JSON.stringify({ type: 'want', segment: '' }),
      JSON.stringify({ type: 'want', segment: 'x'.repeat(limits.segmentIdBytesMax + 1) }),
      JSON.stringify({ type: 'request', requestId: -1, segment, part: 0 }),
      JSON.stringify({ type: 'request', requestId: 1, segment, part: limits.partsPerSegmentMax }),
      JSON.stringify({ type: 'request', requestId: 1.5, segment, part: 0 }),
      JSON.stringify({ ...holding, parts: Array(limits.partsPerSegmentMax + 1).fill(0) }),
      JSON.stringify({ ...holding, sizeBytes: 0 }),
      JSON.stringify({ type: 'refuse', requestId: 1, reason: 'because' }),
      `{"type":"want","segment":"${'x'.repeat(limits.peerControlBytesMax)}"}`,
    ];
    for (const text of bad) {
      const what = String(text).slice(0, 60);
      expect(parsePeerMessage(text), what).to.deep.equal({
        ok: false,
        code: 'peer_message_invalid',
      });
    }
  });

  it('carries chunks', () => {
    const payload = Uint8Array.from({ length: limits.chunkBytes }, (_, index) => index);
    const offsetBytes = limits.partBytes - limits.chunkBytes;
    const parsed = parseChunk(encodeChunk({ requestId: 0xffff_fffe, offsetBytes, payload }));
    expect(parsed.ok && parsed.value.requestId).to.equal(0xffff_fffe);
    expect(parsed.ok && parsed.value.offsetBytes).to.equal(offsetBytes);
    expect(parsed.ok && [...parsed.value.payload]).to.deep.equal([...payload]);
  });

  it('refuses chunks that are empty, too long, beyond their part or of another kind', () => {
    const payload = new Uint8Array(16);
    const chunk = encodeChunk({ requestId: 1, offsetBytes: 0, payload });
    const otherKind = chunk.slice();
    otherKind[0] = 2;
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(chunkHeaderBytes),
      otherKind,
      encodeChunk({ requestId: 1, offsetBytes: 0, payload: new Uint8Array(limits.chunkBytes + 1) }),
      encodeChunk({ requestId: 1, offsetBytes: limits.partBytes - 15, payload }),
    ]) {
      expect(parseChunk(bytes)).to.deep.equal({ ok: false, code: 'peer_chunk_invalid' });
    }
  });
});
