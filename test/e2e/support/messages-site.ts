/** A site that uses nothing but the built classifier of messages, and allows it no connection. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rootFolder } from '../../tools/root.ts';

const modulePage = `<!doctype html><meta charset="utf-8"><title>Messages</title><link rel="icon" href="data:,">
<script type="module" src="/page.js"></script>`;
const scriptPage = `<!doctype html><meta charset="utf-8"><title>Messages</title><link rel="icon" href="data:,">
<script src="/holdfast-messages.iife.js"></script>`;

const files: Record<string, string> = {
  '/': modulePage,
  '/script.html': scriptPage,
  '/page.js': `import * as messages from './holdfast-messages.js'; window.HoldfastMessages = messages;`,
  // What the policy does to a worker that asks for something.
  '/asking-worker.js': `fetch('/asked').then(() => postMessage('answered'), () => postMessage('refused'));`,
};

export interface MessagesSite {
  readonly url: string;
  /** Paths asked for since the last call. */
  takeRequests(): string[];
  close(): Promise<void>;
}

/** @param workerSource Which workers the policy lets start, as CSP says it. */
export async function serveMessages(workerSource: string): Promise<MessagesSite> {
  const policy = [
    ...["default-src 'none'", "script-src 'self'", "connect-src 'none'", 'img-src data:'],
    `worker-src ${workerSource}`,
  ].join('; ');
  let requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    const body = files[pathname] ?? (await readFile(distFile(pathname), 'utf8').catch(() => null));
    const isPage = pathname === '/' || pathname.endsWith('.html');
    response.writeHead(body === null ? 404 : 200, {
      'content-type': `text/${isPage ? 'html' : 'javascript'}; charset=utf-8`,
      'content-security-policy': policy,
    });
    response.end(body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    takeRequests() {
      const taken = requests;
      requests = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const distFile = (pathname: string) => join(rootFolder, 'dist', pathname.replaceAll('/', ''));
