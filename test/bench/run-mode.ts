/** Plays one scenario in one mode: servers up, viewers in, windows measured, faults on time, everything closed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters } from '../../demo/origin/counters.ts';
import type { BenchBrowser, ViewerPage } from './browser.ts';
import { type Moment, type RawRun, segmentBytesOf } from './figures/raw-run.ts';
import type { BenchOptions, Mode } from './options.ts';
import type { ViewerReport } from './pages/viewer.ts';
import type { Scenario } from './scenarios.ts';
import { p2pmlSettings, playerSettings, stream } from './settings.ts';
import { bitsPerSecondOf, room, type Stage } from './stage.ts';

export interface RunContext {
  mode: Mode;
  options: BenchOptions;
  scenario: Scenario;
  stage: Stage;
  browser: BenchBrowser;
  pageUrl: string;
  signal: AbortSignal;
  progress: (text: string) => void;
}

/** @throws Error when no viewer could start, or the signal's reason. */
export async function runMode(context: RunContext): Promise<RawRun> {
  const { options, scenario, stage, signal, progress } = context;
  const audience = new Audience(context);
  await capEdge(context);
  await nextPhase(context);
  const started = takeMoment(context);
  const joinIntervalMs = options.joinIntervalMs ?? scenario.joinIntervalMs;
  await audience.join(options.viewers, joinIntervalMs);
  if (audience.size === 0)
    throw new Error(`no viewer could start: ${audience.failures[0] ?? 'no reason'}`);
  progress(`${audience.size} viewers have joined; settling for ${options.settleMs / 1_000} s`);
  await sleep(options.settleMs, undefined, { signal });
  await nextPhase(context);
  const settledStart = takeMoment(context);
  const events = new AbortController();
  const running = AbortSignal.any([signal, events.signal]);
  const happenings = [
    runOutage(context, running),
    audience.churn(scenario.churnIntervalMs, running),
  ];
  await watch(context, options.durationMs);
  const settledEnd = takeMoment(context);
  events.abort();
  const outages = await Promise.all(happenings);
  await audience.leaveAll();
  return {
    started,
    settledStart,
    settledEnd,
    outage: outages[0] ?? null,
    viewers: audience.reports,
    failures: [...audience.failures, ...context.browser.pageErrors()],
    publishedAtMs: stage.publishedAtMs,
  };
}

/**
 * Waits for the same point between two segments in every mode: join, window and fault find the stream alike,
 * and little is on its way when the counters are read.
 */
async function nextPhase({ stage, signal }: RunContext): Promise<void> {
  const { segmentDurationMs } = stream;
  const phaseMs = segmentDurationMs - 100;
  const sinceMs = Date.now() - stage.publishedAtMs(0);
  const waitMs =
    (((phaseMs - sinceMs) % segmentDurationMs) + segmentDurationMs) % segmentDurationMs;
  await sleep(waitMs, undefined, { signal });
}

/** The viewers of one run. */
class Audience {
  readonly reports: ViewerReport[] = [];
  readonly failures: string[] = [];
  readonly #context: RunContext;
  /** Present ones, the longest-present first. */
  #present: ViewerPage[] = [];
  #joinCount = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#present.length;
  }

  /** Joins start on time, also when the page before is still loading. */
  async join(count: number, intervalMs: number): Promise<void> {
    const { signal } = this.#context;
    const joins = Array.from({ length: count }, async (_item, index) => {
      if (index > 0) await sleep(index * intervalMs, undefined, { signal });
      await this.#open();
    });
    const settled = await Promise.allSettled(joins);
    signal.throwIfAborted();
    for (const { reason } of settled.filter((item) => item.status === 'rejected')) {
      this.failures.push(String(reason));
    }
  }

  /** Replaces one viewer after another. Never rejects. */
  async churn(intervalMs: number | null, signal: AbortSignal): Promise<null> {
    try {
      while (intervalMs !== null) {
        await sleep(intervalMs, undefined, { signal });
        await Promise.all([this.#leaveFirst(), this.#open()]);
      }
    } catch (error) {
      if (!signal.aborted) this.failures.push(String(error));
    }
    return null;
  }

  async leaveAll(): Promise<void> {
    while (this.#present.length > 0) await this.#leaveFirst();
  }

  async #leaveFirst(): Promise<void> {
    const viewer = this.#present.shift();
    if (!viewer) return;
    try {
      this.reports.push(await viewer.leave());
    } catch (error) {
      this.failures.push(`${viewer.viewerName}: ${String(error)}`);
    }
  }

  async #open(): Promise<void> {
    const { stage, scenario, options, browser, pageUrl, signal } = this.#context;
    signal.throwIfAborted();
    const index = this.#joinCount++;
    const viewerName = `viewer-${index}`;
    const spare = index >= options.viewers - scenario.viewersAtSpareEdge && index < options.viewers;
    const config = {
      viewerName,
      playlistUrl: (spare ? stage.spareEdge : stage.edge).playlistUrl,
      room,
      levelIndex: { low: 0, high: 1, auto: null }[options.rendition],
      player: playerSettings,
      p2pml: p2pmlSettings,
      trackerUrl: stage.trackerUrl,
      signalingUrl: stage.signalingUrl,
      token: await stage.issueToken(viewerName),
    };
    this.#present.push(await browser.open(pageUrl, config, scenario.oneProfile));
  }
}

async function capEdge({ scenario, stage, options, progress }: RunContext): Promise<void> {
  if (scenario.edgeUplinkBitrates === null) return;
  const bitsPerSecond = await bitsPerSecondOf(stage.edge, options.rendition);
  const bytesPerSecond = (bitsPerSecond * scenario.edgeUplinkBitrates) / 8;
  stage.edge.setFault({ kind: 'throttle', bytesPerSecond });
  progress(`the edge sends at most ${Math.round(bytesPerSecond / 1_000)} kB/s`);
}

/** Never rejects. @returns When it began and ended, or null when there was none or it was cut short. */
async function runOutage(
  { scenario: { outage }, stage: { edge }, options, progress }: RunContext,
  signal: AbortSignal,
): Promise<RawRun['outage']> {
  if (!outage) return null;
  try {
    const fault = outage.fault(await bitsPerSecondOf(edge, options.rendition));
    await sleep(outage.startMs, undefined, { signal });
    progress(`the edge: ${JSON.stringify(fault)}`);
    edge.setFault(fault);
    const startedAtMs = Date.now();
    await sleep(outage.durationMs, undefined, { signal });
    progress('the edge is well again');
    return { startedAtMs, endedAtMs: Date.now() };
  } catch {
    return null;
  } finally {
    edge.setFault({ kind: 'none' });
  }
}

async function watch({ signal, progress }: RunContext, durationMs: number): Promise<void> {
  const endAtMs = Date.now() + durationMs;
  for (let leftMs = durationMs; leftMs > 0; leftMs = endAtMs - Date.now()) {
    progress(`measuring, ${Math.ceil(leftMs / 1_000)} s left`);
    await sleep(Math.min(10_000, leftMs), undefined, { signal });
  }
}

function takeMoment({ stage, browser }: RunContext): Moment {
  const counters: Counters[] = [stage.edge.counters(), stage.spareEdge.counters()];
  return {
    atMs: Date.now(),
    processorSeconds: browser.processorSeconds(),
    edgeSegmentBytes: counters.reduce((total, { bytes }) => total + bytes.segment, 0),
    playlistRequests: counters.reduce((total, { requests }) => total + requests.playlist, 0),
    segments: segmentBytesOf(counters),
  };
}
