/** Bounds of the demo's origin and edges, each with its reason. Units are in the names. */
export const originLimits = {
  /** A wall of viewers opens six connections each at most. */
  connectionsMax: 2_048,
  /** Segment paths with their own counter: 16 minutes of two renditions; the oldest are forgotten. */
  segmentCountersMax: 1_024,
  /** A fault is about 100 bytes of JSON. */
  controlBodyBytesMax: 4_096,
  /** Slowest and fastest throttle that still means something on a loopback link. */
  throttleBytesPerSecondMin: 1_000,
  throttleBytesPerSecondMax: 1_000_000_000,
  faultDelayMsMax: 60_000,
  /** Written at once, so that a counter is at most this far ahead of an aborted client's socket. */
  chunkBytes: 16_384,
  /** Two seconds at 64 Mbit/s; a larger answer of the origin is refused. */
  segmentBytesMax: 16 * 1_048_576,
  /** Patched segments and parts that the origin keeps: two windows of both renditions. */
  patchedSegmentsMax: 96,
  windowSegmentsMax: 60,
  /** Of an edge: about a minute of both renditions. */
  cacheBytesMax: 16 * 1_048_576,
  pathLengthMax: 256,
  /** Three segments take seven seconds; an encoder that has not written them by then will not. */
  encoderReadyWithinMs: 20_000,
  /** End of the encoder's log that goes into an error. */
  encoderLogBytesMax: 4_096,
  /** Longer than any pause of a player between two requests on one connection. */
  keepAliveMs: 65_000,
  /** Segments that left the playlist and can still be fetched, as RFC 8216 6.2.2 asks for. */
  retainedSegments: 6,
} as const;
