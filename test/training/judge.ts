import type { Random } from '../sim/world/random.ts';

/** What each judged user's messages were scored, and which of them it replied to. */
export interface Judged {
  scores: Float64Array;
  labels: Uint8Array;
}

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** With fewer replies an AUC says nothing. */
const repliesMin = 3;

/** Rows by user, of those with enough replies, and something that they did not reply to. */
export function rowsByUser(
  rows: Iterable<number>,
  users: Int32Array,
  labels: Uint8Array,
): Int32Array[] {
  const byUser = new Map<number, number[]>();
  for (const row of rows) {
    const user = users[row] as number;
    const known = byUser.get(user);
    if (known) known.push(row);
    else byUser.set(user, [row]);
  }
  return [...byUser.values()]
    .filter((own) => {
      const replies = own.reduce((sum, row) => sum + (labels[row] as number), 0);
      return replies >= repliesMin && replies < own.length;
    })
    .map((own) => Int32Array.from(own));
}

/**
 * Area under the ROC curve: how often a message that was replied to is scored above one that was not, ties counted half.
 * By the sum of ranks (Mann, Whitney 1947).
 */
export function aucOf({ scores, labels }: Judged): number {
  const order = Int32Array.from(scores.keys()).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let [rankSum, positives] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number])
      end++;
    for (let place = start; place < end; place++) {
      if (labels[order[place] as number] === 0) continue;
      rankSum += (start + end + 1) / 2;
      positives++;
    }
    start = end;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** How many of the replies are to messages whose score is in the top share of all. */
export function recallAtTop({ scores, labels }: Judged, topShare: number): number {
  const order = Int32Array.from(scores.keys()).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number),
  );
  let [found, all] = [0, 0];
  const top = Math.floor(order.length * topShare);
  for (const [place, index] of order.entries()) {
    all += labels[index] as number;
    if (place < top) found += labels[index] as number;
  }
  return found / all;
}

const bootstrapRounds = 2_000;

/** Mean over users, with the 95 % interval of 2,000 draws of as many users with replacement (percentile bootstrap). */
export function bootstrap(values: Float64Array, random: Random): Interval {
  const means = new Float64Array(bootstrapRounds);
  for (let round = 0; round < bootstrapRounds; round++) {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++)
      sum += values[Math.floor(random.unit() * values.length)] as number;
    means[round] = sum / values.length;
  }
  means.sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = (share: number) => means[Math.floor(share * bootstrapRounds)] as number;
  return { mean, low: at(0.025), high: at(0.975) };
}

/** Share by which what was predicted and what happened differ, over ten bins of equally many (ECE). */
export function calibrationError({ scores, labels }: Judged): number {
  const order = Int32Array.from(scores.keys()).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number),
  );
  let error = 0;
  for (let bin = 0; bin < 10; bin++) {
    const rows = order.subarray((bin * order.length) / 10, ((bin + 1) * order.length) / 10);
    let [predicted, happened] = [0, 0];
    for (const row of rows) {
      predicted += scores[row] as number;
      happened += labels[row] as number;
    }
    error += Math.abs(predicted - happened) / order.length;
  }
  return error;
}
