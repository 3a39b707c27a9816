import { type Distribution, distribution } from './statistics.ts';
import type { Viewer } from './viewer.ts';

/** Who was there for less says little of what it would have uploaded. */
const presentMsMin = 15_000;
/** Uplinks that carry less than this of what they could have room. */
const roomShare = 0.8;

/**
 * Most that a member uploads over the mean of those who may, in each group in which another has room, from
 * `fromMs` on or since it came.
 */
export function fairness(viewers: readonly Viewer[], fromMs: number, nowMs: number): Distribution {
  const groups = new Map<string, Viewer[]>();
  for (const viewer of viewers) {
    const { alive, groupId, uploads, nat, joinedAtMs } = viewer;
    const isPresent = alive && groupId !== null && nowMs - joinedAtMs >= presentMsMin;
    if (!isPresent || !uploads || nat === 'closed') continue;
    groups.set(groupId, [...(groups.get(groupId) ?? []), viewer]);
  }
  const ratios: number[] = [];
  for (const members of groups.values()) {
    const rates = members.map(
      ({ uplink, settledUploadBytes, joinedAtMs }) =>
        (uplink.bytes - settledUploadBytes) / (nowMs - Math.max(fromMs, joinedAtMs)),
    );
    const { mean, max } = distribution(rates);
    const hasRoom = members.some(
      ({ uplink, spec }, index) =>
        rates[index] !== max &&
        (rates[index] as number) <
          roomShare * Math.min(uplink.bytesPerMs, spec.uploadBytesPerSecondMax / 1_000),
    );
    if (mean > 0 && members.length > 2 && hasRoom) ratios.push(max / mean);
  }
  return distribution(ratios);
}
