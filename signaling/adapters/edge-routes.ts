import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from '../protocol/index.ts';
import {
  type EdgeInput,
  type EdgeRegistration,
  parseDiscovery,
  parseHeartbeat,
  parseRegistration,
} from '../protocol/registration.ts';
import { addressOf } from './addresses.ts';
import { EdgeError, type EdgeErrorCode, statusOf } from './edge-errors.ts';
import type { Edges } from './edges.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { originAllowed } from './origins.ts';
import { addressKey, createBuckets } from './rates.ts';
import type { Tokens } from './tokens.ts';

export interface EdgeRoutesOptions {
  edges: Edges;
  tokens: Tokens;
  limits: Limits;
  metrics: Metrics;
  log: Log;
  /** Origins whose pages may discover; null allows pages of this machine. */
  origins: readonly string[] | null;
  addressHeader: string | null;
  networkNameOf: (address: string) => string;
  healthy: () => boolean;
  nowMs: () => number;
}

/** Answers what begins with `/edges`. */
export type EdgeRoutes = (request: IncomingMessage, response: ServerResponse, path: string) => void;

/** What is sent back; without a body there is nothing to say. */
interface Answer {
  status: number;
  body?: unknown;
}

interface Route {
  methods: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>>;
  /** Pages may ask. */
  isOpen: boolean;
}

export function createEdgeRoutes(options: EdgeRoutesOptions): EdgeRoutes {
  const { limits, metrics, log, origins, nowMs } = options;
  const perMinute = limits.edgeRequestsPerMinutePerAddressMax;
  const rates = createBuckets(perMinute / 60, perMinute, limits.addressesMax);
  const routeOf = createRouting(options);

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<Answer> {
    const route = routeOf(path);
    if (!route) throw new EdgeError('not_found', 'no such path');
    if (route.isOpen) allowOrigin(request, response, origins);
    const method = request.method ?? '';
    const methods = [...Object.keys(route.methods), ...(route.isOpen ? ['OPTIONS'] : [])];
    if (!methods.includes(method)) {
      response.setHeader('allow', methods.join(', '));
      throw new EdgeError('method_not_allowed', `${methods.join(' or ')}`);
    }
    if (!options.healthy()) throw new EdgeError('closing', 'the server is closing');
    if (!rates.take(addressKey(addressOf(request, options.addressHeader)), nowMs())) {
      response.setHeader('retry-after', '60');
      throw new EdgeError('rate_limited', 'too many requests from this address');
    }
    const perform = route.methods[method];
    if (perform) return perform(request);
    response.setHeader('access-control-allow-methods', Object.keys(route.methods).join(', '));
    response.setHeader('access-control-allow-headers', 'authorization, content-type');
    response.setHeader('access-control-max-age', '600');
    return { status: 204 };
  }

  return (request, response, path) => {
    answer(request, response, path)
      .catch((error: unknown): Answer => {
        const known = error instanceof EdgeError;
        const code: EdgeErrorCode = known ? error.code : 'internal';
        const message = known ? error.message : 'internal error';
        if (!known) log.warn('internal', { message: String(error) });
        log.info('edge_refused', { code });
        metrics.edgeRefused(code);
        if (statusOf(code) === 401) response.setHeader('www-authenticate', 'Bearer');
        return { status: statusOf(code), body: { code, message } };
      })
      .then(({ status, body }) => {
        response.setHeader('cache-control', 'no-store');
        if (body !== undefined) response.setHeader('content-type', 'application/json');
        response.writeHead(status);
        response.end(body === undefined ? undefined : JSON.stringify(body));
        // What was not read of it is let go.
        request.resume();
      });
  };
}

/** Pages of other origins are refused; those of allowed ones may read every answer, refusals too. */
function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[] | null,
): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (!originAllowed(origin, origins))
    throw new EdgeError('origin_refused', 'pages of this origin may not ask');
  if (origin !== undefined) response.setHeader('access-control-allow-origin', origin);
}

