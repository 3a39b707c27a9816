export const targetDurationMsMax = 60_000;
/** A window of eight hours at six seconds a segment. */
export const segmentsMax = 5_000;
/** Edges of one stream are this many segments apart at most. */
export const leadSegmentsMax = 10;
/** Packagers cut no shorter on average: what a playlist can grow by in a given time. */
export const segmentMsMin = 200;
/** Origins named by own copies; one or two in practice. */
export const originsMax = 32;
