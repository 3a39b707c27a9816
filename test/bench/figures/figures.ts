/** Makes one run's measurements into figures. Pure. */
import type { Skip, Span } from '../pages/progress-meter.ts';
import type { Sample, ViewerReport } from '../pages/viewer.ts';
import type { Moment, RawRun, SegmentBytes } from './raw-run.ts';
import { mean, median, percentile, ratio, sum } from './statistics.ts';

/** In the order of the table. README.md says what each one means. */
export const figureNames = [
  'offload',
  'offloadWhole',
  'copiesPerSegmentSettled',
  'copiesPerSegmentWhole',
  'stallCount',
  'stallCountWhole',
  'stallMsPerViewerMinute',
  'stallMsPerViewerMinuteWhole',
  'skippedMsPerViewerMinute',
  'timeToFirstFrameMsMedian',
  'timeToFirstFrameMsP95',
  'liveLatencyMsMedian',
  'liveLatencyMsP95',
  'cpuSecondsPerViewerMinute',
  'cpuSecondsPerViewerMinuteAdded',
  'memoryBytesMedian',
  'memoryBytesMax',
  'wastedBytesShare',
  'scriptBytes',
  'scriptBytesEverything',
  'playlistRequestsPerViewerMinute',
  'longestTaskMs',
  'longestTaskMsWhole',
  'outagePlayedShare',
  'outageResumeMsMax',
  'fatalErrorCount',
  'viewersWithoutFrame',
  'failureCount',
] as const;
export type FigureName = (typeof figureNames)[number];
/** Null: not measured, because it does not apply or there was nothing to measure. */
export type Figures = Record<FigureName, number | null>;

/** What one run gives by itself; the rest comes from the bundles and from comparing with the plain mode. */
type OwnFigures = Omit<
  Figures,
  'scriptBytes' | 'scriptBytesEverything' | 'cpuSecondsPerViewerMinuteAdded'
>;

/** Segments newer than this at the end of the run are still on their way to some viewers. */
const deliveryMarginMs = 8_000;

export function figuresOf(run: RawRun): OwnFigures {
  const { started, settledStart, settledEnd, viewers } = run;
  const settled = windowOf(settledStart, settledEnd);
  const whole = windowOf(started, settledEnd);
  const settledSegments = segmentsOf(run, settled);
  // Those that were in the playlist when the first viewer came are part of the joins.
  const allSegments = segmentsOf(run, { ...whole, startedAtMs: -Infinity });
  const stalls = viewers.flatMap((viewer) => viewer.stalls);
  const viewerMinutes = viewerMinutesOf(viewers, settled);
  const firstFrames = viewers.flatMap(({ firstFrameMs }) => firstFrameMs ?? []);
  const latencies = latenciesOf(viewers, settled);
  const memories = viewers.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return {
    offload: offloadOf(settledSegments, viewers),
    offloadWhole: offloadOf(allSegments, viewers),
    copiesPerSegmentSettled: copiesOf(settledSegments),
    copiesPerSegmentWhole: copiesOf(allSegments),
    stallCount: stalls.filter((stall) => overlapMs(stall, settled) > 0).length,
    stallCountWhole: stalls.filter((stall) => overlapMs(stall, whole) > 0).length,
    stallMsPerViewerMinute: ratio(totalMs(stalls, settled), viewerMinutes),
    stallMsPerViewerMinuteWhole: ratio(totalMs(stalls, whole), viewerMinutesOf(viewers, whole)),
    skippedMsPerViewerMinute: ratio(skippedMs(viewers, settled), viewerMinutes),
    timeToFirstFrameMsMedian: median(firstFrames),
    timeToFirstFrameMsP95: percentile(firstFrames, 95),
    liveLatencyMsMedian: median(latencies),
    liveLatencyMsP95: percentile(latencies, 95),
    cpuSecondsPerViewerMinute: cpuOf(run, viewerMinutes),
    memoryBytesMedian: median(memories),
    memoryBytesMax: memories.length > 0 ? Math.max(...memories) : null,
    wastedBytesShare: wastedOf(run),
    playlistRequestsPerViewerMinute: ratio(
      settledEnd.playlistRequests - settledStart.playlistRequests,
      viewerMinutes,
    ),
    longestTaskMs: longestTaskOf(viewers, settled),
    longestTaskMsWhole: longestTaskOf(viewers, whole),
    ...outageFigures(run),
    fatalErrorCount: sum(viewers.map(({ fatalErrors }) => fatalErrors.length)),
    viewersWithoutFrame: viewers.length - firstFrames.length,
    failureCount: run.failures.length,
  };
}

function windowOf(from: Moment, to: Moment): Span {
  return { startedAtMs: from.atMs, endedAtMs: to.atMs };
}

function overlapMs(span: Span, window: Span): number {
  const startMs = Math.max(span.startedAtMs, window.startedAtMs);
  return Math.max(0, Math.min(span.endedAtMs, window.endedAtMs) - startMs);
}

