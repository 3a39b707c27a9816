import * as limits from '../../signaling/protocol/limits.ts';
import { encodePeerMessage, type PeerMessage } from './peer-wire.ts';

/** What peers take: whoever sends more than this is banned, so it stays with this viewer. */

/** Whether an id of a playlist or a segment fits the wire. */
export function isNameable(id: string): boolean {
  return id.length > 0 && id.length <= limits.segmentIdLengthMax;
}

/** Whether a segment of this id and size can be exchanged. */
export function isShareable(segment: { segmentId: string; sizeBytes: number | null }): boolean {
  const sizeBytesMax = limits.partBytes * limits.partsPerSegmentMax;
  return isNameable(segment.segmentId) && (segment.sizeBytes ?? 1) <= sizeBytesMax;
}

/** Whether the message fits into one, quotes and line ends escaped. */
export function isSendable(message: Extract<PeerMessage, { type: 'playlist' }>): boolean {
  return (
    isNameable(message.playlistId) &&
    utf8Bytes(encodePeerMessage(message)) <= limits.peerControlBytesMax
  );
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // The two halves of a surrogate pair are four bytes together.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
