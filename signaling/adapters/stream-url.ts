import { limits } from '../protocol/index.ts';

/** Whether the attestor may read a stream from here: plain http or https, without credentials. */
export function isStreamUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > limits.streamUrlLengthMax) return false;
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
