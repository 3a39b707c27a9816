import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Limits } from '../protocol/index.ts';
import { addressOf } from './addresses.ts';
import type { EdgeRoutes } from './edge-routes.ts';
import type { Metrics } from './metrics.ts';
import type { Steering } from './steering.ts';

export interface HttpOptions {
  metrics: Metrics;
  /** False while the server is closing: a load balancer then sends nobody here. */
  healthy: () => boolean;
  edgeRoutes: EdgeRoutes;
  steering: Steering;
  addressHeader: string | null;
  networkNameOf: (address: string) => string;
  limits: Limits;
}

/** `/healthz`, `/metrics`, `/steering` and `/edges/...`; WebSockets upgrade on any path. */
export function createHttp(options: HttpOptions): Server {
  const { metrics, healthy, edgeRoutes, limits } = options;
  // Who sends slowly holds a socket for so long; afterwards it is looked at once a second.
  const timeouts = {
    requestTimeout: limits.edgeRequestWithinMs,
    headersTimeout: limits.edgeRequestWithinMs,
    connectionsCheckingInterval: 1_000,
  };
  return createServer(timeouts, (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path.startsWith('/edges/')) {
      edgeRoutes(request, response, path);
      return;
    }
    if (path === '/steering') {
      steer(request, response, options);
      return;
    }
    const answer = (status: number, body: string, contentType = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'method not allowed\n');
    else if (path === '/healthz') answer(healthy() ? 200 : 503, healthy() ? 'ok\n' : 'closing\n');
    else if (path === '/metrics') {
      metrics.text().then(
        (text) => answer(200, text, metrics.contentType),
        () => answer(500, 'metrics failed\n'),
      );
    } else answer(404, 'not found\n');
  });
}

function steer(
  request: IncomingMessage,
  response: ServerResponse,
  { steering, addressHeader, networkNameOf }: HttpOptions,
): void {
  const network = networkNameOf(addressOf(request, addressHeader));
  const url = new URL(request.url ?? '', 'http://localhost');
  const { status, headers, body } = steering(request.method, url, network);
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
  // What was not read of it is let go.
  request.resume();
}
