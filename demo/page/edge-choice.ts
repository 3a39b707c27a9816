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
  #before = new Map<number, { isMaster: boolean; edge: EdgeName }>();

  /** @returns A sentence for each that has changed its edge since the last time. */
  update(choosers: readonly Chooser[]): string[] {
    const before = this.#before;
    this.#before = new Map();
    return choosers.flatMap(({ number, isMaster, edge, seen }) => {
      const from = before.get(number);
      const now = edge ?? from?.edge;
      if (now === undefined) return [];
      this.#before.set(number, { isMaster, edge: now });
      // Whose edge fails may lose the role before it has another one.
      if (from === undefined || from.edge === now || !(isMaster || from.isMaster)) return [];
      return [
        `Viewer ${number} reads from ${letterOf(now)} now: ${whyMoved(from.edge, now, seen)}`,
      ];
    });
  }
}
