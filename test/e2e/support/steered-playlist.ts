/** The multivariant playlist as a site writes it for content steering: each rendition once for each edge. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Edge } from '../../../demo/origin/edge.ts';

export interface SteeredPlaylist {
  readonly url: string;
  close(): Promise<void>;
}

export const baseUrlOf = (edge: Edge) => `${edge.url}/live/`;

/**
 * @param playlistUrl of the origin, without pathways
 * @param serverUrl of the steering; what it is to be told of the pathways is added
 * @param pathways edges by name; players start with the first
 */
export async function serveSteeredPlaylist(
  playlistUrl: string,
  serverUrl: string,
  pathways: Readonly<Record<string, Edge>>,
): Promise<SteeredPlaylist> {
  const response = await fetch(playlistUrl);
  const text = steered(await response.text(), serverUrl, pathways);
  const server = createServer((_, answer) => {
    answer.writeHead(200, {
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
    });
    answer.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/main.m3u8`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function steered(
  playlist: string,
  serverUrl: string,
  pathways: Readonly<Record<string, Edge>>,
): string {
  const named = Object.entries(pathways);
  const told = named.map(([name, edge]) => `${name}@${baseUrlOf(edge)}`).join(',');
  const lines = playlist.split('\n');
  const first = lines.findIndex((line) => line.startsWith('#EXT-X-STREAM-INF'));
  const variants = named.flatMap(([name, edge]) =>
    lines
      .slice(first)
      .filter((line) => line !== '')
      .map((line) =>
        line.startsWith('#') ? `${line},PATHWAY-ID="${name}"` : `${baseUrlOf(edge)}${line}`,
      ),
  );
  const tag = `#EXT-X-CONTENT-STEERING:SERVER-URI="${serverUrl}&pathways=${told}",PATHWAY-ID="${named[0]?.[0]}"`;
  return [...lines.slice(0, first), tag, ...variants, ''].join('\n');
}
