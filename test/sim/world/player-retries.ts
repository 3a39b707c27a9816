import type { FetchFailure } from '../../../sdk/core/events.ts';

/** hls.js 1.7 tries again so often before an error is fatal. */
export const segmentRetriesMax = 6;
export const playlistRetriesMax = 2;
const retryMaxMs = 8_000;

/** What hls.js takes for the server's last word: it does not try again. */
export function isFinal({ status }: FetchFailure): boolean {
  return status !== null && status >= 400 && status < 500;
}

export function retryDelayMs(tries: number): number {
  return Math.min(retryMaxMs, 1_000 * 2 ** (tries - 1));
}
