/** Low-Latency HLS (RFC 8216bis, 6.2.5.2): requests that the server answers when it has what they name. */
import type { PlaylistFacts } from './playlist-text.ts';

/** Parts in one segment are far fewer than this, so versions stay ordered. */
export const partsPerSegmentBound = 1_000;

const directives = /([?&])_HLS_(?:msn|part|skip)=[^&#]*/g;

/** A playlist's URL without delivery directives, and the version that they ask for; -1 for any. */
export function withoutDirectives(url: string): { url: string; versionMin: number } {
  const msn = /[?&]_HLS_msn=(\d+)/.exec(url)?.[1];
  const part = /[?&]_HLS_part=(\d+)/.exec(url)?.[1];
  const plain = url.replace(directives, '$1').replace(/[?&]+(?=#|$)/, '');
  const tidy = plain.replace(/([?&])&+/g, '$1');
  if (msn === undefined) return { url: tidy, versionMin: -1 };
  const versionMin =
    part === undefined
      ? Number(msn) * partsPerSegmentBound
      : (Number(msn) - 1) * partsPerSegmentBound + Number(part) + 1;
  return { url: tidy, versionMin };
}

/** Asks for the update that follows what is known, where the server holds such requests until it has it. */
export function withDirectives(url: string, facts: PlaylistFacts | null): string {
  if (!facts?.blockingReload || facts.ended) return url;
  const part = facts.partTargetMs === null ? '' : `&_HLS_part=${facts.trailingParts}`;
  return `${url}${url.includes('?') ? '&' : '?'}_HLS_msn=${facts.newestSequence + 1}${part}`;
}
