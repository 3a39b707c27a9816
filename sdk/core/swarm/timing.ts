/** How a segment came, and what this viewer could have had instead. Rates are in bytes per millisecond. */
export interface Arrival {
  sizeBytes: number;
  /** From when bytes of it were first asked for until the first came. */
  firstByteMs: number;
  /** From the first byte to the last. */
  streamMs: number;
  /** Whether peers sent any of it. */
  fromPeers: boolean;
  /** What the own edge gives; null when that is not known or it fails. */
  edge: { bytesPerMs: number; firstByteMs: number } | null;
  /** Of the heaviest rendition that somebody here plays; null where there is nothing to choose between. */
  playedBytesPerMs: number | null;
}

export interface PlayerTiming {
  transferMs: number;
  firstByteMs: number;
}

/** Players take up a rendition at 70 % of what they measure and keep one at 95 %: this is enough for the best of those played, and for none above. */
const headroom = 1.5;

/**
 * What the player is told of the time that a segment took, so that its estimate is of what the network can carry.
 * Peers that bring it no sooner than it is needed say nothing of the edge, which would have been asked otherwise:
 * what the edge gives is the least. And what peers hold comes faster than the edge could ever bring a rendition
 * that none of them plays: they count for as much as the renditions that are played here.
 */
export function playerTiming(arrival: Arrival): PlayerTiming {
  const { sizeBytes, firstByteMs, streamMs, fromPeers, edge, playedBytesPerMs } = arrival;
  if (!fromPeers) return { transferMs: firstByteMs + streamMs, firstByteMs };
  const leastBytesPerMs = edge?.bytesPerMs ?? 0;
  const mostBytesPerMs =
    playedBytesPerMs === null
      ? Number.POSITIVE_INFINITY
      : Math.max(leastBytesPerMs, playedBytesPerMs * headroom);
  const measuredBytesPerMs = sizeBytes / streamMs;
  const bytesPerMs = Math.min(Math.max(measuredBytesPerMs, leastBytesPerMs), mostBytesPerMs);
  const waitedMs = Math.min(firstByteMs, edge?.firstByteMs ?? firstByteMs);
  return { transferMs: waitedMs + sizeBytes / bytesPerMs, firstByteMs: waitedMs };
}
