import type { Random } from '../sim/world/random.ts';
import type { Pairs } from './pairs.ts';

export type Score = (pairs: Pairs, row: number) => number;

/** What a site would do without learning anything. */
export function baselines(random: Random): Record<string, Score> {
  return {
    random: () => random.unit(),
    recency: (pairs, row) => -pairs.value(row, 'minutesSinceMine'),
    'is-mention': (pairs, row) => pairs.value(row, 'addressesMe'),
    'hand-written list': listed,
    'hand-written list, ties by recency': (pairs, row) =>
      listed(pairs, row) + 0.5 / (1 + pairs.value(row, 'countSinceMine')),
  };
}

/** The first line that holds decides. */
function listed(pairs: Pairs, row: number): number {
  if (pairs.value(row, 'addressesMe') > 0) return 5;
  if (pairs.value(row, 'othersAddressed') > 0) return 0;
  if (pairs.value(row, 'minutesSinceFromMe') < 10) return 4;
  if (pairs.value(row, 'minutesSinceToMe') < 10) return 3;
  if (pairs.value(row, 'minutesSinceReplied') < 60) return 2;
  return 1;
}
