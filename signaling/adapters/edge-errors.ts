import type { EdgeRefusalCode } from '../core/index.ts';
import type { ServerErrorCode } from '../protocol/index.ts';
import type { EdgeInputCode } from '../protocol/registration.ts';
import type { EdgeTokenCode } from './tokens.ts';

/** Why a request of an edge, or for edges, is refused. */
export type EdgeErrorCode =
  | 'not_found'
  | 'method_not_allowed'
  | 'content_type_invalid'
  | 'body_too_large'
  | 'body_invalid'
  | 'closing'
  | EdgeInputCode
  | EdgeRefusalCode
  | EdgeTokenCode
  | ServerErrorCode;

const statuses: Partial<Record<EdgeErrorCode, number>> = {
  token_missing: 401,
  token_invalid: 401,
  token_expired: 401,
  token_edge_mismatch: 403,
  token_room_mismatch: 403,
  origin_refused: 403,
  not_found: 404,
  edge_unknown: 404,
  method_not_allowed: 405,
  edge_static: 409,
  body_too_large: 413,
  content_type_invalid: 415,
  rate_limited: 429,
  internal: 500,
  closing: 503,
  edges_full: 503,
  room_edges_full: 503,
};

/** 400 for what the caller is to mend in what it sends. */
export function statusOf(code: EdgeErrorCode): number {
  return statuses[code] ?? 400;
}

/** A request that is answered with a code. */
export class EdgeError extends Error {
  readonly code: EdgeErrorCode;

  constructor(code: EdgeErrorCode, message: string) {
    super(message);
    this.name = 'EdgeError';
    this.code = code;
  }
}
