import * as limits from '../../../signaling/protocol/limits.ts';
import type { Random } from './random.ts';

/** Payload of one packet of a data channel. */
const packetBytes = 1_150;
const packetsPerChunk = Math.ceil(limits.chunkBytes / packetBytes);
/** What the transport of a link takes before the other side has acknowledged anything. */
const windowBytesMax = 8 * limits.chunkBytes;
/** The last packet of a burst has no later one that would show its loss: a timer of this length does. */
const timeoutMs = 400;
const timeoutShare = 0.05;

/**
 * Bytes in flight that a transport with congestion control keeps up at this share of lost packets: packets times
 * 1.22 / sqrt(loss) (Mathis et al., ACM CCR 27(3), 1997).
 */
export function windowBytes(lossShare: number): number {
  if (lossShare <= 0) return windowBytesMax;
  const bytes = (packetBytes * 1.22) / Math.sqrt(lossShare);
  return Math.min(windowBytesMax, Math.max(limits.chunkBytes, bytes));
}

/** How much later a chunk arrives whole, and everything behind it on its link, because packets were sent again. */
export function repeatMs(
  random: Random,
  lossShare: number,
  packets: number,
  rttMs: number,
): number {
  if (lossShare <= 0 || random.chance((1 - lossShare) ** packets)) return 0;
  return random.chance(timeoutShare) ? timeoutMs + rttMs : rttMs;
}

export { packetsPerChunk };
