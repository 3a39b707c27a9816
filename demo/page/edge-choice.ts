/** Tells the logbook when a viewer that reads for the room goes to another edge, and why. */
import type { EdgeName } from '../server/edge-offers.ts';
import { type EdgesSeen, whyMoved } from './edge-words.ts';
import { letterOf } from './servers.ts';

export interface Chooser {
  number: number;
  isMaster: boolean;
  /** Null before it has chosen. */
  edge: EdgeName | null;
  seen: EdgesSeen;
}

export class ChoiceWatch {
  #edges = new Map<number, EdgeName>();

  /** @returns A sentence for each that has changed its edge since the last time. */
  update(choosers: readonly Chooser[]): string[] {
    const before = this.#edges;
    this.#edges = new Map();
    return choosers.flatMap(({ number, isMaster, edge, seen }) => {
      const from = before.get(number);
      const now = edge ?? from;
      if (now !== undefined) this.#edges.set(number, now);
      if (!isMaster || now === undefined || from === undefined || now === from) return [];
      return [`Viewer ${number} reads from ${letterOf(now)} now: ${whyMoved(from, now, seen)}`];
    });
  }
}
