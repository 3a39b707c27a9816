import { limits } from '../protocol/index.ts';

/** Whether the attestor may read a stream from here: plain http or https, without credentials. */
function isStreamUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > limits.streamUrlLengthMax) return false;
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** One copy of a stream, or several: the next is read while one fails. */
export type StreamUrls = string | readonly [string, ...string[]];

export function isStreamUrls(value: unknown): value is StreamUrls {
  if (!Array.isArray(value)) return isStreamUrl(value);
  return value.length > 0 && value.length <= limits.streamUrlsMax && value.every(isStreamUrl);
}

export function listOf(urls: StreamUrls): readonly [string, ...string[]] {
  return typeof urls === 'string' ? [urls] : urls;
}
