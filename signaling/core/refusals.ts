import type { ServerErrorCode } from '../protocol/index.ts';
import type { Context } from './state.ts';

/** Answers with an error and closes. */
export function refuse(
  context: Context,
  connectionId: string,
  code: ServerErrorCode,
  message: string,
): void {
  context.effects.push(
    { type: 'send', connectionId, frame: { type: 'error', code, message, fatal: true } },
    { type: 'close', connectionId, reason: code },
  );
}
