import type {
  PeerLink,
  PeerLinkEvents,
  PeerLinkOptions,
  PeerLinks,
} from '../../../sdk/ports/peer-link.ts';
import * as limits from '../../../signaling/protocol/limits.ts';

export interface FakeNetwork {
  /** How long a message is under way. Default 1. */
  latencyMs?: number;
  /** How much media each link sends in a millisecond. Default 65 536. */
  bytesPerMs?: number;
}

export interface FakePeerLinks extends PeerLinks {
  /** Links that are not closed, and timers that run. */
  readonly leftoverCount: number;
}

/** Links in memory; those made by one of these objects reach one another. Connects by signals, as WebRTC does. */
export function createFakePeerLinks(network: FakeNetwork = {}): FakePeerLinks {
  const air = new Air(network);
  return {
    available: true,
    create: (options, events) => new FakePeerLink(air, options, events),
    get leftoverCount() {
      return air.linksById.size + air.timers.size;
    },
  };
}

class Air {
  readonly latencyMs: number;
  readonly bytesPerMs: number;
  readonly linksById = new Map<string, FakePeerLink>();
  readonly timers = new Set<unknown>();
  #idCount = 0;

  constructor({ latencyMs = 1, bytesPerMs = 65_536 }: FakeNetwork) {
    this.latencyMs = latencyMs;
    this.bytesPerMs = bytesPerMs;
  }

  add(link: FakePeerLink): string {
    this.#idCount += 1;
    const id = `link ${this.#idCount}`;
    this.linksById.set(id, link);
    return id;
  }

  after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, delayMs);
    this.timers.add(timer);
  }
}

class FakePeerLink implements PeerLink {
  mediaBufferedBytes = 0;
  #air: Air;
  #id: string;
  #initiator: boolean;
  #events: PeerLinkEvents;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #described = false;
  #other: FakePeerLink | null = null;
  /** Media that waits to be sent, and how much of the first chunk has left already. */
  #queue: Uint8Array[] = [];
  #sentOfFirst = 0;

  constructor(air: Air, { initiator }: PeerLinkOptions, events: PeerLinkEvents) {
    this.#air = air;
    this.#id = air.add(this);
    this.#initiator = initiator;
    this.#events = events;
    if (initiator) this.#later(0, () => this.#describe('offer'));
  }

  signal({ type, sdp }: Record<string, unknown>): void {
    const expected = this.#initiator ? 'answer' : 'offer';
    if (this.#state === 'closed' || this.#described) return;
    if (type !== expected || typeof sdp !== 'string') return;
    this.#described = true;
    this.#later(0, () => {
      this.#other = this.#air.linksById.get(sdp) ?? null;
      if (!this.#other) this.#end();
      else if (this.#initiator) this.#openBoth(this.#other);
      else this.#describe('answer');
    });
  }

  sendControl(text: string): void {
    this.#deliver((other) => other.#events.onControl(text));
  }

  sendMedia(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== 'open') return;
    this.#queue.push(bytes.slice());
    this.mediaBufferedBytes += bytes.byteLength;
    if (this.#queue.length === 1) this.#later(1, () => this.#sendQueued());
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#deliver((other) => other.#end());
    this.#state = 'closed';
    this.#air.linksById.delete(this.#id);
    this.#queue = [];
    this.mediaBufferedBytes = 0;
  }

  #describe(type: 'offer' | 'answer'): void {
    this.#events.onSignal({ type, sdp: this.#id });
    this.#events.onSignal({ type: 'candidate', candidate: { candidate: this.#id } });
  }

  #openBoth(other: FakePeerLink): void {
    for (const link of [this, other]) link.#later(this.#air.latencyMs, () => link.#open());
  }

  #open(): void {
    this.#state = 'open';
    this.#events.onOpen();
  }

  #end(): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#events.onClose();
  }

  /** A millisecond's worth of the queue leaves; a chunk arrives when all of it has left. */
  #sendQueued(): void {
    const before = this.mediaBufferedBytes;
    let budget = this.#air.bytesPerMs;
    for (let chunk = this.#queue[0]; chunk && budget > 0; chunk = this.#queue[0]) {
      const bytes = Math.min(budget, chunk.byteLength - this.#sentOfFirst);
      budget -= bytes;
      this.mediaBufferedBytes -= bytes;
      this.#sentOfFirst += bytes;
      if (this.#sentOfFirst < chunk.byteLength) break;
      const whole = chunk;
      this.#queue.shift();
      this.#sentOfFirst = 0;
      this.#deliver((other) => other.#events.onMedia(whole));
    }
    if (this.#queue.length > 0) this.#later(1, () => this.#sendQueued());
    const wasAbove = before > limits.peerBufferedBytesLow;
    if (wasAbove && this.mediaBufferedBytes <= limits.peerBufferedBytesLow) {
      this.#events.onMediaDrained();
    }
  }

  #deliver(arrive: (other: FakePeerLink) => void): void {
    const other = this.#other;
    if (this.#state !== 'open' || !other) return;
    other.#later(this.#air.latencyMs, () => {
      if (other.#state === 'connecting') other.#open();
      arrive(other);
    });
  }

  /** Unless this link is closed by then. */
  #later(delayMs: number, run: () => void): void {
    this.#air.after(delayMs, () => {
      if (this.#state !== 'closed') run();
    });
  }
}
