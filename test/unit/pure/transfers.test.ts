import { expect } from 'chai';
import { encodeChunk } from '../../../sdk/core/peer-wire.ts';
import { Transfers } from '../../../sdk/runtime/transfers.ts';
import * as limits from '../../../signaling/protocol/limits.ts';

/** A link that takes what it is given until it is full. */
function createLink() {
  const sent: Uint8Array<ArrayBuffer>[] = [];
  const link = {
    mediaBufferedBytes: 0,
    signal: () => {},
    sendControl: () => {},
    sendMedia: (bytes: Uint8Array<ArrayBuffer>) => {
      sent.push(bytes);
      link.mediaBufferedBytes += bytes.byteLength;
    },
    close: () => {},
  };
  return { link, sent };
}

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe('transfers over one link', () => {
  it('bring a part over whole, chunk by chunk', () => {
    const { link, sent } = createLink();
    const whole = bytesOf(limits.chunkBytes + 77);
    const done: number[] = [];
    const transfers = new Transfers(link, (requestId) => done.push(requestId));
    transfers.send(7, whole);
    expect(done, 'still in the buffer of the link').to.deep.equal([]);
    link.mediaBufferedBytes = 0;
    transfers.drained();
    expect(done).to.deep.equal([7]);
    expect(sent).to.have.length(2);
    const receiver = new Transfers(createLink().link, () => {});
    receiver.expect(7, 'a#1', 3, whole.byteLength);
    expect(receiver.receive(sent[0] as Uint8Array)).to.include({ kind: 'progress', requestId: 7 });
    const arrival = receiver.receive(sent[1] as Uint8Array);
    expect(arrival).to.include({ kind: 'part', segmentId: 'a#1', part: 3 });
    expect(arrival.kind === 'part' && [...arrival.bytes]).to.deep.equal([...whole]);
  });

  it('stop at a full link and go on when it has drained', () => {
    const { link, sent } = createLink();
    const transfers = new Transfers(link, () => {});
    transfers.send(1, bytesOf(limits.partBytes));
    transfers.send(2, bytesOf(limits.partBytes));
    const atFirst = sent.length;
    expect(link.mediaBufferedBytes).to.be.at.most(limits.peerBufferedBytesMax + limits.chunkBytes);
    link.mediaBufferedBytes = 0;
    transfers.drained();
    expect(sent.length).to.be.above(atFirst);
  });

  it('send nothing more of a dropped request', () => {
    const { link, sent } = createLink();
    const transfers = new Transfers(link, () => {});
    link.mediaBufferedBytes = limits.peerBufferedBytesMax;
    transfers.send(1, bytesOf(10));
    transfers.dropSend(1);
    link.mediaBufferedBytes = 0;
    transfers.drained();
    expect(sent).to.deep.equal([]);
  });

  it('call late what was cancelled, and invalid what was never asked', () => {
    const transfers = new Transfers(createLink().link, () => {});
    const chunk = encodeChunk({ requestId: 5, offsetBytes: 0, payload: bytesOf(10) });
    expect(transfers.receive(chunk)).to.deep.equal({ kind: 'invalid' });
    transfers.expect(5, 'a#1', 0, 100);
    transfers.forget(5);
    expect(transfers.receive(chunk)).to.deep.equal({ kind: 'late', bytes: 10 });
  });

  for (const [what, offsetBytes, length] of [
    ['a gap', 5, 10],
    ['more than the part has', 0, 101],
  ] as const) {
    it(`call invalid ${what}`, () => {
      const transfers = new Transfers(createLink().link, () => {});
      transfers.expect(5, 'a#1', 0, 100);
      const chunk = encodeChunk({ requestId: 5, offsetBytes, payload: bytesOf(length) });
      expect(transfers.receive(chunk)).to.deep.equal({ kind: 'invalid' });
    });
  }
});
