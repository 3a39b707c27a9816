import { webcrypto } from 'node:crypto';
import { expect } from 'chai';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../signaling/adapters/server.ts';
import {
  type EdgesBody,
  parseEdges,
  type SignedEdges,
  type VerificationKey,
} from '../../signaling/protocol/index.ts';
import type { TestClient } from './signaling-client.ts';

export const key = 'a secret of the tests, long enough for HS256';
const quick = { edgesIntervalMs: 50, edgesQuietIntervalMs: 100 };

/** Servers of one suite, ended after each test. */
export function createServers() {
  const servers: Signaling[] = [];
  return {
    async start(options: SignalingOptions = {}): Promise<Signaling> {
      const limits = { ...quick, ...options.limits };
      const server = await startSignaling({ key, ...options, limits });
      servers.push(server);
      return server;
    },
    async end(): Promise<void> {
      for (const server of servers.splice(0)) await server.close();
    },
  };
}

export interface Ask {
  method?: string;
  token?: string | null;
  /** As JSON, or a text as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

export async function ask(
  { port }: Signaling,
  path: string,
  { method = 'POST', token, body, headers }: Ask,
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  const json = (answer ? JSON.parse(answer) : null) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, json };
}

/** An edge that speaks for itself. */
export async function edgeOf(server: Signaling, edgeId: string) {
  const token = await server.issueToken({ edge: edgeId, lifetimeSeconds: 600 });
  const path = `/edges/${edgeId}`;
  return {
    register: (said: object = {}) =>
      ask(server, path, {
        ...{ method: 'PUT', token },
        body: { baseUrl: `https://${edgeId}.example/live/`, ...said },
      }),
    beat: (body?: object) => ask(server, `${path}/heartbeat`, { token, body }),
    leave: () => ask(server, path, { method: 'DELETE', token }),
  };
}

export async function discover(server: Signaling, body: object, headers = {}) {
  const token = await server.issueToken({ room: 'room', subject: 'v', lifetimeSeconds: 60 });
  return ask(server, '/edges/discover', { token, body: { room: 'room', ...body }, headers });
}

/** As a page checks it. */
export async function opened(
  { body, signature }: SignedEdges,
  jwk: VerificationKey | undefined,
): Promise<EdgesBody> {
  const { subtle } = webcrypto;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const publicKey = await subtle.importKey('jwk', { ...jwk }, algorithm, false, ['verify']);
  const isSigned = (text: string) =>
    subtle.verify(
      algorithm,
      publicKey,
      Buffer.from(signature, 'base64url'),
      new TextEncoder().encode(text),
    );
  expect(await isSigned(body), 'signature').to.equal(true);
  expect(await isSigned(body.replace('room', 'moor')), 'of another text').to.equal(false);
  const edges = parseEdges(body);
  if (!edges) throw new Error(`no edges: ${body}`);
  return edges;
}

type Viewer = TestClient & { welcome: { edgesKey?: VerificationKey | undefined } };

export async function told(viewer: Viewer): Promise<EdgesBody> {
  return opened((await viewer.next('edges')).signed, viewer.welcome.edgesKey);
}

/** The next word that fits. */
export async function toldOf(
  viewer: Viewer,
  fits: (body: EdgesBody) => boolean,
): Promise<EdgesBody> {
  for (;;) {
    const body = await told(viewer);
    if (fits(body)) return body;
  }
}

export function placesOf({ edges }: EdgesBody): Record<string, string> {
  return Object.fromEntries(edges.map(({ name, edgeId }) => [name, edgeId]));
}
