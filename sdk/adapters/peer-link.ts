import SimplePeer, { type SignalData } from 'simple-peer/lite.js';
import * as limits from '../../signaling/protocol/limits.ts';
import type { PeerLink, PeerLinkEvents, PeerLinkOptions, PeerLinks } from '../ports/peer-link.ts';

/**
 * A network that changed is back within this time; a page that died never is. Measured in Chromium on loopback, from
 * the end of the other side to `onClose`: `close()`, navigation and a closed tab 2 to 20 ms; a killed process 8 s, as
 * ICE takes 6 s of silence to say `disconnected`, however much was being sent.
 */
const disconnectedMaxMs = 2_000;

/**
 * Both channels are negotiated, so that neither waits for the other side to announce it, and so that a stranger's
 * own channels are nobody's: media is simple-peer's channel, control stands beside it.
 */
const mediaChannel: RTCDataChannelInit = { negotiated: true, id: 0, ordered: true };
const controlChannel: RTCDataChannelInit = { negotiated: true, id: 1, ordered: true };

/** Links over WebRTC. */
export function createPeerLinks(): PeerLinks {
  return {
    get available() {
      return hasWebRtc();
    },
    create: (options, events) => new SimplePeerLink(options, events),
  };
}

const hasWebRtc = () => typeof RTCPeerConnection === 'function';

class SimplePeerLink implements PeerLink {
  #initiator: boolean;
  #events: PeerLinkEvents;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #peer: SimplePeer | null = null;
  #media: RTCDataChannel | null = null;
  #control: RTCDataChannel | null = null;
  #signalCount = 0;
  #described = false;
  #disconnectedTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PeerLinkOptions, events: PeerLinkEvents) {
    this.#initiator = options.initiator;
    this.#events = events;
    this.#guard(() => this.#connect(options));
  }

  get mediaBufferedBytes(): number {
    return this.#media?.bufferedAmount ?? 0;
  }

  signal(untrusted: Record<string, unknown>): void {
    if (this.#state === 'closed' || this.#signalCount >= limits.framesBurstMax) return;
    const signal = this.#readSignal(untrusted);
    if (!signal) return;
    this.#signalCount += 1;
    this.#guard(() => this.#peer?.signal(signal));
  }

  sendControl(text: string): void {
    if (this.#state === 'open') this.#guard(() => this.#control?.send(text));
  }

  sendMedia(bytes: Uint8Array<ArrayBuffer>): void {
    // Past simple-peer's stream: the channel itself takes the bytes with one copy and one check.
    if (this.#state === 'open') this.#guard(() => this.#media?.send(bytes));
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#disconnectedTimer);
    // simple-peer closes its connection in a timer, which a page in the background runs up to a second late.
    this.#peer?._pc?.close();
    this.#peer?.destroy();
    this.#peer = null;
    this.#media = null;
    this.#control = null;
  }

  #connect({ initiator, iceServers, relayOnly }: PeerLinkOptions): void {
    if (!hasWebRtc()) throw new Error('this browser has no WebRTC');
    const peer = new SimplePeer({
      initiator,
      channelName: 'media',
      channelConfig: mediaChannel,
      // An empty list stays empty: it takes the place of simple-peer's public servers.
      config: { iceServers, iceTransportPolicy: relayOnly ? 'relay' : 'all' },
    });
    this.#peer = peer;
    peer.on('signal', (signal) => this.#send(signal));
    // Where it could not connect at all, nothing else follows in Node.
    peer.on('error', () => this.#end());
    peer.on('close', () => this.#end());
    const connection = connectionOf(peer);
    this.#watch(connection);
    this.#media = this.#listen(channelOf(peer), (data) => {
      this.#events.onMedia(data instanceof ArrayBuffer ? new Uint8Array(data) : noBytes);
    });
    // Control must not wait behind media, and within one channel everything waits its turn.
    const control = connection.createDataChannel('control', controlChannel);
    this.#control = this.#listen(control, (data) => {
      this.#events.onControl(typeof data === 'string' ? data : '');
    });
    this.#media.bufferedAmountLowThreshold = limits.peerBufferedBytesLow;
    this.#media.onbufferedamountlow = () => {
      if (this.#state === 'open') this.#events.onMediaDrained();
    };
  }

  /** A message of the wrong kind is passed on as an empty one, for the core to refuse. */
  #listen(channel: RTCDataChannel, receive: (data: unknown) => void): RTCDataChannel {
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('open', () => this.#open());
    channel.addEventListener('close', () => this.#end());
    // In place of simple-peer's listener, which feeds a stream that nobody reads.
    channel.onmessage = ({ data }) => {
      this.#open();
      if (this.#state === 'open') receive(data);
    };
    return channel;
  }

  #watch(connection: RTCPeerConnection): void {
    connection.addEventListener('iceconnectionstatechange', () => {
      clearTimeout(this.#disconnectedTimer);
      if (this.#state === 'closed' || connection.iceConnectionState !== 'disconnected') return;
      this.#disconnectedTimer = setTimeout(() => this.#end(), disconnectedMaxMs);
    });
  }

  #open(): void {
    if (this.#state !== 'connecting') return;
    if (this.#media?.readyState !== 'open' || this.#control?.readyState !== 'open') return;
    this.#state = 'open';
    this.#events.onOpen();
  }

  #end(): void {
    if (this.#state === 'closed') return;
    this.close();
    this.#events.onClose();
  }

  /** What fails in here ends the link, after the caller is done. */
  #guard(action: () => void): void {
    try {
      action();
    } catch {
      queueMicrotask(() => this.#end());
    }
  }

  #send({ type, sdp, candidate }: SignalData): void {
    if (this.#state === 'closed') return;
    if (sdp) this.#events.onSignal({ type, sdp });
    // The empty candidate that ends gathering tells the other side nothing that it waits for.
    else if (candidate?.candidate) this.#events.onSignal({ type, candidate });
  }

  /**
   * Takes one offer or answer, and candidates. There is nothing to renegotiate, and wishes for more are how a
   * stranger would keep us busy: null for them, and for what cannot be read.
   */
  #readSignal({ type, sdp, candidate }: Record<string, unknown>): SignalData | null {
    if (type === 'candidate') {
      const isObject = typeof candidate === 'object' && candidate !== null;
      return isObject ? { type, candidate: candidate as RTCIceCandidateInit } : null;
    }
    const expected = this.#initiator ? 'answer' : 'offer';
    if (type !== expected || typeof sdp !== 'string' || this.#described) return null;
    this.#described = true;
    return { type: expected, sdp };
  }
}

const noBytes = new Uint8Array();

/** simple-peer makes one channel and shows neither it nor the connection; a second channel needs both. */
function connectionOf(peer: SimplePeer): RTCPeerConnection {
  if (!peer._pc) throw new Error('the browser refused to make a connection');
  return peer._pc;
}

function channelOf(peer: SimplePeer): RTCDataChannel {
  if (!peer._channel) throw new Error('the connection has no channel');
  return peer._channel;
}
