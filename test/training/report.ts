import type { Random } from '../sim/world/random.ts';
import { aucOf, bootstrap, type Interval, type Judged, recallAtTop, rowsByUser } from './judge.ts';
import type { Pairs } from './pairs.ts';

/** Scores by row of the pairs; rows that were not scored are not judged. */
export interface Scorer {
  name: string;
  scores: Float64Array;
}

export interface Verdict {
  name: string;
  auc: Interval;
  /** How much more the last scorer has, user by user. */
  behind: Interval | null;
  recall: number;
}

/** Judges scorers on the same rows: mean AUC per user, and the last one against each other. */
export function judgeAll(
  pairs: Pairs,
  rows: Int32Array,
  scorers: readonly Scorer[],
  random: Random,
): { users: number; verdicts: Verdict[] } {
  const byUser = rowsByUser(rows, pairs.users, pairs.labels);
  const aucs = scorers.map(({ scores }) =>
    Float64Array.from(byUser, (own) => aucOf(judgedOf(pairs, own, scores))),
  );
  const ours = aucs.at(-1) as Float64Array;
  const verdicts = scorers.map(({ name, scores }, place) => {
    const own = aucs[place] as Float64Array;
    const differences = ours.map((auc, user) => auc - (own[user] as number));
    const isLast = place === scorers.length - 1;
    return {
      name,
      auc: bootstrap(own, random.fork(name)),
      behind: isLast ? null : bootstrap(differences, random.fork(`${name} behind`)),
      recall: recallAtTop(judgedOf(pairs, rows, scores), 0.05),
    };
  });
  return { users: byUser.length, verdicts };
}

export function judgedOf(pairs: Pairs, rows: Int32Array, scores: Float64Array): Judged {
  return {
    scores: Float64Array.from(rows, (row) => scores[row] as number),
    labels: Uint8Array.from(rows, (row) => pairs.labels[row] as number),
  };
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const number = (value: number) => value.toFixed(3).replace(/^(-?)0/, '$1');
  const interval = ({ mean, low, high }: Interval) =>
    `${number(mean)} [${number(low)}, ${number(high)}]`;
  const lines = verdicts.map(
    ({ name, auc, behind, recall }) =>
      `| ${name} | ${interval(auc)} | ${behind ? interval(behind) : ''} | ${number(recall)} |`,
  );
  return [
    '| scored by | mean AUC per user [95 %] | ours has more by [95 %] | recall in the top 5 % |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n');
}
