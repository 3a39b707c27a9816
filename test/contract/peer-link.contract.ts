import { expect } from 'chai';
import type { PeerLink, PeerLinkEvents, PeerLinks } from '../../sdk/ports/peer-link.ts';
import * as limits from '../../signaling/protocol/limits.ts';

/** What a contract run needs of an implementation. */
export interface PeerLinksUnderTest {
  links: PeerLinks;
  /** Connections and timers that `links` has made and not ended. */
  countLeftovers(): number;
  dispose(): void;
}

/** One end of a pair, with all that its link told. */
class End {
  readonly log: string[] = [];
  readonly media: number[] = [];
  onDrained = (): void => {};
  onMessage = (): void => {};
  link!: PeerLink;
  other!: End;
  #open = (): void => {};
  #end = (): void => {};
  readonly opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  events(): PeerLinkEvents {
    return {
      // Through a string and later, as the signaling server would.
      onSignal: (signal) => {
        const text = JSON.stringify(signal);
        setTimeout(() => this.other.link.signal(JSON.parse(text)), 1);
      },
      onOpen: () => {
        this.log.push('open');
        this.#open();
      },
      onControl: (text) => {
        this.log.push(`control ${text}`);
        this.onMessage();
      },
      onMedia: (bytes) => {
        this.media.push(bytes.byteLength === 0 ? -1 : (bytes[0] ?? -1));
        this.log.push(`media ${bytes.byteLength}`);
        this.onMessage();
      },
      onMediaDrained: () => this.onDrained(),
      onClose: () => {
        this.log.push('close');
        this.#end();
      },
    };
  }

