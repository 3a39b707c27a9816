import { type OutageMode, type OutageName, outageFromMs, outageModes } from './outages.ts';
import type { World } from './simulate.ts';

/** By then whoever can look at its edge has done so, and the members take turns. */
export const turnsFromMs = outageFromMs + 6_000;
/** Three segments are buffered at best, of which one may have been played. */
const horizonMinMs = 3_000;
const firstFrameWithinMs = 5_000;
const resumeWithinMs = 2_000;
/** Where a playlist moved on meanwhile, players have been told of lost segments and rest before they try again. */
const resumeAfterLossWithinMs = 4_000;
/** Neighbouring turns are a second apart by clocks that agree to a tenth of one. */
const probesPerSecondMax = 1.3;
/** At the return, of one group: its reader catches up with several segments at once. */
const requestsPerSecondMax = 12;

export interface Stall {
  name: string;
  startedAtMs: number;
  durationMs: number;
}

export function stallsOf(world: World): Stall[] {
  return world.viewers.flatMap(({ name, player }) =>
    player.stalls.map(({ startedAtMs, durationMs }) => ({
      name,
      startedAtMs,
      durationMs: durationMs ?? Number.POSITIVE_INFINITY,
    })),
  );
}

/** How long after the return the last viewer played on that had stalled while nobody reached an edge. */
export function resumedAfterMs(world: World, untilMs: number): number {
  const ends = stallsOf(world)
    .filter(({ startedAtMs }) => startedAtMs < untilMs)
    .map(({ startedAtMs, durationMs }) => startedAtMs + durationMs);
  return Math.max(0, ...ends.map((endMs) => endMs - untilMs));
}

/** What is not as it has to be in a world of this mode, a line for each. In a crowd groups wait until others feed them. */
export function faultsIn(name: OutageName, world: World): string[] {
  const { feeds, untilMs }: OutageMode = outageModes[name];
  const { invariants } = world;
  const isCrowd = world.options.viewers > 30;
  const faults = [...(invariants?.findings ?? [])];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const limit = (what: string, value: number, max: number): void => {
    if (!(value <= max)) faults.push(`${what}: ${value.toFixed(2)}, of at most ${max}`);
  };
  for (const fatal of world.report().fatal) faults.push(`fatal: ${fatal}`);
  for (const { name: who, startedAtMs, durationMs } of stallsOf(world)) {
    if (feeds && !isCrowd)
      faults.push(`${who} stalls at ${seconds(startedAtMs)}, for ${durationMs} ms`);
    if (startedAtMs >= outageFromMs && startedAtMs < outageFromMs + horizonMinMs)
      faults.push(`${who} stalls before the horizon, at ${seconds(startedAtMs)}`);
  }
  if (!feeds)
    limit(
      'ms until all have resumed',
      resumedAfterMs(world, untilMs),
      name === 'segmentsOfAll' ? resumeAfterLossWithinMs : resumeWithinMs,
    );
  for (const { joinedAtMs, player, name: who } of world.viewers)
    if (joinedAtMs > outageFromMs)
      limit(
        `first frame of ${who}`,
        (player.startedAtMs ?? Infinity) - joinedAtMs,
        firstFrameWithinMs,
      );
  limit('probes a second', invariants?.probesMean(turnsFromMs, untilMs) ?? 0, probesPerSecondMax);
  if (!isCrowd)
    limit('requests', invariants?.requestsMax(untilMs, untilMs + 4_000) ?? 0, requestsPerSecondMax);
  return faults;
}
