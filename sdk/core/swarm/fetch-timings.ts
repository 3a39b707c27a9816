/** When a viewer turns to the edge itself. Fractions are of the segment's duration. */

/** The elected fetcher has said nothing: the next rank takes over. */
export const silentFraction = 0.2;
/** It said that it is reading but nothing came of it. */
export const stuckFraction = 0.5;
export const patienceMsMin = 150;
export const patienceMsMax = 1_500;
/** Peers answer a `want` within a round trip; a viewer that just came waits this long to hear what they hold. */
export const answerMs = 200;
/** While bytes keep coming from peers the edge can wait. */
export const flowingMs = 300;
/** Each rank waits so much longer than the one before it, even when it is late. */
export const turnMs = 50;
export const turnsMax = 8;
/** The room is given so much of the segment's duration even where the buffer is almost empty. */
export const lateFraction = 0.4;
/** Predictions are off by about half. */
export const estimateSlack = 1.5;
export const marginMs = 300;
/** Two members may read the same for so long: telling one to stop takes about as much. */
export const duplicateMsMax = 400;
export const reviewMs = 200;
/** After so long it shows how fast an edge gives; sooner it may have only begun slowly. */
export const crawlMs = 1_000;
