/** Every constant of the choice of edges, each with its reason. Chosen on slices 1 to 100 of the round-trip times of the bench. */

/** What was measured so long ago is still true with a probability of 1/e: paths and servers change within half a minute. */
export const staleMs = 30_000;
/** Earlier values of an edge that are remembered: what it changes to is mostly one of those. */
export const regimesMax = 8;
/** Closer to the last value than this, a new one says the same: of timers and of the air. */
export const sameShare = 0.25;
export const sameMs = 10;
/** Times of an edge of which nothing is known: near, on the same continent, far. */
export const firstByteMsUsual: readonly number[] = [30, 80, 200, 500];
/** And ms for a kilobyte: 40, 10 and 2.5 Mbit/s. */
export const msPerKilobyteUsual: readonly number[] = [0.2, 0.8, 3.2];
/** No time is shorter than a clock can tell, or a gigabit a second gives. */
export const firstByteMsMin = 1;
export const msPerKilobyteMin = 0.01;
/** Nor longer than anybody would wait. */
export const timeMsMax = 60_000;
/** They weigh as much as so many values of its own; what the edge says of itself, and what others on the network measured. */
export const usualWeight = 2;
export const advertisedWeight = 1;
export const priorWeight = 3;
/** A new reading of how much an edge exaggerates weighs so much. */
export const trustWeight = 0.3;
/** Of the spread, in the logarithm of the time: pessimism, as much as costs nothing on the traces. */
export const pessimism = 0.2;
/** Where the buffer is short a surprise is a stall. */
export const pessimismShort = 1;
/** Media ahead of the playhead below which nothing is tried that need not be. */
export const shortBufferMs = 4_000;
/** An edge must be better by this to be changed to: what does not matter does not flap. */
export const hysteresisShare = 0.1;
/** Edges within this of one another are told apart by the viewer's own hash, so that not all viewers choose the same. */
export const closeShare = 0.1;
/** The dearest edge is chosen over a free one only if it is quicker by more than this share. */
export const costShare = 0.2;
/** Failures in a row after which an edge is left alone. */
export const failuresToEject = 2;
/** Then it is tried again after this, twice as long each time. */
export const ejectedMsMin = 2_000;
export const ejectedMsMax = 60_000;
/** What a failed read counts as, where it is compared with times. */
export const failedMs = 3_000;
/** A first byte is awaited for so many times what is expected of it. */
export const deadlineSlack = 3;
export const deadlineMsMin = 300;
export const deadlineMsMax = 1_500;
/** Share of the media that may be read to learn, and of the requests that may be sent twice. */
export const probeShare = 0.01;
export const hedgeShare = 0.02;
/** By such a read it is told whether an edge has become slower: a second of 4 Mbit/s. */
export const usualBytes = 500_000;
/** An edge that has become so much slower, in the logarithm, is left as one that fails. */
export const worseLog = 0.5;
