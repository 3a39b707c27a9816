import { isNameable, utf8Bytes } from '../../signaling/protocol/identity.ts';
import * as limits from '../../signaling/protocol/limits.ts';
import { encodePeerMessage, type PeerMessage } from './peer-wire.ts';

/** What peers take: whoever sends more than this is banned, so it stays with this viewer. */

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
