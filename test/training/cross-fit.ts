import type { Random } from '../sim/world/random.ts';
import {
  type Calibration,
  calibrate,
  headerFeatures,
  learn,
  learnable,
  predict,
} from './learning.ts';
import type { Pairs } from './pairs.ts';
import { thresholdAt } from './rules-file.ts';

/** Shares of the users and of the days: whoever is judged on a day is learned from neither it nor that day. */
const folds = 4;
/** Share of the messages that are important by the model's own threshold. */
const importantShare = 0.05;

export interface CrossFit {
  /** All rows: each was judged once. */
  rows: Int32Array;
  /** Logits by row, calibrated, of rules that had seen neither the user nor the day. */
  ours: Float64Array;
  /** The same of rules that know the header alone. */
  headerOnly: Float64Array;
  calibration: Calibration;
  threshold: number;
}

/** Learns on some users and days, scores others on other days, in turn. */
export function crossFit(pairs: Pairs, random: Random, progress: (text: string) => void): CrossFit {
  const foldOf = (name: string, count: number) => {
    const { unit } = random.fork(name);
    return Uint8Array.from({ length: count }, () => Math.floor(unit() * folds));
  };
  const userFolds = foldOf('users', pairs.userCount);
  const dayCount = pairs.days.reduce((most, day) => Math.max(most, day), 0) + 1;
  const dayFolds = foldOf('days', dayCount);
  const ours = new Float64Array(pairs.count);
  const headerOnly = new Float64Array(pairs.count);
  for (let block = 0; block < folds * folds; block++) {
    progress(`Judging users and days that the rules have not seen: ${block + 1} of ${folds ** 2}`);
    const ofUser = (row: number) => userFolds[pairs.users[row] as number] === block % folds;
    const ofDay = (row: number) =>
      dayFolds[pairs.days[row] as number] === Math.floor(block / folds);
    const isUsed = (row: number) => !ofUser(row) && !ofDay(row);
    const full = learn(pairs, isUsed, learnable, random.fork(`all ${block}`));
    const header = learn(pairs, isUsed, headerFeatures, random.fork(`header ${block}`));
    for (let row = 0; row < pairs.count; row++) {
      if (!ofUser(row) || !ofDay(row)) continue;
      ours[row] = predict(full, pairs, row);
      headerOnly[row] = predict(header, pairs, row);
    }
  }
  const rows = Int32Array.from({ length: pairs.count }, (_, row) => row);
  // People annotated IRC; Gitter's labels are guesses, and would set another level.
  const irc = rows.filter((row) => pairs.isGitter[row] === 0);
  const calibration = calibrate(
    Float64Array.from(irc, (row) => ours[row] as number),
    Uint8Array.from(irc, (row) => pairs.labels[row] as number),
  );
  const { slope, shift } = calibration;
  for (const row of rows) ours[row] = slope * (ours[row] as number) + shift;
  const probabilities = Float64Array.from(irc, (row) => 1 / (1 + Math.exp(-(ours[row] as number))));
  return {
    rows,
    ours,
    headerOnly,
    calibration,
    threshold: thresholdAt(probabilities, importantShare),
  };
}
