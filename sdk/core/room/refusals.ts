import type { ServerErrorCode } from '../../../signaling/protocol/index.ts';

/** Refusals that another try with a new token or at another time may get past. */
export const retryable: ReadonlySet<ServerErrorCode> = new Set<ServerErrorCode>([
  'token_expired',
  'rate_limited',
  'room_full',
  'server_full',
  'internal',
  'join_timeout',
]);
