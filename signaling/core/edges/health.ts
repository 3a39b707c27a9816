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
  /** By device, by the subjects that speak for it. */
  devices: Map<string, Map<string, Voice>>;
  /** A subject speaks for one device: device ids are chosen by pages, and known to others, subjects are not. */
  deviceOfSubject: Map<string, string>;
}

interface Voice {
  successCount: number;
  failureCount: number;
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
    devices: new Map(),
    deviceOfSubject: new Map(),
  };
  const { devices, deviceOfSubject } = health.window;
  const { deviceId, subject } = voice;
  if (!deviceOfSubject.has(subject) && deviceOfSubject.size < limits.edgeVoicesMax)
    deviceOfSubject.set(subject, deviceId);
  if (deviceOfSubject.get(subject) !== deviceId) return;
  const voices = devices.get(deviceId) ?? new Map<string, Voice>();
  devices.set(deviceId, voices);
  const before = voices.get(subject) ?? { successCount: 0, failureCount: 0 };
  voices.set(subject, {
    successCount: before.successCount + successCount,
    failureCount: before.failureCount + failureCount,
  });
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
  const { size } = window.devices;
  let failingCount = 0;
  for (const voices of window.devices.values()) failingCount += failingShare([...voices.values()]);
  // Few devices say less of an edge than of themselves.
  const weight = thresholds.levelWeight * Math.min(1, size / thresholds.failingDevicesMin);
  const before = health.level;
  const expected = before + health.trend;
  health.level = clamp(expected + weight * (1 - failingCount / size - expected));
  health.trend += thresholds.trendWeight * (health.level - before - health.trend);
  const isMost = failingCount >= size * thresholds.failingShareMin;
  const isEnough = failingCount >= thresholds.failingDevicesMin;
  const isAllThereIs = failingCount === size && isHeartbeatMissing;
  return { isFailing: isMost && (isEnough || isAllThereIs), hasFailures: failingCount > 0 };
}

/** A device has one vote. Where subjects of one device do not agree, each has a part of it. */
function failingShare(voices: readonly Voice[]): number {
  const failing = voices.filter(
    ({ successCount, failureCount }) => failureCount > 0 && failureCount >= successCount,
  );
  return failing.length / voices.length;
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
