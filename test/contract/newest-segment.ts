import { type Edge, startEdge } from '../../demo/origin/edge.ts';
import { startOrigin } from '../../demo/origin/origin.ts';

export interface NewestSegment {
  edge: Edge;
  url: string;
  /** As the edge gives it where nothing disturbs it. */
  whole: Uint8Array<ArrayBuffer>;
  close(): Promise<void>;
}

/** A real origin, a real edge, and the newest segment of the live stream by then. */
export async function startWithSegment(): Promise<NewestSegment> {
  const origin = await startOrigin();
  const edge = await startEdge({ originUrl: origin.url, edgeId: 'a' });
  const playlistUrl = new URL('high/playlist.m3u8', edge.playlistUrl).href;
  const playlist = await (await fetch(playlistUrl)).text();
  const name = playlist.split('\n').findLast((line) => line.endsWith('.m4s')) ?? '';
  const url = new URL(name, playlistUrl).href;
  const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const close = async () => {
    await edge.close();
    await origin.close();
  };
  return { edge, url, whole, close };
}
