/** Figures and codes in plain words. */
import type { HoldfastErrorCode, SessionStatus } from '../../sdk/index.ts';
import type { EdgeHealth, Role } from '../../signaling/protocol/index.ts';

export function megabytes(bytes: number): string {
  if (bytes < 10_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${Math.round(bytes / 1_000_000)} MB`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

export function capital(text: string): string {
  return text.replace(/^\w/, (letter) => letter.toUpperCase());
}

/** `12 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  const total = Math.floor(ms / 1_000);
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} min ${total % 60} s`;
}

export function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)}\u00a0%`;
}

/** `1 viewer`, `4 viewers`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

export const roleWords: Record<Role, string> = {
  master: 'reads from the edge for the others',
  secondary: 'stands by to take over from the master',
  slave: 'is fed by the others',
};

const reasons: Partial<Record<HoldfastErrorCode, string>> = {
  signaling_unreachable: 'the signaling server cannot be reached',
  signaling_frame_invalid: 'the signaling server sent something invalid',
  webrtc_missing: 'this browser has no WebRTC',
  peers_not_allowed: 'peer connections are turned off',
  token_missing: 'no room token was given',
  token_invalid: 'the room token does not hold',
  token_expired: 'the room token has expired',
  token_room_mismatch: 'the room token is for another room',
  origin_refused: 'this site may not join',
  rate_limited: 'too many joined at once',
  room_full: 'the room is full',
  server_full: 'the signaling server is full',
  version_unsupported: 'the signaling server speaks another version',
  peer_message_invalid: 'another viewer sent something invalid',
  peer_chunk_invalid: 'another viewer sent media that does not fit',
};

export function reasonWords(code: HoldfastErrorCode | null): string {
  if (code === null) return '';
  return reasons[code] ?? code.replaceAll('_', ' ');
}

export function statusWords(status: SessionStatus, reason: HoldfastErrorCode | null): string {
  switch (status) {
    case 'joining':
      return 'joining';
    case 'joined':
      return 'in the room';
    case 'reconnecting':
      return 'reconnecting, still fed';
    case 'alone':
      return `plays from the edge alone: ${reasonWords(reason)}`;
    case 'closed':
      return 'left';
  }
}

const edgeReasons: Record<string, string> = {
  network: 'no connection',
  offline: 'this device is offline',
  first_byte_timeout: 'no answer in time',
  stalled: 'too slow',
  truncated: 'answers break off',
  'first byte': 'answers late',
  throughput: 'slower than the stream',
  buffer: 'the buffer shrinks',
};

/** Why the edge is seen so, as the session says it; some of its words are codes. */
export function edgeReasonWords(reason: string): string {
  const words = reason.split(': ').map((word) => edgeReasons[word] ?? word.replaceAll('_', ' '));
  return words.join(': ');
}

export function edgeNews(health: EdgeHealth, reason: string): string {
  return `sees its edge as ${health}${reason ? ` (${edgeReasonWords(reason)})` : ''}`;
}
