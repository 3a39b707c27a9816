import type { SimulationOptions } from './simulate.ts';

export type Scenario = (seed: number) => SimulationOptions;

const rendition = { name: 'high', bitsPerSecond: 1_400_000 };

/** Worlds by name, so that a failing seed can be replayed from the command line. */
export const scenarios: Record<string, Scenario> = {
  /** A small room on a good day. */
  steady: (seed) => ({ seed, viewers: 8, durationMs: 70_000, renditions: [rendition] }),
  /** A whole group. */
  group: (seed) => ({ seed, viewers: 30, durationMs: 90_000 }),
};
