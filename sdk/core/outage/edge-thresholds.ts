/** Every threshold of edge health, each with its reason. */

/** One failure may be chance; two in a row are not. */
export const failuresToDark = 2;
/** An edge that says itself that it cannot answers quickly, and may do better the next time. */
export const failuresToDarkAnswered = 3;
/** Where the members that read for the group have failed too, a single one is no chance, if the edge did not even answer. */
export const failuresToDarkSuspected = 1;
/** An edge that answers now and then is worth more than waiting for a probe's turn; five in a row it hardly ever fails. */
export const failuresToDarkFlaky = 5;
/** Outcomes of each kind remembered: of an edge that fails every second time three of the eight of both are failures nearly always. */
export const outcomesMax = 4;
export const outcomesToStrained = 3;
export const outcomesToHealthy = 1;
/** A failure is a reason to doubt an edge for so long: what still fails fails again by then, as masters read every segment. */
export const doubtMs = 10_000;
/** Two answers in a row after darkness: a single one may be the last of a dying server. */
export const successesToHealthy = 2;
/** At an edge that answers again a viewer looks so soon, to have it back before it is needed. */
export const recheckMs = 1_000;
/** What one kind of request was answered with says nothing of the other after this: a few segments. */
export const evidenceMs = 10_000;
/** Who has had an answer within this need not look because others fail: about one segment. */
export const provenMs = 2_000;
/** A master whose turn has not come for so many segments asks for the playlist: the group counts on its edge. */
export const heardFactor = 2;
/** Members that hear that others fail look for themselves, ten a second of a group, all within half a buffer. */
export const checkEveryMs = 100;
export const checkWithinMs = 1_500;
export const spreadMs = (memberCount: number) =>
  Math.min(checkWithinMs, Math.max(1, memberCount * checkEveryMs));
/** What others say of their edges counts for so long: a member in turn has tried by then. */
export const hearsayMs = 4_000;
/** Where both kinds fail, one turn in so many tries a segment: a playlist that is back is the usual sign of life. */
export const segmentTurnEvery = 8;
/** Less, as the last parts that peers would bring too late, says more of what else came at that time. */
export const sampleBytesMin = 131_072;
/** Unless it took so long that it says enough by itself. */
export const sampleMsMin = 300;
/** New samples weigh a quarter: a change shows within three or four segments. */
export const sampleWeight = 0.25;
/** First guess of throughput, 4 Mbit/s, until one segment was read. */
export const bytesPerMsUnknown = 500;
export const firstByteMsUnknown = 150;
/** Slower than this times the usual first byte is a sign of strain, and the first-byte deadline. */
export const firstByteSlack = 6;
export const firstByteWithinMsMin = 800;
export const firstByteWithinMsMax = 2_500;
/** With nobody else to ask, giving up early helps no one: as hls.js's own default. */
export const firstByteAloneMs = 10_000;
/** Where all edges have failed, and nobody helps. */
export const firstByteLastMs = 4_000;
/** Where another edge could be asked, a pause within an answer is waited out for so long: what a bad mobile link does. */
export const stalledWithOthersMs = 1_500;
/** What an edge has denied for so long although it should be there is gone for good, and the player hears it. */
export const deniedMsMax = 120_000;
/** A deadline doubles this often: beyond it an edge that answers is of no use to a live stream. */
export const timeoutsMax = 2;
/** A segment that takes more than this share of its duration leaves nothing for a bad moment. */
export const strainedShare = 0.8;
/** The buffer shrinks over this time although segments of about half of it should have come. */
export const drainWindowMs = 4_000;
/** By so much: a segment more than the ups and downs between two. */
export const drainMs = 2_500;
/** And is then below this: above it there is time. */
export const drainedMs = 4_000;
/** While the edge is down, playback slows below this buffer: what a live player holds at best. */
export const slowBelowMs = 6_000;
/** And is slowest here: what a segment takes to come from peers. */
export const slowestBelowMs = 2_000;
/** Nobody notices being so much further behind the live edge. */
export const behindMsMin = 100;
/** Catching up must not empty the buffer again. */
export const catchUpAboveMs = 3_000;
/** Peers that play say something several times a second, and the server answers when asked. */
export const silenceMs = 2_000;
/** A read that is left sooner has measured little; one without a byte was only slow to begin. */
export const leftAfterMsMin = 300;
export const leftEmptyMsMin = 1_000;
