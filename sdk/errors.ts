import type { MessageRefusalCode, ServerErrorCode } from '../signaling/protocol/index.ts';
import type { ModelRefusal } from './core/messages/model.ts';

/**
 * Every way a session, or a classifier of messages, can fail. Codes of the signaling server come through unchanged.
 * None of them stops playback: the stream then plays from the edge alone.
 */
export type HoldfastErrorCode =
  | ServerErrorCode
  | MessageRefusalCode
  /** The room is not joined, was left meanwhile, or did not answer: the message may have reached it, or not. */
  | 'messages_unavailable'
  | 'option_invalid'
  | 'room_code_failed'
  | 'signaling_unreachable'
  | 'signaling_frame_invalid'
  | 'webrtc_missing'
  | 'peers_not_allowed'
  | 'page_frozen'
  | 'source_foreign'
  | 'peer_message_invalid'
  | 'peer_version_unsupported'
  | 'peer_chunk_invalid'
  | 'peer_part_forged'
  | 'peer_playlist_contradicted'
  | 'crypto_missing'
  | 'peer_rate_limited'
  | 'storage_failed'
  | ModelRefusal
  | 'model_signature_invalid'
  | 'model_signature_unsupported'
  | 'classifier_busy'
  | 'classifier_closed';

/** The one error class of the sdk. */
export class HoldfastError extends Error {
  readonly code: HoldfastErrorCode;
  /** True when the session cannot use the room any more; the stream still plays. */
  readonly fatal: boolean;
  /** Of `message_rate_limited`: when it may be sent again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: HoldfastErrorCode,
    message: string,
    options: { fatal?: boolean; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.fatal = options.fatal ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}
