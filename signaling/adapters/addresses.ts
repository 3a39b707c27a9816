import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { networkKey } from './rates.ts';

/** The address that a request comes from; `header` is that in which a trusted proxy puts it, as its last entry. */
export function addressOf(request: IncomingMessage, header: string | null): string {
  const forwarded = header === null ? undefined : request.headers[header];
  // Entries before the last were written by whoever came before our proxy, so maybe by the viewer.
  const last = String(forwarded ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return last || request.socket.remoteAddress || '';
}

/** Names networks so that nobody, with the names alone, can tell which they are: the secret dies with the process. */
export function createNetworkNames(): (address: string) => string {
  const secret = randomBytes(32);
  return (address) =>
    createHmac('sha256', secret).update(networkKey(address)).digest('base64url').slice(0, 22);
}
