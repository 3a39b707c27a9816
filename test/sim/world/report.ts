import type { EdgeServer } from './edge.ts';
import { fairness } from './fairness.ts';
import { type Distribution, distribution, sum } from './statistics.ts';
import type { Viewer } from './viewer.ts';

export interface Report {
  seed: number;
  durationMs: number;
  viewers: number;
  groups: number;
  /** Bytes that the edge gave of a segment, over its size: mean over segments and groups. */
  copiesPerSegment: number;
  /** The same for segments published after the joins have settled. */
  copiesPerSegmentSettled: number;
  /** Share of delivered media that did not come from the edge. */
  offload: number;
  bytesFromEdge: number;
  bytesFromPeers: number;
  bytesDelivered: number;
  wastedShare: number;
  wastedBytes: Record<string, number>;
  stalledViewers: number;
  /** Of those who began to play. */
  stalledShare: number;
  /** Came five seconds before the end or earlier, and saw nothing. */
  neverStarted: number;
  stallMs: number;
  stallMsMax: number;
  resyncs: number;
  fatal: string[];
  startupMs: Distribution;
  /** From publication to arrival, of segments published while the viewer played. */
  segmentLatencyMs: Distribution;
  /** Bytes uploaded since the joins settled by viewers that may upload: `max / mean`. */
  uploadMaxToMean: number;
  /** The same within each group, where others have room. */
  uploadMaxToMeanByGroup: Distribution;
  playlistPollsPerSegment: number;
  messagesPerViewerSecond: number;
  effectsPerViewerSecond: number;
  wakesPerViewerSecond: number;
  wakesPerViewerSecondMax: number;
  refusals: Record<string, number>;
  memoryBytesMax: number;
}

export interface ServedSegment {
  path: string;
  sequence: number;
  groupId: string;
  bytes: number;
}

export interface ReportInput {
  seed: number;
  nowMs: number;
  viewers: readonly Viewer[];
  edges: readonly EdgeServer[];
  served: ReadonlyMap<string, ServedSegment>;
  settledAtMs: number;
  sizeOf(path: string): number;
  publishedAtMs(sequence: number): number;
}

export function makeReport(input: ReportInput): Report {
  const { viewers, nowMs, edges } = input;
  const stalls = viewers.map(({ player }) => player.stallMs);
  const seconds = viewers.map(
    ({ joinedAtMs, leftAtMs }) => ((leftAtMs ?? nowMs) - joinedAtMs) / 1_000,
  );
  const viewerSeconds = sum(seconds);
  const delivered = sum(viewers.map(({ tally }) => tally.bytesDelivered));
  const fromEdge = sum(viewers.map(({ tally }) => tally.bytesFromEdge));
  const fromPeers = sum(viewers.map(({ tally }) => tally.bytesFromPeers));
  const wasted = sum(viewers.map(({ tally }) => tally.bytesWasted));
  const wakes = viewers.map(
    ({ tally }, index) => tally.wakes / Math.max(1, seconds[index] as number),
  );
  const polls = sum(edges.flatMap(({ playlistPolls }) => [...playlistPolls.values()]));
  const stalledViewers = stalls.filter((ms) => ms > 0).length;
  const started = viewers.filter(({ player }) => player.startedAtMs !== null).length;
  const groups = new Set(viewers.filter(({ alive }) => alive).map(({ groupId }) => groupId)).size;
  return {
    seed: input.seed,
    durationMs: nowMs,
    viewers: viewers.length,
    groups,
    copiesPerSegment: copies(input, Number.NEGATIVE_INFINITY),
    copiesPerSegmentSettled: copies(input, input.settledAtMs),
    offload: 1 - fromEdge / Math.max(1, fromEdge + fromPeers - wasted),
    bytesFromEdge: fromEdge,
    bytesFromPeers: fromPeers,
    bytesDelivered: delivered,
    wastedShare: wasted / Math.max(1, fromEdge + fromPeers),
    wastedBytes: merged(viewers.map(({ tally }) => tally.wasteByKind)),
    stalledViewers,
    stalledShare: stalledViewers / Math.max(1, started),
    neverStarted: viewers.filter(
      ({ player, joinedAtMs, leftAtMs }) =>
        player.startedAtMs === null && (leftAtMs ?? nowMs) - joinedAtMs > 5_000,
    ).length,
    stallMs: sum(stalls),
    stallMsMax: Math.max(0, ...stalls),
    resyncs: sum(viewers.map(({ player }) => player.resyncs)),
    fatal: viewers.flatMap(({ name, player }) =>
      player.fatal ? [`${name}: ${player.fatal}`] : [],
    ),
    startupMs: distribution(
      viewers.flatMap(({ player, joinedAtMs }) =>
        player.startedAtMs === null ? [] : [player.startedAtMs - joinedAtMs],
      ),
    ),
    segmentLatencyMs: distribution(latencies(input)),
    uploadMaxToMean: uploadSpread(viewers),
    uploadMaxToMeanByGroup: fairness(viewers, input.settledAtMs, nowMs),
    playlistPollsPerSegment: polls / Math.max(1, nowMs / 2_000),
    messagesPerViewerSecond: sum(viewers.map(({ tally }) => tally.messages)) / viewerSeconds,
    effectsPerViewerSecond: sum(viewers.map(({ tally }) => tally.effects)) / viewerSeconds,
    wakesPerViewerSecond: sum(viewers.map(({ tally }) => tally.wakes)) / viewerSeconds,
    wakesPerViewerSecondMax: Math.max(0, ...wakes),
    refusals: merged(viewers.map(({ tally }) => tally.refusals)),
    memoryBytesMax: Math.max(0, ...viewers.map(({ store }) => store.bytes)),
  };
}

function copies({ served, sizeOf, publishedAtMs, nowMs }: ReportInput, fromMs: number): number {
  const ratios: number[] = [];
  for (const { path, sequence, bytes } of served.values()) {
    const atMs = publishedAtMs(sequence);
    if (atMs >= fromMs && atMs < nowMs - 4_000) ratios.push(bytes / sizeOf(path));
  }
  return distribution(ratios).mean;
}

function latencies({ viewers, publishedAtMs }: ReportInput): number[] {
  return viewers.flatMap(({ player }) =>
    player.arrivals
      .filter(({ sequence }) => publishedAtMs(sequence) > (player.startedAtMs ?? Infinity))
      .map(({ sequence, atMs }) => atMs - publishedAtMs(sequence)),
  );
}

function uploadSpread(viewers: readonly Viewer[]): number {
  const bytes = viewers
    .filter(({ alive, uploads }) => alive && uploads)
    .map(({ uplink, settledUploadBytes }) => uplink.bytes - settledUploadBytes);
  const { mean, max } = distribution(bytes);
  return mean > 0 ? max / mean : 0;
}

function merged<Key extends string>(
  maps: readonly ReadonlyMap<Key, number>[],
): Record<string, number> {
  const total: Record<string, number> = {};
  for (const map of maps) for (const [key, value] of map) total[key] = (total[key] ?? 0) + value;
  return total;
}
