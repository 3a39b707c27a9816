/**
 * The address by which everybody knows an edge. `/LINE/live/...` leads each viewer on to a port of its own there, so that
 * what hits its way hits nobody else, although all viewers are told of the same edges.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Edge } from '../origin/edge.ts';
import type { Lines } from './lines.ts';

export interface DoorOptions {
  host: string;
  edge: Edge;
  lines: Lines;
}

export interface Door {
  readonly port: number;
  close(): Promise<void>;
}

const headers = { 'access-control-allow-origin': '*', 'cache-control': 'no-store' };

/** @throws Error with `code` EADDRNOTAVAIL and the like when it cannot listen. */
export async function startDoor(options: DoorOptions): Promise<Door> {
  const server = createServer((request, response) => void lead(request, response, options));
  await listen(server, options.host);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Never rejects. */
async function lead(
  request: IncomingMessage,
  response: ServerResponse,
  { edge, lines }: DoorOptions,
): Promise<void> {
  if (edge.fault.kind === 'refuse') {
    request.socket.resetAndDestroy();
    return;
  }
  const [, line, path] = /^\/([\w-]{1,64})(\/live\/\S+)$/.exec(request.url ?? '') ?? [];
  const address = `http://${request.headers.host}`;
  if (line === undefined || !URL.canParse(address)) {
    response.writeHead(404, headers).end();
    return;
  }
  try {
    const { port } = await lines.open(line, edge);
    // By the name that the viewer came by: 127.0.0.1 is another machine to a phone.
    const location = `http://${new URL(address).hostname}:${port}${path}`;
    response.writeHead(307, { ...headers, location }).end();
  } catch {
    response.writeHead(503, headers).end();
  }
}

function listen(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
}
