/** Every constant of the choice of edges, each with its reason. Chosen on slices 1 to 100 of the round-trip times of the bench. */
import type { BeliefKind } from './belief.ts';

/** What was measured so long ago is still true with a probability of 1/e: paths and servers change within half a minute. */
export const staleMs = 30_000;
/** Earlier values of an edge that are remembered: what it changes to is mostly one of those. */
export const valuesMax = 8;
/** Closer to the last value than this, a new one says the same. */
export const sameShare = 0.25;
/** First bytes come in regimes: what was measured just now holds, and is forgotten only with the number of regimes. */
export const firstByteKind: BeliefKind = {
  // Of an edge of which nothing is known: near, on the same continent, far.
  usual: [30, 80, 200, 500],
  holds: 1,
  kept: 1,
  sameMs: 10,
  // No time is shorter than a clock can tell.
  min: 1,
};
/** Throughput varies from second to second: the last value is one of several, and older ones count less and less. */
export const msPerKilobyteKind: BeliefKind = {
  // 40, 10 and 2.5 Mbit/s.
  usual: [0.2, 0.8, 3.2],
  holds: 0.3,
  kept: 0.8,
  sameMs: null,
  // A gigabit a second and ten times that.
  min: 0.001,
};
/** What is usual weighs as much as so many values of its own; and what the edge says of itself, and others measured. */
export const usualWeight = 1;
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
/** Of the time, in the logarithm: where less is to be gained, as of what failed a moment ago, nobody looks. */
export const gainMin = 0.005;
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
/** Where the buffer is always short it is so much later: the trial may cost the deadline. */
export const trialShortMs = 10_000;
/** One that has failed but once is tried after this. */
export const trialOnceMs = 10_000;
/** What is less may be a single burst. */
export const sampleBytesMin = 131_072;
/** Then it counts as having taken so much of the time to the first byte. */
export const burstShare = 0.5;
/** What a failed read counts as, where it is compared with times. */
export const failedMs = 3_000;
/** A first byte is awaited for so many times what is expected of it. */
export const deadlineSlack = 3;
export const deadlineMsMin = 300;
export const deadlineMsMax = 1_500;
/** And where even the best edge is expected to be later, for so much more than that, up to this. */
export const slowSlack = 1.3;
export const deadlineMsSlow = 4_000;
/** Share of the media that may be read to learn, and of the requests that may be sent twice. */
export const probeShare = 0.01;
export const hedgeShare = 0.02;
/** No time is longer than anybody would wait. */
export const timeMsMax = 60_000;
/** By such a read it is told whether an edge has become slower: a second of 4 Mbit/s. */
export const usualBytes = 500_000;
/**
 * An edge that has become so much slower, in the logarithm, is left as one that fails. Sooner, all viewers of a loaded edge
 * would leave it together, and load the next one.
 */
export const worseLog = 1.5;
