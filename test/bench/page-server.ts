import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bundle } from './bundle.ts';

export interface PageServer {
  /** The page; its configuration goes into `?config=`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves one page and its scripts from memory, with these headers beside its own. */
export async function startPageServer(
  bundle: Bundle,
  headers: Record<string, string> = {},
): Promise<PageServer> {
  const page =
    '<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">' +
    '<video muted autoplay playsinline width="320" height="180"></video>' +
    `<script type="module" src="./${bundle.entry}"></script>`;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const body = pathname === '/' ? page : bundle.files.get(pathname.slice(1));
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = pathname === '/' ? 'text/html' : 'text/javascript';
    response.writeHead(200, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
