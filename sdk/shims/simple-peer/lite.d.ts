/** Types of `simple-peer/lite.js` as the sdk uses it, with the stream that stands in here. */

/** What peers exchange to connect: an SDP or an ICE candidate. */
export interface SignalData {
  type?: string;
  sdp?: string;
  candidate?: RTCIceCandidateInit;
}

export interface PeerOptions {
  initiator: boolean;
  channelName: string;
  channelConfig: RTCDataChannelInit;
  config: RTCConfiguration;
}

/** `close` comes last, once, however the peer ended. */
export interface PeerEvents {
  signal: [data: SignalData];
  error: [error: Error];
  close: [];
}

export default class SimplePeer {
  constructor(options: PeerOptions);
  readonly initiator: boolean;
  readonly destroyed: boolean;
  /** The connection and its channel, for what the class does not offer; null once it is torn down. */
  readonly _pc: RTCPeerConnection | null;
  readonly _channel: RTCDataChannel | null;
  signal(data: SignalData): void;
  destroy(error?: Error): void;
  on<Name extends keyof PeerEvents>(
    name: Name,
    listener: (...values: PeerEvents[Name]) => void,
  ): this;
  once<Name extends keyof PeerEvents>(
    name: Name,
    listener: (...values: PeerEvents[Name]) => void,
  ): this;
  off<Name extends keyof PeerEvents>(
    name: Name,
    listener: (...values: PeerEvents[Name]) => void,
  ): this;
}
