/**
 * `/control/*` for the demo page, on loopback only: `GET` or `POST /control/fault`, `GET` or `DELETE /control/counters`.
 * A page of another site must not steer the demo through the user's own browser, so its `Origin` and `Host` are looked at.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Counters } from './counters.ts';
import { OriginError, toOriginError } from './errors.ts';
import { type Fault, parseFault } from './fault.ts';
import { originLimits } from './limits.ts';

export interface ControlTarget {
  fault(): Fault;
  /** `keep` is the connection that asks, which must live to read the answer. */
  setFault(fault: Fault, keep: Socket): void;
  counters(): Counters;
  resetCounters(): void;
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/.test(address);
}

/** Never rejects. */
export async function handleControl(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  target: ControlTarget,
): Promise<void> {
  try {
    admitControl(request, response);
    const result = await dispatch(request, path, target);
    response.writeHead(result === undefined ? 204 : 200, { 'content-type': 'application/json' });
    response.end(result === undefined ? undefined : JSON.stringify(result));
  } catch (error) {
    const { status, code, message } = toOriginError(error);
    // What is left of the body is not read.
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ code, message }));
  }
}

function admitControl(request: IncomingMessage, response: ServerResponse): void {
  const { origin, host } = request.headers;
  if (!isLoopback(request.socket.remoteAddress) || !isLoopbackUrl(`http://${host ?? ''}`)) {
    throw new OriginError('control_refused', 'control is for this machine only');
  }
  if (origin === undefined) return;
  if (!isLoopbackUrl(origin))
    throw new OriginError('control_refused', 'control is for local pages only');
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'Origin');
  response.setHeader('access-control-allow-methods', 'GET, POST, DELETE, OPTIONS');
  response.setHeader('access-control-allow-headers', 'Content-Type');
}

async function dispatch(
  request: IncomingMessage,
  path: string,
  target: ControlTarget,
): Promise<unknown> {
  const { method, socket } = request;
  if (path !== '/control/fault' && path !== '/control/counters') {
    throw new OriginError('not_found', 'no such control');
  }
  if (method === 'OPTIONS') return undefined;
  if (path === '/control/counters') {
    if (method === 'GET') return target.counters();
    if (method === 'DELETE') return target.resetCounters();
  } else {
    if (method === 'GET') return target.fault();
    if (method === 'POST') {
      target.setFault(parseFault(await readJson(request)), socket);
      return target.fault();
    }
  }
  throw new OriginError('method_not_allowed', `${method} is not answered`);
}

function isLoopbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || isLoopback(hostname);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  // The default iterator destroys the connection when left, and with it the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    byteCount += chunk.length;
    if (byteCount > originLimits.controlBodyBytesMax) {
      throw new OriginError(
        'control_too_large',
        `more than ${originLimits.controlBodyBytesMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    throw new OriginError('fault_invalid', 'the body is not JSON', error);
  }
}
