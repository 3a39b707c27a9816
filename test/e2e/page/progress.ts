/** What somebody who looks at the picture would notice, measured apart from the session's own statistics. */

const tickMs = 100;
/** Below this the picture stands still. */
const progressMsMin = 10;
/** A standstill shorter than this is not counted: one late tick looks like it. */
const stoodMsMin = 200;
/** A tick that comes later tells of a busy machine, not of a missing segment: only this much of it counts. */
const tickMsMax = 150;

export interface Progress {
  /** From the start of the page's script to the first frame. */
  firstFrameMs: number | null;
  /** Longest standstill while the page's own timers ran. */
  frozenMs: number;
  /** Standstill that still lasts. */
  frozenNowMs: number;
  /** All standstills together. */
  stoodMs: number;
  /** Media played since the last standstill or jump, in steps as small as the time that passed. */
  steadyMs: number;
  /** Longest time that the page's timers did not run. */
  starvedMs: number;
}

export function watchProgress(video: HTMLVideoElement): { read(): Progress; reset(): void } {
  const startedAtMs = performance.now();
  const progress: Progress = {
    firstFrameMs: null,
    frozenMs: 0,
    frozenNowMs: 0,
    stoodMs: 0,
    steadyMs: 0,
    starvedMs: 0,
  };
  let last = { time: 0, atMs: startedAtMs };
  setInterval(() => {
    const nowMs = performance.now();
    const { currentTime } = video;
    const elapsedMs = nowMs - last.atMs;
    const progressMs = (currentTime - last.time) * 1_000;
    last = { time: currentTime, atMs: nowMs };
    progress.starvedMs = Math.max(progress.starvedMs, elapsedMs - tickMs);
    if (currentTime > 0) progress.firstFrameMs ??= nowMs - startedAtMs;
    if (progress.firstFrameMs === null) return;
    const stands = progressMs < progressMsMin;
    const beforeMs = progress.frozenNowMs;
    progress.frozenNowMs = stands ? beforeMs + Math.min(elapsedMs, tickMsMax) : 0;
    if (progress.frozenNowMs >= stoodMsMin)
      progress.stoodMs += progress.frozenNowMs - (beforeMs < stoodMsMin ? 0 : beforeMs);
    progress.frozenMs = Math.max(progress.frozenMs, progress.frozenNowMs);
    // A jump over media that nobody has any more is neither a freeze nor play.
    const plays = !stands && progressMs < elapsedMs * 1.5 + tickMs && video.readyState >= 3;
    progress.steadyMs = plays ? progress.steadyMs + progressMs : 0;
  }, tickMs);
  return {
    read: () => ({
      ...progress,
      frozenMs: Math.round(progress.frozenMs),
      frozenNowMs: Math.round(progress.frozenNowMs),
      stoodMs: Math.round(progress.stoodMs),
      steadyMs: Math.round(progress.steadyMs),
      starvedMs: Math.round(progress.starvedMs),
    }),
    reset: () => {
      progress.frozenMs = 0;
      progress.stoodMs = 0;
      progress.starvedMs = 0;
    },
  };
}
