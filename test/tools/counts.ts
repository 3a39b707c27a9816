import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Tests of one stage of `npm test`. */
export interface Counts {
  passed: number;
  failed: number;
  /** Titles of those that failed, or of what a hook that failed is for, where the stage tells. */
  failedTitles?: string[];
}

/** Path of the file in which the running stage leaves its counts; unset when somebody runs a stage by hand. */
export const countsFileVariable = 'HOLDFAST_COUNTS_FILE';

export function writeCounts(counts: Counts): void {
  const file = process.env[countsFileVariable];
  if (file) writeFileSync(file, JSON.stringify(counts));
}

export function readCounts(file: string): Counts {
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  return JSON.parse(readFileSync(file, 'utf8')) as Counts;
}
