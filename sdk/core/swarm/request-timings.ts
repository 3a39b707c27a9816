/**
 * How long a peer may send nothing before another one that holds the part is asked: leaving it too early sends the
 * part twice, too late costs the player its time. A share of the time left, within these.
 */
export const patienceMsMin = 500;
export const patienceMsMax = 2_000;
export const patienceShare = 0.35;
/** A part that came slowly is had elsewhere after so many times the patience. */
export const dripFactor = 3;
/**
 * A request of which nothing came for so long goes to a peer that offers room. Sooner, what is about to come where it
 * was asked for first comes twice.
 */
export const idleMs = 800;
/** What the edge will not have brought by then is asked of peers that hold it: they answer within two round trips. */
export const edgePatienceMs = 400;
export const edgeRecheckMs = 200;

/** Whoever reads a segment is asked by other than its entries after this: two hops and the word of what came of them. */
export const rootMs = 600;
