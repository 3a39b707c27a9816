/** The page and its modules, through Vite: TypeScript as it is in the folder, without a build. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createVite, type ViteDevServer } from 'vite';
import { type ApiContext, handleApi } from './api.ts';

const rootFolder = join(import.meta.dirname, '../..');
const pageFiles: Record<string, string> = {
  '/': join(import.meta.dirname, '../page/index.html'),
  '/tab': join(import.meta.dirname, '../page/tab.html'),
};
const firstPort = 8_080;
/** Ports that are tried before giving up. */
const portsTried = 20;

export interface PageServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface PageOptions extends ApiContext {
  host: string;
  /** Null takes 8080 or the next free one. */
  port: number | null;
}

/** @throws Error with `code` EADDRINUSE and the like when it cannot listen. */
export async function startPage(options: PageOptions): Promise<PageServer> {
  const vite = await createVite({
    configFile: join(rootFolder, 'vite.config.ts'),
    logLevel: 'warn',
    clearScreen: false,
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  const server = createServer((request, response) => {
    void answer(request, response, vite, options);
  });
  try {
    await listenOnFree(server, options.host, options.port);
  } catch (error) {
    await vite.close();
    throw error;
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, vite.close()]);
    },
  };
}

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  vite: ViteDevServer,
  context: ApiContext,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path.startsWith('/api/')) return handleApi(request, response, context);
  try {
    const file = pageFiles[path];
    if (file !== undefined) return await sendPage(response, file);
    vite.middlewares(request, response, () => plain(response, 404, 'not found'));
  } catch (error) {
    plain(response, 500, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function sendPage(response: ServerResponse, file: string): Promise<void> {
  // As it is: Vite would add its client, which reloads pages and has nobody to talk to here.
  const html = await readFile(file, 'utf8');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(html);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

async function listenOnFree(server: Server, host: string, port: number | null): Promise<void> {
  if (port !== null) return listen(server, host, port);
  for (let offset = 0; ; offset++) {
    try {
      return await listen(server, host, firstPort + offset);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || offset + 1 >= portsTried) throw error;
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
