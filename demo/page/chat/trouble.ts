/** Why the room did not take a message, in words. Pure. */
import type { HoldfastErrorCode } from '../../../sdk/index.ts';

const words: Partial<Record<HoldfastErrorCode, string>> = {
  message_invalid: 'This cannot be sent.',
  message_too_large: 'This is too long.',
  message_not_allowed: 'The room does not allow this to you.',
  message_unknown: 'The room does not know this message any more.',
  messages_unavailable: 'The room cannot be reached.',
};

export function troubleWords(code: HoldfastErrorCode | null, retryAfterMs = 0): string {
  if (code === 'message_rate_limited')
    return `Too fast: again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`;
  return (code && words[code]) ?? 'Something went wrong.';
}
