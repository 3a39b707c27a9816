import * as limits from '../../signaling/protocol/limits.ts';
import type { CoreEvent, Effect } from '../core/core.ts';
import {
  encodePeerMessage,
  type PeerMessage,
  type PeerRefusal,
  parsePeerMessage,
} from '../core/peer-wire.ts';
import type { PeerLink, PeerLinks } from '../ports/peer-link.ts';
import type { Media } from './media.ts';
import { type Arrival, Transfers } from './transfers.ts';
import type { Verifier } from './verifier.ts';

export type LinkEffect = Extract<
  Effect,
  {
    type:
      | 'openLink'
      | 'closeLink'
      | 'signalLink'
      | 'sendPeer'
      | 'expectPart'
      | 'forgetPart'
      | 'sendPart'
      | 'dropSend';
  }
>;

interface Connection {
  link: PeerLink;
  transfers: Transfers;
  /** Parts whose digest is being computed, by request id. */
  checking: Set<number>;
  /** Control messages in the current second. */
  windowStartMs: number;
  messages: number;
}

/** The links of one session: checks what peers send, and performs what the core wants sent. */
export class LinkHub {
  #links: PeerLinks;
  #relayOnly: boolean;
  #media: Media;
  #verifier: Verifier;
  #nowMs: () => number;
  #dispatch: (event: CoreEvent) => void;
  #connections = new Map<string, Connection>();
  bytesReceived = 0;
  bytesSent = 0;
  wastedBytes = 0;

  constructor(
    links: PeerLinks,
    relayOnly: boolean,
    media: Media,
    verifier: Verifier,
    nowMs: () => number,
    dispatch: (event: CoreEvent) => void,
  ) {
    this.#links = links;
    this.#relayOnly = relayOnly;
    this.#media = media;
    this.#verifier = verifier;
    this.#nowMs = nowMs;
    this.#dispatch = dispatch;
  }

  perform(effect: LinkEffect): void {
    if (effect.type === 'openLink') return this.#open(effect);
    const connection = this.#connections.get(effect.peer);
    if (!connection) return;
    const { link, transfers } = connection;
    switch (effect.type) {
      case 'closeLink':
        return this.#close(effect.peer);
      case 'signalLink':
        return link.signal(effect.signal);
      case 'sendPeer':
        return link.sendControl(encodePeerMessage(this.#vouched(effect)));
      case 'expectPart':
        return transfers.expect(effect.requestId, effect.segmentId, effect.part, effect.bytes);
      case 'forgetPart':
        connection.checking.delete(effect.requestId);
        return transfers.forget(effect.requestId);
      case 'dropSend':
        return transfers.dropSend(effect.requestId);
      case 'sendPart': {
        const { peer, requestId } = effect;
        const bytes = this.#media.part(effect.segmentId, effect.part);
        // Dropped between the decision and now: the peer asks elsewhere when it hears nothing.
        if (bytes) transfers.send(requestId, bytes);
        else this.#dispatch({ type: 'partSent', peer, requestId, bytes: 0 });
      }
    }
  }

  close(): void {
    for (const { link } of this.#connections.values()) link.close();
    this.#connections.clear();
  }

  #open({ peer, initiator, iceServers }: Extract<Effect, { type: 'openLink' }>): void {
    this.#close(peer);
    const isCurrent = () => this.#connections.get(peer) === connection;
    const refuse = (code: PeerRefusal) => {
      // The core closes the link; until then nothing more of this peer is read.
      if (isCurrent()) this.#dispatch({ type: 'peerRefused', peer, code });
    };
    const link = this.#links.create(
      { initiator, iceServers, relayOnly: this.#relayOnly },
      {
        onSignal: (signal) => isCurrent() && this.#dispatch({ type: 'linkSignal', peer, signal }),
        onOpen: () => isCurrent() && this.#dispatch({ type: 'linkOpened', peer }),
        onMediaDrained: () => connection.transfers.drained(),
        onControl: (text) => {
          if (!isCurrent()) return;
          if (this.#isFlood(connection)) return refuse('peer_rate_limited');
          const parsed = parsePeerMessage(text);
          if (!parsed.ok) return refuse(parsed.code);
          this.#dispatch({ type: 'peerMessage', peer, message: parsed.value });
        },
        onMedia: (bytes) => {
          if (isCurrent() && !this.#receive(peer, connection, bytes)) refuse('peer_chunk_invalid');
        },
        onClose: () => {
          if (!isCurrent()) return;
          this.#connections.delete(peer);
          this.#dispatch({ type: 'linkClosed', peer });
        },
      },
    );
    const transfers = new Transfers(link, (requestId, bytes) => {
      this.bytesSent += bytes;
      this.#dispatch({ type: 'partSent', peer, requestId, bytes });
    });
    const connection: Connection = {
      link,
      transfers,
      checking: new Set(),
      windowStartMs: 0,
      messages: 0,
    };
    this.#connections.set(peer, connection);
  }

  #vouched({ message, vouch }: Extract<Effect, { type: 'sendPeer' }>): PeerMessage {
    if (!vouch || message.type !== 'holding') return message;
    const descriptor = this.#verifier.signed(message.segment) ?? undefined;
    return { ...message, descriptor };
  }

  #close(peer: string): void {
    const connection = this.#connections.get(peer);
    this.#connections.delete(peer);
    connection?.link.close();
  }

  #receive(peer: string, connection: Connection, bytes: Uint8Array): boolean {
    const arrival = connection.transfers.receive(bytes);
    if (arrival.kind === 'invalid') return false;
    if (arrival.kind === 'late') {
      this.wastedBytes += arrival.bytes;
      return true;
    }
    const { requestId } = arrival;
    if (arrival.kind === 'progress') {
      this.#dispatch({ type: 'partProgress', peer, requestId, bytes: arrival.bytes });
      return true;
    }
    const { segmentId, part, bytes: whole } = arrival;
    this.bytesReceived += whole.byteLength;
    if (!this.#verifier.checks) this.#take(peer, requestId, segmentId, part, whole);
    else void this.#check(peer, connection, arrival);
    return true;
  }

  #take(
    peer: string,
    requestId: number,
    segmentId: string,
    part: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): void {
    this.#media.put(segmentId, part, bytes);
    this.#dispatch({ type: 'partReceived', peer, requestId, bytes: bytes.byteLength });
  }

  /** What a peer sent counts only once its digest is known to be right. */
  async #check(
    peer: string,
    connection: Connection,
    { requestId, segmentId, part, bytes }: Extract<Arrival, { kind: 'part' }>,
  ): Promise<void> {
    connection.checking.add(requestId);
    const isRight = await this.#verifier.check(segmentId, part, bytes).catch(() => null);
    // Cancelled meanwhile, or the link is gone.
    const isWanted =
      connection.checking.delete(requestId) && this.#connections.get(peer) === connection;
    if (isWanted && isRight) return this.#take(peer, requestId, segmentId, part, bytes);
    this.wastedBytes += bytes.byteLength;
    if (isWanted && isRight === false) this.#dispatch({ type: 'partForged', peer, requestId });
  }

  #isFlood(connection: Connection): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - connection.windowStartMs >= 1_000) {
      connection.windowStartMs = nowMs;
      connection.messages = 0;
    }
    connection.messages += 1;
    return connection.messages > limits.peerMessagesPerSecondMax;
  }
}
