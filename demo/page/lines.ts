import { pageId } from './page-id.ts';
import type { EdgeState } from './servers.ts';

/** A name for a viewer's own way to the edges that nobody uses. One that is free again goes first: there are only so many. */
export function freeLine(taken: ReadonlySet<string>): string {
  for (let seat = 1; ; seat++) {
    const line = `${pageId()}-${seat}`;
    if (!taken.has(line)) return line;
  }
}

/** Where a player finds the stream on an edge, by its own way. */
export function playlistUrlOf({ baseUrl }: EdgeState, line: string): string {
  const url = new URL(`${line}/live/main.m3u8`, baseUrl);
  // To a machine that sees this one by another address than viewers are told of, that other is of no use.
  if (!/^(localhost|127\..+|\[::1\])$/.test(location.hostname)) url.hostname = location.hostname;
  return url.href;
}