function totalMs(spans: readonly Span[], window: Span): number {
  return sum(spans.map((span) => overlapMs(span, window)));
}

function viewerMinutesOf(viewers: readonly ViewerReport[], window: Span): number {
  return totalMs(viewers, window) / 60_000;
}

function skippedMs(viewers: readonly ViewerReport[], window: Span): number {
  const inWindow = ({ atMs }: Skip) => atMs >= window.startedAtMs && atMs < window.endedAtMs;
  return sum(viewers.flatMap(({ skips }) => skips.filter(inWindow).map((skip) => skip.skippedMs)));
}

/** How much a counter of the viewers grew in a window; viewers that left count to their end. */
function grown(run: RawRun, from: Moment, counter: (sample: Sample) => number): number {
  const valueAt = ({ samples }: ViewerReport, atMs: number): number => {
    const last = samples.findLast((sample) => sample.atMs <= atMs);
    return last ? counter(last) : 0;
  };
  return sum(
    run.viewers.map((viewer) => valueAt(viewer, run.settledEnd.atMs) - valueAt(viewer, from.atMs)),
  );
}

/** Segments published in a window that some edge was asked for. */
function segmentsOf(run: RawRun, window: Span): SegmentBytes[] {
  const untilMs = window.endedAtMs - deliveryMarginMs;
  return [...run.settledEnd.segments.values()].filter(({ mediaSequence }) => {
    const atMs = run.publishedAtMs(mediaSequence);
    return atMs >= window.startedAtMs && atMs < untilMs;
  });
}

/** By segment rather than by time, so that what is on its way at the ends of a window does not count on one side only. */
function offloadOf(
  segments: readonly SegmentBytes[],
  viewers: readonly ViewerReport[],
): number | null {
  const sequences = new Set(segments.map(({ mediaSequence }) => mediaSequence));
  const deliveredBytes = [...sequences].flatMap((sequence) =>
    viewers.map((viewer) => viewer.deliveredBytes[sequence] ?? 0),
  );
  const edgeShare = ratio(sum(segments.map(({ sentBytes }) => sentBytes)), sum(deliveredBytes));
  return edgeShare === null ? null : 1 - edgeShare;
}

/** Mean over segments of what all edges sent of each, in units of its size. */
function copiesOf(segments: readonly SegmentBytes[]): number | null {
  return mean(segments.map(({ sentBytes, sizeBytes }) => sentBytes / sizeBytes));
}

/** Of what was received in the settled window, the share that the player was not given. */
function wastedOf(run: RawRun): number | null {
  const fromEdges = run.settledEnd.edgeSegmentBytes - run.settledStart.edgeSegmentBytes;
  const received = fromEdges + grown(run, run.settledStart, (sample) => sample.peerBytes);
  const delivered = grown(run, run.settledStart, (sample) => sample.deliveredBytes);
  return ratio(received - delivered, received);
}

function latenciesOf(viewers: readonly ViewerReport[], window: Span): number[] {
  return viewers.flatMap(({ samples }) =>
    samples
      .filter(({ atMs }) => atMs >= window.startedAtMs && atMs < window.endedAtMs)
      .flatMap(({ liveLatencyMs }) => liveLatencyMs ?? []),
  );
}

function cpuOf({ settledStart, settledEnd }: RawRun, viewerMinutes: number): number | null {
  if (settledStart.processorSeconds === null || settledEnd.processorSeconds === null) return null;
  return ratio(settledEnd.processorSeconds - settledStart.processorSeconds, viewerMinutes);
}

function longestTaskOf(viewers: readonly ViewerReport[], window: Span): number {
  const tasks = viewers.flatMap(({ longTasks }) => longTasks);
  const inWindow = tasks.filter(
    ({ atMs }) => atMs >= window.startedAtMs && atMs < window.endedAtMs,
  );
  return Math.max(0, ...inWindow.map(({ durationMs }) => durationMs));
}

function outageFigures(run: RawRun): Pick<Figures, 'outagePlayedShare' | 'outageResumeMsMax'> {
  const { outage, settledEnd } = run;
  if (!outage) return { outagePlayedShare: null, outageResumeMsMax: null };
  const stalls = run.viewers.flatMap((viewer) => viewer.stalls);
  const stalledShare = ratio(totalMs(stalls, outage), totalMs(run.viewers, outage));
  const after = { startedAtMs: outage.endedAtMs, endedAtMs: settledEnd.atMs };
  const atReturn = stalls.filter(({ startedAtMs }) => startedAtMs < outage.endedAtMs);
  return {
    outagePlayedShare: stalledShare === null ? null : 1 - stalledShare,
    outageResumeMsMax: Math.max(0, ...atReturn.map((stall) => overlapMs(stall, after))),
  };
}
