import type { IceServer } from '../../signaling/protocol/index.ts';

/** One connection to another viewer: ordered reliable control messages beside ordered reliable media. */
export interface PeerLink {
  /** Hands over what the other side sent through signaling. */
  signal(signal: Record<string, unknown>): void;
  /** Control never waits behind media. Does nothing on a link that is not open. */
  sendControl(text: string): void;
  sendMedia(bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes of media handed over and not yet sent. */
  readonly mediaBufferedBytes: number;
  /** Closes at once; no event follows. */
  close(): void;
}

export interface PeerLinkEvents {
  /** To be relayed to the other side through signaling. */
  onSignal(signal: Record<string, unknown>): void;
  onOpen(): void;
  /** A text message, not yet checked. */
  onControl(text: string): void;
  /** A binary message, not yet checked. */
  onMedia(bytes: Uint8Array): void;
  /** `mediaBufferedBytes` fell to `limits.peerBufferedBytesLow` or below, from above. */
  onMediaDrained(): void;
  /** The link failed, broke or was closed by the other side; comes at most once and last. */
  onClose(): void;
}

export interface PeerLinkOptions {
  initiator: boolean;
  iceServers: IceServer[];
  /** TURN only. */
  relayOnly: boolean;
}

/** Makes links; the real one loads its WebRTC code when the first link is made. */
export interface PeerLinks {
  /** False where the browser has no WebRTC. */
  readonly available: boolean;
  create(options: PeerLinkOptions, events: PeerLinkEvents): PeerLink;
}
