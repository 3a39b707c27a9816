/** What the pages of all modes share: one player, the same settings, the same measuring. */
import Hls, { type HlsConfig } from 'hls.js';
import type { StreamConfig } from 'p2p-media-loader-core';
import { ProgressMeter, type Skip, type Span } from './progress-meter.ts';

/** Given to a page in the query string as JSON. */
export interface ViewerConfig {
  viewerName: string;
  /** Multivariant playlist at the viewer's edge. */
  playlistUrl: string;
  /** Name of the room or swarm: the same for all viewers. */
  room: string;
  /** Index of the rendition by rising bitrate, or null to leave the choice to hls.js. */
  levelIndex: number | null;
  player: Partial<HlsConfig>;
  p2pml: Partial<StreamConfig>;
  trackerUrl: string | null;
  signalingUrl: string | null;
  token: string | null;
}

/** Counters grow from the start of the page. */
export interface Sample {
  atMs: number;
  /** Media segment bytes that hls.js was given. */
  deliveredBytes: number;
  /** Media bytes that came from other viewers, as the library reports them. */
  peerBytes: number;
  /** Wall clock minus the program date of the playhead; null before playback. */
  liveLatencyMs: number | null;
}

/** All times are wall clock in ms since the epoch, unless their name says otherwise. */
export interface ViewerReport {
  viewerName: string;
  /** Navigation start. */
  startedAtMs: number;
  endedAtMs: number;
  /** Since navigation start; null when no frame was shown. */
  firstFrameMs: number | null;
  stalls: Span[];
  skips: Skip[];
  /** One at each delivery, and regular ones. */
  samples: Sample[];
  /** Bytes given to hls.js by media sequence. */
  deliveredBytes: Record<number, number>;
  longTasks: { atMs: number; durationMs: number }[];
  /** Of the page's scripts when it was left, as the browser says; null in the page itself. */
  memoryBytes: number | null;
  /** Fatal errors of hls.js; the page recovers from them as its guide says. */
  fatalErrors: { atMs: number; details: string }[];
  /** hls.js errors by detail, with those that it handles by itself. */
  errorCounts: Record<string, number>;
  /** What the library says of itself, for diagnosis only: no figure is made from it. */
  library: unknown;
}

/** What differs between modes. */
export interface Player {
  hls: Hls;
  peerBytes(): number;
  library?(): unknown;
}

declare global {
  interface Window {
    benchReport: () => ViewerReport;
  }
}

const progressIntervalMs = 50;
const sampleIntervalMs = 500;
const retryDelayMs = 1_000;

/** Starts the page's player and puts `benchReport()` on the window. */
export function startViewer(
  makePlayer: (config: ViewerConfig, media: HTMLVideoElement) => Player,
): void {
  const query = new URLSearchParams(location.search).get('config') ?? '{}';
  const config = JSON.parse(query) as ViewerConfig;
  const media = document.querySelector('video') as HTMLVideoElement;
  const longTasks = watchLongTasks();
  const firstFrame = watchFirstFrame(media);
  const meter = new ProgressMeter();
  const player = makePlayer(config, media);
  const samples: Sample[] = [];

  const sample = (): void => {
    const date = player.hls.playingDate;
    const peerBytes = player.peerBytes();
    const liveLatencyMs = date ? Date.now() - date.getTime() : null;
    samples.push({ atMs: Date.now(), deliveredBytes: delivered.bytes, peerBytes, liveLatencyMs });
  };
  const delivered = watchPlayer(player.hls, config, sample);
  setInterval(() => meter.observe(Date.now(), media.currentTime), progressIntervalMs);
  setInterval(sample, sampleIntervalMs);
  window.benchReport = () => {
    sample();
    return {
      viewerName: config.viewerName,
      startedAtMs: performance.timeOrigin,
      endedAtMs: Date.now(),
      firstFrameMs: firstFrame.atMs,
      stalls: meter.stallsUntil(Date.now()),
      skips: meter.skips,
      samples,
      deliveredBytes: delivered.bytesBySequence,
      longTasks,
      memoryBytes: null,
      fatalErrors: delivered.fatalErrors,
      errorCounts: delivered.errorCounts,
      library: player.library?.() ?? null,
    };
  };

  player.hls.loadSource(config.playlistUrl);
  player.hls.attachMedia(media);
  // Refused only when the page is closed; muted media may always play.
  media.play().catch(() => {});
}

function watchPlayer(hls: Hls, { levelIndex, playlistUrl }: ViewerConfig, onDelivery: () => void) {
  const seen = {
    bytes: 0,
    bytesBySequence: {} as Record<number, number>,
    fatalErrors: [] as ViewerReport['fatalErrors'],
    errorCounts: {} as Record<string, number>,
  };
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    if (levelIndex !== null) hls.loadLevel = levelIndex;
  });
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload }) => {
    if (typeof frag.sn !== 'number') return;
    seen.bytes += payload.byteLength;
    seen.bytesBySequence[frag.sn] = (seen.bytesBySequence[frag.sn] ?? 0) + payload.byteLength;
    onDelivery();
  });
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, details }) => {
    seen.errorCounts[details] = (seen.errorCounts[details] ?? 0) + 1;
    if (!fatal) return;
    seen.fatalErrors.push({ atMs: Date.now(), details });
    if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else setTimeout(() => restart(hls, playlistUrl), retryDelayMs);
  });
  return seen;
}

function restart(hls: Hls, playlistUrl: string): void {
  if (hls.levels.length === 0) hls.loadSource(playlistUrl);
  else hls.startLoad();
}

function watchFirstFrame(media: HTMLVideoElement): { atMs: number | null } {
  const first: { atMs: number | null } = { atMs: null };
  const seen = (): void => {
    first.atMs ??= performance.now();
  };
  media.requestVideoFrameCallback(seen);
  // A page that is not composited shows no frames, yet its clock runs.
  media.addEventListener('timeupdate', () => {
    if (media.currentTime > 0 && media.played.length > 0) seen();
  });
  return first;
}

function watchLongTasks(): ViewerReport['longTasks'] {
  const longTasks: ViewerReport['longTasks'] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      longTasks.push({ atMs: performance.timeOrigin + startTime, durationMs: duration });
    }
  });
  observer.observe({ type: 'longtask', buffered: true });
  return longTasks;
}
