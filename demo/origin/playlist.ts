/** HLS playlists (RFC 8216) of the live input. */

/** A sound track of its own, which every rendition of the picture goes with. */
export interface AudioRendition {
  name: string;
  codecs: string;
}

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
export function multivariantPlaylist(
  renditions: readonly PlaylistRendition[],
  audio: AudioRendition | null = null,
): string {
  const media = audio
    ? [
        `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="${audio.name}",DEFAULT=YES,AUTOSELECT=YES,` +
          `URI="${audio.name}/playlist.m3u8"`,
      ]
    : [];
  const sound = audio ? ',AUDIO="sound"' : '';
  const variants = renditions.flatMap((item) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${item.bandwidth},AVERAGE-BANDWIDTH=${item.averageBandwidth},` +
      `CODECS="${item.codecs}",RESOLUTION=${item.width}x${item.height},FRAME-RATE=${item.frameRate.toFixed(3)}${sound}`,
    `${item.name}/playlist.m3u8`,
  ]);
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  return [...head, ...media, ...variants, ''].join('\n');
}

export interface PartWindow {
  durationS: number;
  perSegment: number;
  /** Of the segment after the newest whole one. */
  trailing: number;
}

/** Whole segments before the newest ones are listed without their parts. */
const segmentsWithParts = 3;

export interface MediaWindow {
  /** Media sequence of the oldest segment. */
  first: number;
  /** Of the newest one; `first - 1` when there is none yet. */
  last: number;
  segmentDurationS: number;
  /** Low-latency parts; null without. */
  parts: PartWindow | null;
  /** A recording: nothing follows. */
  ended: boolean;
  /** Wall clock at the start of the oldest segment, in ms since the epoch. */
  firstStartsAtMs: number;
}

export function mediaPlaylist(window: MediaWindow): string {
  const { first, last, segmentDurationS } = window;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    ...(window.ended ? ['#EXT-X-PLAYLIST-TYPE:VOD'] : []),
    `#EXT-X-TARGETDURATION:${Math.ceil(segmentDurationS)}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(window.parts ? lowLatencyHead(window.parts) : []),
    '#EXT-X-MAP:URI="init.mp4"',
  ];
  for (let sequence = first; sequence <= last; sequence++) {
    const startsAtMs = window.firstStartsAtMs + (sequence - first) * segmentDurationS * 1_000;
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(startsAtMs).toISOString()}`,
      ...(window.parts && sequence > last - segmentsWithParts
        ? partLines(window.parts, sequence, window.parts.perSegment)
        : []),
      `#EXTINF:${segmentDurationS.toFixed(5)},`,
      `${sequence}.m4s`,
    );
  }
  if (window.parts) {
    const { parts } = window;
    lines.push(...partLines(parts, last + 1, parts.trailing));
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${last + 1}-${parts.trailing}.m4s"`);
  }
  return [...lines, ...(window.ended ? ['#EXT-X-ENDLIST'] : []), ''].join('\n');
}

function lowLatencyHead({ durationS }: PartWindow): string[] {
  const holdBackS = (3 * durationS).toFixed(3);
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${holdBackS}`,
    `#EXT-X-PART-INF:PART-TARGET=${durationS.toFixed(5)}`,
  ];
}

function partLines({ durationS }: PartWindow, sequence: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const independent = index === 0 ? ',INDEPENDENT=YES' : '';
    return `#EXT-X-PART:DURATION=${durationS.toFixed(5)},URI="${sequence}-${index}.m4s"${independent}`;
  });
}
