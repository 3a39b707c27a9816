export type SignalingErrorCode =
  /** An option or environment variable cannot work; the message names it. */
  | 'config_invalid'
  /** Without a configured key the server serves loopback only. */
  | 'key_required'
  /** The key is neither an HS256 secret of at least 32 bytes nor an Ed25519 public key. */
  | 'key_invalid'
  /** A public key checks tokens and cannot issue them. */
  | 'key_cannot_sign'
  /** The key to sign descriptors with is missing, or is not a private ECDSA P-256 key. */
  | 'signing_key_invalid'
  /** No playlist to sign, or more than one that could be meant. */
  | 'playlist_missing'
  /** What is to be signed cannot be read. */
  | 'stream_unreadable'
  /** A file cannot be written. */
  | 'output_failed'
  /** The address is taken or not ours. */
  | 'listen_failed';

export class SignalingError extends Error {
  readonly code: SignalingErrorCode;

  constructor(code: SignalingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SignalingError';
    this.code = code;
  }
}
