import type { Mode } from '../options.ts';
import { type FigureName, type Figures, figureNames } from './figures.ts';
import { median } from './statistics.ts';

/** What came of one mode in all rounds. */
export interface ModeResult {
  mode: Mode;
  /** Medians over the rounds that ran; null when none did. */
  figures: Figures | null;
  rounds: Figures[];
  /** Why rounds failed, and what went wrong in those that did not. */
  errors: string[];
}

/** Each figure's median over the rounds that measured it. */
export function medianFigures(rounds: readonly Figures[]): Figures | null {
  if (rounds.length === 0) return null;
  const entries = figureNames.map((name): [FigureName, number | null] => {
    return [name, median(rounds.flatMap((figures) => figures[name] ?? []))];
  });
  return Object.fromEntries(entries) as Figures;
}

/** Fills in what a mode costs the processor above plain hls.js of the same round. */
export function compareWithPlain(figures: Figures, plain: Figures | null): Figures {
  const own = figures.cpuSecondsPerViewerMinute;
  const base = plain?.cpuSecondsPerViewerMinute ?? null;
  const added = own === null || base === null ? null : own - base;
  return { ...figures, cpuSecondsPerViewerMinuteAdded: added };
}