  /** Resolves when `done` holds; asked after every message. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.onMessage = () => {
        if (done()) resolve();
      };
      this.onMessage();
    });
  }

  count(entry: string): number {
    return this.log.filter((line) => line === entry).length;
  }
}

function createPair(links: PeerLinks): [End, End] {
  const ends: [End, End] = [new End(), new End()];
  ends.forEach((end, index) => {
    end.other = ends[1 - index] as End;
    const options = { initiator: index === 0, iceServers: [], relayOnly: false };
    end.link = links.create(options, end.events());
  });
  return ends;
}

async function openPair(links: PeerLinks): Promise<[End, End]> {
  const [caller, callee] = createPair(links);
  await Promise.all([caller.opened, callee.opened]);
  return [caller, callee];
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const chunkOf = (firstByte: number, bytes: number = limits.chunkBytes) =>
  new Uint8Array(bytes).fill(firstByte, 0, 1);

/** What every implementation of `PeerLinks` does. */
export function describePeerLinks(name: string, setUp: () => PeerLinksUnderTest): void {
  describe(`peer links: ${name}`, () => {
    let subject: PeerLinksUnderTest;
    beforeEach(() => {
      subject = setUp();
    });
    afterEach(() => subject.dispose());

    it('is available, and opens on both sides, once', async () => {
      expect(subject.links.available).to.equal(true);
      const [caller, callee] = await openPair(subject.links);
      await pause(20);
      expect([caller.log, callee.log]).to.deep.equal([['open'], ['open']]);
    });

    it('delivers control and media whole and each in order, both ways', async () => {
      const ends = await openPair(subject.links);
      for (const end of ends) {
        for (let number = 0; number < 50; number += 1) {
          end.link.sendControl(`{"number":${number},"text":"é"}`);
          end.link.sendMedia(chunkOf(number, 1_000 + number));
        }
      }
      for (const end of ends) {
        await end.until(() => end.log.length === 101);
        const expected = Array.from({ length: 50 }, (_, number) => number);
        const control = end.log.filter((line) => line.startsWith('control'));
        const media = end.log.filter((line) => line.startsWith('media'));
        expect(end.media).to.deep.equal(expected);
        expect(media).to.deep.equal(expected.map((number) => `media ${1_000 + number}`));
        expect(control).to.deep.equal(
          expected.map((number) => `control {"number":${number},"text":"é"}`),
        );
      }
    });

    it('keeps what it was handed, whatever the caller does with the buffer next', async () => {
      const [caller, callee] = await openPair(subject.links);
      const chunk = chunkOf(7);
      caller.link.sendMedia(chunk);
      chunk.fill(9);
      await callee.until(() => callee.media.length === 1);
      expect(callee.media).to.deep.equal([7]);
    });

    it('delivers a part of a larger buffer alone', async () => {
      const [caller, callee] = await openPair(subject.links);
      caller.link.sendMedia(chunkOf(7, 4_096).subarray(0, 100));
      await callee.until(() => callee.media.length === 1);
      expect(callee.log.at(-1)).to.equal('media 100');
    });

    it('carries many chunks with little buffered, on drained events alone', async () => {
      const [caller, callee] = await openPair(subject.links);
      const total = 1_000;
      let sent = 0;
      let bufferedMax = 0;
      const pump = () => {
        while (sent < total && caller.link.mediaBufferedBytes < limits.peerBufferedBytesMax) {
          caller.link.sendMedia(chunkOf(sent % 256));
          sent += 1;
        }
        bufferedMax = Math.max(bufferedMax, caller.link.mediaBufferedBytes);
      };
      caller.onDrained = pump;
      pump();
      expect(sent).to.be.lessThan(total);
      await callee.until(() => callee.media.length === total);
      expect(callee.media).to.deep.equal(Array.from({ length: total }, (_, index) => index % 256));
      expect(bufferedMax).to.be.within(
        limits.peerBufferedBytesMax,
        limits.peerBufferedBytesMax + limits.chunkBytes,
      );
    });

    it('tells of the drain when exactly the limit was buffered, and counts down to nothing', async () => {
      const [caller] = await openPair(subject.links);
      const drained = new Promise<void>((resolve) => {
        caller.onDrained = () => {
          expect(caller.link.mediaBufferedBytes).to.be.at.most(limits.peerBufferedBytesLow);
          resolve();
        };
      });
      caller.link.sendMedia(chunkOf(1, limits.peerBufferedBytesMax));
      expect(caller.link.mediaBufferedBytes).to.equal(limits.peerBufferedBytesMax);
      await drained;
      while (caller.link.mediaBufferedBytes > 0) await pause(1);
    });

    it('lets control overtake a full media queue', async () => {
      const [caller, callee] = await openPair(subject.links);
      const total = 400;
      for (let index = 0; index < total; index += 1) caller.link.sendMedia(chunkOf(1));
      caller.link.sendControl('urgent');
      await callee.until(() => callee.media.length === total && callee.count('control urgent') > 0);
      // With one queue for both it would come last; how much has gone by then is the machine's business.
      expect(callee.log.indexOf('control urgent')).to.be.lessThan(total * 0.9);
    });

    it('closes silently here, and is reported once there', async () => {
      const [caller, callee] = await openPair(subject.links);
      caller.link.close();
      caller.link.close();
      await callee.ended;
      callee.link.close();
      await pause(100);
      expect([caller.log, callee.log]).to.deep.equal([['open'], ['open', 'close']]);
    });

    it('says nothing after close, even of what was under way', async () => {
      const [caller, callee] = await openPair(subject.links);
      for (let index = 0; index < 20; index += 1) callee.link.sendMedia(chunkOf(1));
      caller.onDrained = () => caller.log.push('drained');
      caller.link.sendMedia(chunkOf(1, limits.peerBufferedBytesMax));
      caller.link.close();
      await pause(100);
      expect(caller.log).to.deep.equal(['open']);
    });

    it('ignores sends before it is open and after it is closed, on both sides', async () => {
      const [caller, callee] = createPair(subject.links);
      const sendAll = () => {
        for (const { link } of [caller, callee]) {
          link.sendControl('text');
          link.sendMedia(chunkOf(1));
        }
      };
      sendAll();
      await Promise.all([caller.opened, callee.opened]);
      caller.link.close();
      await callee.ended;
      sendAll();
      expect(caller.link.mediaBufferedBytes).to.equal(0);
      caller.link.signal({ type: 'offer', sdp: 'late' });
      await pause(50);
      expect([caller.log, callee.log]).to.deep.equal([['open'], ['open', 'close']]);
    });

    it('can be closed before it opens, at any moment', async () => {
      for (const delayMs of [null, 0, 2, 5, 10]) {
        const [caller, callee] = createPair(subject.links);
        if (delayMs !== null) await pause(delayMs);
        caller.link.close();
        callee.link.close();
        await pause(20);
        const events = [...caller.log, ...callee.log].filter((line) => line !== 'open');
        // Only the one that was closed later can have noticed the other.
        expect(events).to.deep.equal([]);
      }
      expect(subject.countLeftovers()).to.equal(0);
    });

    it('drops signals that it cannot read, and opens all the same', async () => {
      const [caller, callee] = createPair(subject.links);
      const garbage: Record<string, unknown>[] = [
        {},
        { type: 'offer' },
        { type: 'offer', sdp: 7 },
        { type: 'rollback', sdp: '' },
        { type: 'candidate' },
        { type: 'candidate', candidate: null },
        { type: 'candidate', candidate: {} },
        { type: 'candidate', candidate: { candidate: 'nonsense', sdpMid: '0', sdpMLineIndex: 0 } },
        { type: 'candidate', candidate: { candidate: 7, sdpMid: {}, sdpMLineIndex: -1 } },
        { type: 'renegotiate', renegotiate: true },
        { type: 'transceiverRequest', transceiverRequest: { kind: 'video' } },
        { renegotiate: true, transceiverRequest: {}, candidate: 'x' },
      ];
      const sendGarbage = () => {
        for (const { link } of [caller, callee]) for (const signal of garbage) link.signal(signal);
      };
      sendGarbage();
      await pause(5);
      sendGarbage();
      await Promise.all([caller.opened, callee.opened]);
      sendGarbage();
      await pause(50);
      expect([caller.log, callee.log]).to.deep.equal([['open'], ['open']]);
    });

    it('closes, rather than throws, on a description that is none', async () => {
      const [caller, callee] = createPair(subject.links);
      caller.link.signal({ type: 'answer', sdp: 'nonsense' });
      callee.link.signal({ type: 'offer', sdp: 'nonsense' });
      await Promise.all([caller.ended, callee.ended]);
      await pause(20);
      expect([caller.log, callee.log]).to.deep.equal([['close'], ['close']]);
    });

    it('opens and closes twenty times and leaves nothing', async () => {
      for (let cycle = 0; cycle < 20; cycle += 1) {
        const [caller, callee] = await openPair(subject.links);
        caller.link.sendMedia(chunkOf(cycle));
        (cycle % 2 === 0 ? caller : callee).link.close();
        await (cycle % 2 === 0 ? callee : caller).ended;
      }
      await pause(50);
      expect(subject.countLeftovers()).to.equal(0);
    });
  });
}
