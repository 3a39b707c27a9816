/** Settings of the player and of the libraries: printed with every run, written into its JSON. */
import type { HlsConfig } from 'hls.js';
import type { StreamConfig } from 'p2p-media-loader-core';

/** The live stream: the committed loop of `demo/origin`. */
export const stream = { segmentDurationMs: 2_000, windowSegments: 6 } as const;

/** The same in all modes. What is not named is hls.js' default. */
export const playerSettings: Partial<HlsConfig> = {
  // One page is one thread then, in all modes: workers of a wall of viewers would hide what a mode costs.
  enableWorker: false,
  lowLatencyMode: false,
  // hls.js' default. Named so that every mode plays at the same distance from the live edge.
  liveSyncDurationCount: 3,
};

/**
 * P2P Media Loader at its best for a window of twelve seconds. By default it fetches by HTTP what the playhead reaches
 * within 15 s, which is the whole window.
 */
export const p2pmlSettings: Partial<StreamConfig> = {
  highDemandTimeWindow: 3,
  httpDownloadTimeWindow: 0,
};

/** P2P Media Loader finds peers through the tracker; a client asks for five at a time. */
export const trackerIntervalMs = 10_000;
