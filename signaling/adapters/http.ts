import { createServer, type Server } from 'node:http';
import type { Limits } from '../protocol/index.ts';
import type { EdgeRoutes } from './edge-routes.ts';
import type { Metrics } from './metrics.ts';

export interface HttpOptions {
  metrics: Metrics;
  /** False while the server is closing: a load balancer then sends nobody here. */
  healthy: () => boolean;
  edgeRoutes: EdgeRoutes;
  limits: Limits;
}

/** `/healthz`, `/metrics` and `/edges/...`; WebSockets upgrade on any path. */
export function createHttp({ metrics, healthy, edgeRoutes, limits }: HttpOptions): Server {
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
