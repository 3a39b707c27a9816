/** A message inside the browser takes about a millisecond; one that is not answered is sent again after this. */
export const pingMs = 500;
/** Unanswered ones in a row after which the master hangs: its slaves have a segment or two of buffer left. */
export const pingsMax = 3;
/** Slaves learn that a viewer leads before it does itself, by the time of a directive. */
export const earlyMsMax = 1_500;
/** What the player needs sooner the next in line gets by itself, the others half as late. */
export const urgentMs = 1_500;
/** What has come no further for so long may be had sooner elsewhere. */
export const stillMs = 1_000;
/** A live playlist has news at least every target duration, which is hardly ever longer. */
export const playlistDueMs = 10_000;
/** Loads for others that are remembered: what a browser full of tabs has under way. */
export const servingMax = 256;
/** By then the server has noticed that a master is gone, and names it no more. */
export const lostMs = 5_000;
/** The server has acted on a master that is missed by then, or has not heard of it. */
export const missedAgainMs = 2_000;
/** Longer than the server keeps the role of a viewer that has gone: who is named still is on another device. */
export const separateAfterMs = 4_000;
