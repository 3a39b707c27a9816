/** Types of `simple-peer/lite.js` as the sdk uses it, with the stream that stands in here. */

/** What peers exchange to connect: an SDP, an ICE candidate, or a wish to negotiate again. */
export interface SignalData {
  type?: string;
  sdp?: string;
  candidate?: RTCIceCandidateInit;
  renegotiate?: boolean;
  transceiverRequest?: unknown;
}

export interface PeerOptions {
  initiator?: boolean;
  channelName?: string;
  channelConfig?: RTCDataChannelInit;
  config?: RTCConfiguration;
  trickle?: boolean;
  /** True delivers text as strings; otherwise every message arrives as bytes. Default false. */
  objectMode?: boolean;
  /** How long a peer that does not trickle gathers candidates, in milliseconds. Default 5000. */
  iceCompleteTimeout?: number;
  sdpTransform?: (sdp: string) => string;
}

/** Errors carry a `code` such as `ERR_DATA_CHANNEL`. `close` comes last, once, however the peer ended. */
export interface PeerEvents {
  signal: [data: SignalData];
  connect: [];
  data: [message: Uint8Array | string];
  disconnect: [];
  error: [error: Error & { code: string }];
  close: [];
}

export default class SimplePeer {
  static readonly WEBRTC_SUPPORT: boolean;
  constructor(options?: PeerOptions);
  readonly initiator: boolean;
  readonly connected: boolean;
  readonly destroyed: boolean;
  /** Bytes that `send` has taken and the channel has not sent yet. */
  readonly bufferSize: number;
  /** The connection and its channel, for what the class does not offer; null once it is torn down. */
  readonly _pc: RTCPeerConnection | null;
  readonly _channel: RTCDataChannel | null;
  signal(data: SignalData | string): void;
  /** Sends at once, whatever is buffered. Throws before `connect` and after the end. */
  send(message: string | ArrayBuffer | ArrayBufferView | Blob): void;
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
