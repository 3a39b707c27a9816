import type { Wanted } from '../events.ts';
import * as timings from './device-timings.ts';

/** What the master of the device was asked for. */
export interface Ask {
  wanted: Wanted;
  /** When it was asked for, and when the master last said that more of it has come. */
  sinceMs: number;
  movedAtMs: number;
  /** The master knows nothing of it any more: it refused it, or this viewer tried for itself. */
  isForgotten: boolean;
}

/** When a slave is to get it itself, unless more of it comes; `isNext` to lead, it is the first to. */
export function ownAtMs({ wanted, sinceMs, movedAtMs }: Ask, isNext: boolean): number {
  const isSegment = wanted.type === 'segmentWanted';
  const dueMs = isSegment ? wanted.deadlineMs : sinceMs + timings.playlistDueMs;
  const withinMs = isNext ? timings.urgentMs : timings.urgentMs / 2;
  return Math.max(dueMs - withinMs, movedAtMs + timings.stillMs);
}
