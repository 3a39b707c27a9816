/** What somebody may still spend of something that comes back at a rate. Times are any monotonic milliseconds. */
export interface Allowance {
  /** Below zero after something that costs more than a burst. */
  left: number;
  filledAtMs: number;
}

export interface Rate {
  perSecond: number;
  /** What may be spent at once. */
  burst: number;
}

export function fullAllowance({ burst }: Rate, nowMs: number): Allowance {
  return { left: burst, filledAtMs: nowMs };
}

/**
 * How long to wait before so much may be spent; 0 when it may be now. What costs more than a burst needs a whole one.
 * `reserve` of the burst is left to others.
 */
export function waitMs(
  allowance: Allowance,
  { perSecond, burst }: Rate,
  nowMs: number,
  cost = 1,
  reserve = 0,
): number {
  const back = ((nowMs - allowance.filledAtMs) * perSecond) / 1_000;
  allowance.left = Math.min(burst, allowance.left + back);
  allowance.filledAtMs = nowMs;
  const missing = Math.min(burst, cost + reserve) - allowance.left;
  return missing <= 0 ? 0 : Math.ceil((missing / perSecond) * 1_000);
}
