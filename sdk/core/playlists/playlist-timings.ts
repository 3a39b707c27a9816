/** Fractions of the target duration. */

/** The next update is not looked for before this. */
export const restFraction = 0.9;
/** Then this often, so that all learn of a segment soon after it appears. */
export const pollFraction = 0.2;
/** An update is late by so much: the next in rank polls too. */
export const takeoverFraction = 0.3;
/** The same where servers hold requests: an answer that is a little late is on its way. */
export const heldTakeoverFraction = 0.75;
/** Such a request may be held for so many updates, as after one that the encoder was late with. */
export const heldFactor = 3;
/** A copy older than this is not good enough to start from. */
export const freshFraction = 1.5;
/** A playlist that the player has not asked for in this many target durations is not followed any more. */
export const followedFactor = 6;
export const playlistsMax = 32;
/** A member that could not read a playlist is passed over for so long. */
export const unableMs = 10_000;
/** However well peers feed it, each viewer looks at its own edge so often: a forged copy does not last. */
export const confirmFactor = 10;
/** It waits so much longer for a moment at which the copy is fresh, and begins sooner where none was confirmed. */
export const confirmSlackFactor = 2;
export const firstConfirmFactor = 3;
export const settledFraction = 0.1;
export const settledFractionMax = 0.5;
/** What peers sent is doubtful: the own edge is asked, but no more often than this. */
export const doubtFactor = 1;
/** Who sent what the own edge contradicts is not listened to for so long; it may have been deceived itself. */
export const muteMs = 60_000;
/** What the edge denies and nobody here has seen is asked for again after this. */
export const deniedFraction = 0.5;
/** Whoever has it in the room has linked to a newcomer and sent it by then. */
export const roomAnswersMs = 3_000;
/** A copy is told once more after this: by then the player's media has taken on its new length. */
export const repeatMs = 100;