function createRouting(options: EdgeRoutesOptions): (path: string) => Route | null {
  const { edges, tokens, limits } = options;
  const ask = (event: Parameters<Edges['ask']>[0]): Answer => {
    const answer = edges.ask(event);
    if (!answer) throw new EdgeError('internal', 'internal error');
    if (!answer.ok) throw new EdgeError(answer.code, answer.message);
    const { ok, ...body } = answer;
    return { status: 200, body };
  };
  const admit = async (request: IncomingMessage, edgeId: string) => {
    const verified = await tokens.verifyEdgeToken(bearerOf(request, limits), edgeId);
    if (!verified.ok) throw new EdgeError(verified.code, verified.message);
  };
  const discover: Route = {
    isOpen: true,
    methods: {
      async POST(request) {
        const token = bearerOf(request, limits);
        const { room, needs, deviceId } = taken(parseDiscovery(await readJson(request, limits)));
        const verified = await tokens.verifyToken(token, room);
        if (!verified.ok) throw new EdgeError(verified.code, verified.message);
        const network = options.networkNameOf(addressOf(request, options.addressHeader));
        return { status: 200, body: edges.discover({ room, needs, deviceId, network }) };
      },
    },
  };
  const edge = (edgeId: string): Route => ({
    isOpen: false,
    methods: {
      async PUT(request) {
        await admit(request, edgeId);
        const registration = readRegistration(edgeId, await readJson(request, limits));
        return ask({ type: 'registered', registration });
      },
      async DELETE(request) {
        await admit(request, edgeId);
        ask({ type: 'deregistered', edgeId });
        return { status: 204 };
      },
    },
  });
  const heartbeat = (edgeId: string): Route => ({
    isOpen: false,
    methods: {
      async POST(request) {
        await admit(request, edgeId);
        const beat = taken(parseHeartbeat(await readJson(request, limits)));
        return ask({ type: 'heartbeat', edgeId, heartbeat: beat });
      },
    },
  });
  return (path) => {
    if (path === '/edges/discover') return discover;
    const [, edgeId, rest] = /^\/edges\/([\w.:-]{1,64})(\/heartbeat)?$/.exec(path) ?? [];
    if (edgeId === undefined) return null;
    return rest === undefined ? edge(edgeId) : heartbeat(edgeId);
  };
}

/** @throws EdgeError `registration_invalid`, `kpi_invalid` */
function readRegistration(edgeId: string, body: unknown): EdgeRegistration {
  const registration = taken(parseRegistration(edgeId, body));
  if (URL.canParse(registration.baseUrl)) return registration;
  throw new EdgeError('registration_invalid', 'baseUrl: not a URL');
}

function taken<T>(input: EdgeInput<T>): T {
  if (!input.ok) throw new EdgeError(input.code, input.message);
  return input.value;
}

/** @throws EdgeError `token_missing`, `token_invalid` */
function bearerOf(request: IncomingMessage, limits: Limits): string {
  const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined)
    throw new EdgeError('token_missing', 'authorization: Bearer and a token');
  if (token.length > limits.tokenBytesMax)
    throw new EdgeError('token_invalid', 'the token does not hold');
  return token;
}

/** @throws EdgeError `content_type_invalid`, `body_too_large`, `body_invalid` */
async function readJson(request: IncomingMessage, limits: Limits): Promise<unknown> {
  const { headers } = request;
  const tooLarge = new EdgeError('body_too_large', `at most ${limits.edgeRequestBytesMax} bytes`);
  if (Number(headers['content-length'] ?? 0) > limits.edgeRequestBytesMax) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > limits.edgeRequestBytesMax) break;
      chunks.push(chunk as Buffer);
    }
  } catch {
    // Nobody is there any more to hear it; it is counted.
    throw new EdgeError('body_invalid', 'the body has not come whole');
  }
  if (bytes > limits.edgeRequestBytesMax) throw tooLarge;
  // A heartbeat may have nothing to say.
  if (bytes === 0) return {};
  if (!/^application\/json(?:\s*;|$)/i.test(headers['content-type'] ?? ''))
    throw new EdgeError('content_type_invalid', 'content-type: application/json');
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new EdgeError('body_invalid', 'the body is not JSON');
  }
}
