/** A server that has not answered by then is called unreachable; joining goes on beside playback. */
export const unreachableAfterMs = 4_000;
/** After a server lost its memory the members come back to it one by one: until then those still linked stay. */
export const returnWithinMs = 10_000;
/** Joining, and then linking, take a few round trips each. */
export const peersExpectedMs = 1_500;
