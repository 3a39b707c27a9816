/** Every threshold by which edges are judged and replaced, each with its reason. Bounds are in the project's limits. */

/** Fewer that fail may all be behind one bad line, or lie: these are on devices and subjects of their own. */
export const failingDevicesMin = 3;
/** And where half of those that read from an edge are well, it is not the edge that fails. */
export const failingShareMin = 0.5;
/** One window in which all fail is enough with this, of half that fail it takes two: 10 s. */
export const levelWeight = 0.5;
/** The trend follows as fast, so that what gets worse is seen a window ahead. */
export const trendWeight = 0.5;
/** Windows that are looked ahead: a spare that takes over is warm within one. */
export const horizonWindows = 1;
/** Below this predicted share of devices that are served well, an edge does more harm than good. */
export const healthMin = 0.5;
/** From this load on an edge has little left for what comes. */
export const loadBusy = 0.8;
/** How much health a load of 1 takes away: an edge that is well is never drained for its load alone. */
export const loadPenalty = 0.2;
/** A full edge answers late: newcomers go elsewhere, who is there stays. */
export const loadFull = 0.95;
/** One heartbeat may have met a peak. */
export const heartbeatsToFull = 2;
/** Well below `loadFull`, or newcomers would be sent there and away again every ten seconds. */
export const loadFullEnds = 0.85;
/** Loads are told in such steps: smaller ones change nobody's choice. */
export const loadStep = 0.05;
/** Of a step: a load at the border of two is not news with every heartbeat. */
export const loadStepSlack = 0.8;
/** Heartbeats come three to a lease; one that is late by half its interval is missing. */
export const heartbeatsMissing = 1.5;
/** A drained edge without a sign of trouble for so long becomes a spare: twelve windows. */
export const wellMs = 60_000;
/** It doubles each time: one that comes back and fails again is left out for longer. */
export const wellMsMax = 1_800_000;
/** More do not count: by then it is `wellMsMax`, and is to be forgotten in an evening. */
export const drainsMax = 6;
/** One drain fewer counts for each such time without: what an edge did last week says little of tonight. */
export const drainForgottenMs = 1_800_000;
/** As healthy as that one that comes back counts: it must prove itself. */
export const levelRecovered = 0.75;
/** A name without an edge waits so long for a spare: later ones come for other reasons. */
export const vacancyMs = 600_000;
/** Viewers are told again after this share of what their list is valid for: one push may be late or lost. */
export const renewShare = 0.75;
/** Of a measurement, whichever: 12 days, or 8 Tbit/s. What is above is a lie, and would be no number for long. */
export const measuredMax = 1e9;
/** Below this an edge answers as one without load; nobody need be kept from it. */
export const loadIdle = 0.4;
/** And above that it may be loaded by so much more than edges are on average, with what moves until loads are told again. */
export const loadOverMean = 1.12;
/** So many at once are borne by any edge. */
export const readersHarmless = 10;
/** How many readers a load is of tells how many more are borne, where both are more than chance. */
export const readersTelling = 10;
export const loadTelling = 0.1;
/** Of an edge of which that is not known so many of the others may try at once: a second step follows its next load. */
export const admitsUnknown = 0.25;
/** Loads are ten seconds old and readers no two alike: never more than half of all at once. */
export const admitsMax = 0.5;
/** Viewers of a room are dealt into so many hands where there are more edges than are told of: a body is signed for each. */
export const handsMax = 16;
/** Up to so many rooms are told at once of what is new in all, in 50 µs; of more in the next sweep, within an interval. */
export const roomsMarkedMax = 1_000;
/** Of three a single one that lies is never the median. */
export const priorDevicesMin = 3;
/** Weights are learned anew no oftener: they are told with what else is new, and a fit takes fifty milliseconds. */
export const learnIntervalMs = 30_000;
