import type { EdgeServer } from './edge.ts';
import type { Viewer } from './viewer.ts';

export interface Distribution {
  mean: number;
  p50: number;
  p95: number;
  max: number;
}

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
  stallMs: number;
  stallMsMax: number;
  resyncs: number;
  fatal: string[];
  startupMs: Distribution;
  /** From publication to arrival, of segments published while the viewer played. */
  segmentLatencyMs: Distribution;
  /** Bytes uploaded since the joins settled by viewers that may upload: `max / mean`. */
  uploadMaxToMean: number;
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
  edge: EdgeServer;
  served: ReadonlyMap<string, ServedSegment>;
  settledAtMs: number;
  sizeOf(path: string): number;
  publishedAtMs(sequence: number): number;
}

export function makeReport(input: ReportInput): Report {
  const { viewers, nowMs, edge } = input;
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
  const polls = [...edge.playlistPolls.values()].reduce((total, count) => total + count, 0);
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
    stalledViewers: stalls.filter((ms) => ms > 0).length,
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
    .filter(({ alive, profile }) => alive && profile.uploadAllowed)
    .map(({ uplink, settledUploadBytes }) => uplink.bytes - settledUploadBytes);
  const { mean, max } = distribution(bytes);
  return mean > 0 ? max / mean : 0;
}

export function distribution(values: readonly number[]): Distribution {
  if (values.length === 0) return { mean: 0, p50: 0, p95: 0, max: 0 };
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return {
    mean: sum(sorted) / sorted.length,
    p50: at(0.5),
    p95: at(0.95),
    max: sorted.at(-1) as number,
  };
}

function merged<Key extends string>(
  maps: readonly ReadonlyMap<Key, number>[],
): Record<string, number> {
  const total: Record<string, number> = {};
  for (const map of maps) for (const [key, value] of map) total[key] = (total[key] ?? 0) + value;
  return total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
