/** One viewer in one page, as an app would build it; tests read `window.viewer`. */
import Hls from 'hls.js';
import type { SessionEvents } from '../../../sdk/index.ts';
import { joinRoom } from '../../../sdk/index.ts';

const parameters = new URLSearchParams(location.search);
const read = (name: string) => parameters.get(name) ?? '';
const video = document.querySelector('video') as HTMLVideoElement;
const startedAtMs = performance.now();

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
hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => {
  mediaBytes += frag.stats.loaded;
});

/** Time without progress of the picture, measured apart from the session's own statistics. */
const frozen = { totalMs: 0, longestMs: 0, currentMs: 0 };
let firstFrameMs: number | null = null;
let last = { time: 0, atMs: performance.now() };
setInterval(() => {
  const nowMs = performance.now();
  const { currentTime } = video;
  if (currentTime > 0) firstFrameMs ??= nowMs - startedAtMs;
  if (firstFrameMs !== null) {
    const progressMs = (currentTime - last.time) * 1_000;
    const lostMs = nowMs - last.atMs - progressMs;
    // A jump over media that nobody has any more is not a freeze of its own.
    if (progressMs < 10) frozen.currentMs += nowMs - last.atMs;
    else frozen.currentMs = 0;
    if (progressMs < 10 && lostMs > 0 && frozen.currentMs >= 300) {
      frozen.totalMs +=
        frozen.currentMs === nowMs - last.atMs ? frozen.currentMs : nowMs - last.atMs;
      frozen.longestMs = Math.max(frozen.longestMs, frozen.currentMs);
    }
  }
  last = { time: currentTime, atMs: nowMs };
}, 100);

const viewer = {
  session,
  hls,
  video,
  log,
  read: () => ({
    stats: session.stats(),
    currentTime: video.currentTime,
    frozenMs: Math.round(frozen.longestMs),
    frozenNowMs: Math.round(frozen.currentMs),
    firstFrameMs,
    mediaBytes,
    fatalErrors,
    level: hls.currentLevel,
  }),
  resetFrozen: () => {
    frozen.totalMs = 0;
    frozen.longestMs = 0;
  },
};

export type ViewerUnderTest = typeof viewer;
declare global {
  interface Window {
    viewer: ViewerUnderTest;
  }
}
window.viewer = viewer;
