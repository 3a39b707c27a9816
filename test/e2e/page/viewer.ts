/** One viewer in one page, as an app would build it; tests read `window.viewer`. */
import Hls from 'hls.js';
import type { SessionEvents } from '../../../sdk/index.ts';
import { joinRoom } from '../../../sdk/index.ts';
import { watchProgress } from './progress.ts';

const parameters = new URLSearchParams(location.search);
const read = (name: string) => parameters.get(name) ?? '';
const video = document.querySelector('video') as HTMLVideoElement;
const progress = watchProgress(video);

const { fetch } = window;
let requestCount = 0;
window.fetch = (...request) => {
  requestCount += 1;
  return fetch(...request);
};

const session = joinRoom({
  room: read('room'),
  signaling: read('signaling'),
  token: read('token'),
  media: video,
  upload: read('upload') !== 'no',
  ...JSON.parse(read('options') || '{}'),
});

const log: { atMs: number; name: string; event: unknown }[] = [];
const fatalErrors: string[] = [];
for (const name of [
  'status',
  'role',
  'edge',
  'stall',
  'error',
  'neighbours',
  'message',
  'messageRemoved',
] as (keyof SessionEvents)[]) {
  session.on(name, (event) => {
    const shown = event instanceof Error ? { ...event, message: event.message } : event;
    log.push({ atMs: Math.round(performance.now()), name, event: shown });
  });
}

const hls = new Hls(session.hls(JSON.parse(read('hls') || '{}')));
hls.on(Hls.Events.ERROR, (_, data) => {
  log.push({
    atMs: Math.round(performance.now()),
    name: 'hls',
    event: `${data.details} ${data.fatal}`,
  });
  if (data.fatal) fatalErrors.push(data.details);
});
hls.loadSource(read('src'));
hls.attachMedia(video);

let mediaBytes = 0;
/** Media sequences in the order in which they were appended; init segments have none. */
const sequences: number[] = [];
hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => {
  mediaBytes += frag.stats.loaded;
});
hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
  if (typeof frag.sn === 'number') sequences.push(frag.sn);
});

/** In seconds, as start and end. */
function bufferedRanges(): [number, number][] {
  const { buffered } = video;
  return Array.from({ length: buffered.length }, (_, index) => [
    buffered.start(index),
    buffered.end(index),
  ]);
}

function playlistWindow(): { first: number; last: number } | null {
  const details = hls.latestLevelDetails;
  return details ? { first: details.startSN, last: details.endSN } : null;
}

const viewer = {
  session,
  hls,
  video,
  log,
  read: () => ({
    stats: session.stats(),
    currentTime: video.currentTime,
    ...progress.read(),
    readyState: video.readyState,
    buffered: bufferedRanges(),
    /** Wall clock of the picture, in ms since the epoch: the same frame has the same on all viewers. */
    playingDateMs: hls.playingDate?.getTime() ?? null,
    /** Media sequences of the playlist that the player knows. */
    playlist: playlistWindow(),
    mediaBytes,
    sequences: [...sequences],
    /** Calls of `fetch`. */
    requestCount,
    fatalErrors,
    level: hls.currentLevel,
  }),
  resetFrozen: progress.reset,
};

export type ViewerUnderTest = typeof viewer;
declare global {
  interface Window {
    viewer: ViewerUnderTest;
  }
}
window.viewer = viewer;
