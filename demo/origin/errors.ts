/** Every way the live input can fail. */
export type OriginErrorCode =
  | 'option_invalid'
  | 'fault_invalid'
  | 'control_refused'
  | 'control_too_large'
  | 'listen_failed'
  | 'loop_invalid'
  | 'encoder_missing'
  | 'encoder_failed'
  | 'encoder_timeout'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'upstream_invalid'
  | 'not_found'
  | 'reload_refused'
  | 'method_not_allowed'
  | 'aborted'
  | 'internal';

const statusByCode: Partial<Record<OriginErrorCode, number>> = {
  option_invalid: 400,
  fault_invalid: 400,
  control_refused: 403,
  control_too_large: 413,
  encoder_failed: 503,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  upstream_invalid: 502,
  not_found: 404,
  reload_refused: 400,
  method_not_allowed: 405,
};

export class OriginError extends Error {
  readonly code: OriginErrorCode;

  constructor(code: OriginErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OriginError';
    this.code = code;
  }

  /** The HTTP status that a client sees. */
  get status(): number {
    return statusByCode[this.code] ?? 500;
  }
}

export function toOriginError(error: unknown): OriginError {
  if (error instanceof OriginError) return error;
  return new OriginError('internal', error instanceof Error ? error.message : String(error), error);
}
