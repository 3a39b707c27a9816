import { isIPv4 } from 'node:net';

/** Whether a host name or address reaches this machine only. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

/**
 * Whether pages of this origin may connect. Programs that are no browser send none and are judged by their token
 * alone. Without a list only pages served from this machine may.
 */
export function originAllowed(
  origin: string | undefined,
  allowed: readonly string[] | null,
): boolean {
  if (origin === undefined) return true;
  if (allowed) return allowed.includes('*') || allowed.includes(origin);
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
