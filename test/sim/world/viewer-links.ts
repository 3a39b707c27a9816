import type { Effect } from '../../../sdk/core/core.ts';
import {
  encodePeerMessage,
  type PeerMessage,
  parsePeerMessage,
} from '../../../sdk/core/peer-wire.ts';
import type { LinkEnd, Network } from './network.ts';
import type { Viewer } from './viewer.ts';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

/** The links of one page, and the parts that it expects over them. */
export class ViewerLinks {
  #viewer: Viewer;
  #network: Network;
  #encodings = 0;
  #links = new Map<string, LinkEnd>();
  #expected = new Map<
    string,
    { segmentId: string; part: number; bytes: number; received: number }
  >();

  constructor(viewer: Viewer, network: Network) {
    this.#viewer = viewer;
    this.#network = network;
  }

  all(): LinkEnd[] {
    return [...this.#links.values()];
  }

  /** Returns false for an effect of another kind. */
  perform(effect: Effect): boolean {
    switch (effect.type) {
      case 'openLink':
        this.#openLink(effect);
        return true;
      case 'closeLink':
        this.#closeLink(effect.peer);
        return true;
      case 'signalLink': {
        const link = this.#links.get(effect.peer);
        if (link) this.#network.signal(link, effect.signal);
        return true;
      }
      case 'sendPeer':
        this.#sendPeer(effect);
        return true;
      default:
        return this.#performPart(effect);
    }
  }

  closed(peer: string): void {
    this.#links.delete(peer);
    this.#forgetPartsOf(peer);
    this.#viewer.tell({ type: 'linkClosed', peer });
  }

  controlArrived(peer: string, message: unknown): void {
    this.#viewer.tally.messages += 1;
    if (typeof message === 'object' && message !== null) {
      return this.#viewer.tell({ type: 'peerMessage', peer, message: message as PeerMessage });
    }
    const parsed = parsePeerMessage(message);
    if (parsed.ok) this.#viewer.tell({ type: 'peerMessage', peer, message: parsed.value });
    else this.#viewer.tell({ type: 'peerRefused', peer, code: parsed.code });
  }

  chunkArrived(peer: string, requestId: number, bytes: number): void {
    const { tally, store } = this.#viewer;
    const key = `${peer}|${requestId}`;
    const expected = this.#expected.get(key);
    tally.bytesFromPeers += bytes;
    if (!expected) return tally.wasted('late', bytes);
    expected.received += bytes;
    this.#viewer.tell({ type: 'partProgress', peer, requestId, bytes });
    if (expected.received < expected.bytes || !this.#expected.delete(key)) return;
    if (expected.received > expected.bytes) throw new Error('a peer sent more than was asked for');
    const { segmentId, part } = expected;
    if (!store.put(segmentId, part, expected.bytes)) tally.wasted('duplicate', expected.bytes);
    this.#viewer.tell({ type: 'partReceived', peer, requestId, bytes: expected.bytes });
  }

  #performPart(effect: Effect): boolean {
    const { store, tally } = this.#viewer;
    switch (effect.type) {
      case 'expectPart':
        this.#expect(effect);
        return true;
      case 'forgetPart': {
        const key = `${effect.peer}|${effect.requestId}`;
        tally.wasted('cancelled', this.#expected.get(key)?.received ?? 0);
        this.#expected.delete(key);
        return true;
      }
      case 'sendPart': {
        if (!this.#viewer.uploads) throw new Error('core uploads although it may not');
        const bytes = store.partBytes(effect.segmentId, effect.part);
        this.#open(effect.peer).sendPart(effect.requestId, bytes);
        return true;
      }
      case 'dropSend':
        this.#links.get(effect.peer)?.dropPart(effect.requestId);
        return true;
      default:
        return false;
    }
  }

  #openLink({ peer, initiator }: Of<'openLink'>): void {
    if (this.#links.has(peer)) throw new Error('core opened a link twice');
    this.#links.set(peer, this.#network.openLink(this.#viewer, peer, initiator));
  }

  #closeLink(peer: string): void {
    const link = this.#links.get(peer);
    this.#links.delete(peer);
    if (link) this.#network.close(link);
    this.#forgetPartsOf(peer);
  }

  #sendPeer({ peer, message }: Of<'sendPeer'>): void {
    const link = this.#open(peer);
    // Every so many messages, as many as the share says.
    this.#encodings += this.#viewer.spec.wireShare;
    const isEncoded = this.#encodings >= 1;
    if (isEncoded) this.#encodings -= 1;
    this.#network.sendControl(link, isEncoded ? encodePeerMessage(message) : message);
  }

  #expect({ peer, requestId, segmentId, part, bytes }: Of<'expectPart'>): void {
    this.#open(peer);
    this.#expected.set(`${peer}|${requestId}`, { segmentId, part, bytes, received: 0 });
  }

  #open(peer: string): LinkEnd {
    const link = this.#links.get(peer);
    if (!link?.open) throw new Error(`core uses a link that is not open: to ${peer}`);
    return link;
  }

  #forgetPartsOf(peer: string): void {
    for (const [key, { received }] of this.#expected) {
      if (!key.startsWith(`${peer}|`)) continue;
      this.#viewer.tally.wasted('linkLost', received);
      this.#expected.delete(key);
    }
  }
}
