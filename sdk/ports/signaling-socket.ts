import type {
  ClientFrame,
  Refusal,
  ServerFrame,
  ViewerProfile,
} from '../../signaling/protocol/index.ts';

/** The connection to the signaling server. */
export interface SignalingSocket {
  /** Closes an older connection, gets a token and joins. Ends in frames or in `onClose`. */
  connect(resumeKey: string | null, profile: ViewerProfile): void;
  /** Does nothing while not connected. */
  send(frame: ClientFrame): void;
  close(): void;
}

export interface SignalingSocketEvents {
  onFrame(frame: ServerFrame): void;
  /** A frame that could not be read; it was dropped. */
  onInvalid(refusal: Refusal): void;
  onClose(): void;
}
