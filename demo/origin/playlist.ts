/** HLS playlists (RFC 8216) of the live input. */

export interface PlaylistRendition {
  name: string;
  codecs: string;
  width: number;
  height: number;
  frameRate: number;
  /** Bits per second, of the heaviest segment. */
  bandwidth: number;
  averageBandwidth: number;
}

/** Renditions in the given order; players start with the first. */
export function multivariantPlaylist(renditions: readonly PlaylistRendition[]): string {
  const variants = renditions.flatMap((item) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${item.bandwidth},AVERAGE-BANDWIDTH=${item.averageBandwidth},` +
      `CODECS="${item.codecs}",RESOLUTION=${item.width}x${item.height},FRAME-RATE=${item.frameRate.toFixed(3)}`,
    `${item.name}/playlist.m3u8`,
  ]);
  return ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...variants, ''].join('\n');
}

export interface MediaWindow {
  /** Media sequence of the oldest segment. */
  first: number;
  /** Of the newest one; `first - 1` when there is none yet. */
  last: number;
  segmentDurationS: number;
  /** Wall clock at the start of the oldest segment, in ms since the epoch. */
  firstStartsAtMs: number;
}

export function mediaPlaylist(window: MediaWindow): string {
  const { first, last, segmentDurationS } = window;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil(segmentDurationS)}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MAP:URI="init.mp4"',
  ];
  for (let sequence = first; sequence <= last; sequence++) {
    const startsAtMs = window.firstStartsAtMs + (sequence - first) * segmentDurationS * 1_000;
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(startsAtMs).toISOString()}`,
      `#EXTINF:${segmentDurationS.toFixed(5)},`,
      `${sequence}.m4s`,
    );
  }
  return [...lines, ''].join('\n');
}
