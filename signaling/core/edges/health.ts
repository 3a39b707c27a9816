import type { EdgeOutcome, Limits } from '../../protocol/index.ts';
import * as thresholds from './thresholds.ts';

/** How an edge serves viewers: a share of devices served well, smoothed with its trend. */
export interface Health {
  level: number;
  /** Change of the level from one window to the next. */
  trend: number;
  window: Window | null;
}

interface Window {
  endsAtMs: number;
  /** By device. */
  voices: Map<string, { successCount: number; failureCount: number }>;
  /** The device that speaks for a subject: device ids are chosen by pages, subjects are not. */
  deviceOfSubject: Map<string, string>;
}

export interface Judgement {
  /** Enough devices fail that it is not they. */
  isFailing: boolean;
  hasFailures: boolean;
}

export function createHealth(level = 1): Health {
  return { level, trend: 0, window: null };
}

/** Takes in what one viewer's reads came to. */
export function hear(
  health: Health,
  voice: { deviceId: string; subject: string },
  outcome: EdgeOutcome,
  nowMs: number,
  limits: Limits,
): void {
  const { successCount, failureCount } = outcome;
  if (successCount + failureCount === 0) return;
  health.window ??= {
    // All edges are judged at the same time: then it shows whether one fails or all do.
    endsAtMs: (Math.floor(nowMs / limits.edgeWindowMs) + 1) * limits.edgeWindowMs,
    voices: new Map(),
    deviceOfSubject: new Map(),
  };
  const { voices, deviceOfSubject } = health.window;
  const { deviceId, subject } = voice;
  if ((deviceOfSubject.get(subject) ?? deviceId) !== deviceId) return;
  const known = voices.get(deviceId);
  if (known) {
    known.successCount += successCount;
    known.failureCount += failureCount;
  } else if (voices.size < limits.edgeVoicesMax) {
    deviceOfSubject.set(subject, deviceId);
    voices.set(deviceId, { successCount, failureCount });
  }
}

/** Ends the window that is open, if its time has come. Null while there is nothing to judge. */
export function judge(
  health: Health,
  isHeartbeatMissing: boolean,
  nowMs: number,
): Judgement | null {
  const { window } = health;
  if (!window || window.endsAtMs > nowMs) return null;
  health.window = null;
  const { voices } = window;
  let failingCount = 0;
  for (const { successCount, failureCount } of voices.values()) {
    if (failureCount > 0 && failureCount >= successCount) failingCount++;
  }
  // Few devices say less of an edge than of themselves.
  const weight = thresholds.levelWeight * Math.min(1, voices.size / thresholds.failingDevicesMin);
  const before = health.level;
  const expected = before + health.trend;
  health.level = clamp(expected + weight * (1 - failingCount / voices.size - expected));
  health.trend += thresholds.trendWeight * (health.level - before - health.trend);
  const isMost = failingCount >= voices.size * thresholds.failingShareMin;
  const isEnough = failingCount >= thresholds.failingDevicesMin;
  const isAllThereIs = failingCount === voices.size && isHeartbeatMissing;
  return { isFailing: isMost && (isEnough || isAllThereIs), hasFailures: failingCount > 0 };
}

/** Share of devices that it will serve well soon. */
export function predictedHealth({ level, trend }: Health, load: number | null): number {
  const { horizonWindows, loadBusy, loadPenalty } = thresholds;
  const strain = Math.max(0, (load ?? 0) - loadBusy) / (1 - loadBusy);
  return clamp(level + horizonWindows * trend - loadPenalty * strain);
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
