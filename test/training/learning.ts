import { type FeatureName, featureNames } from '../../sdk/core/messages/features.ts';
import type { Random } from '../sim/world/random.ts';
import { type Boosted, boost, type GrownNode } from './boosting.ts';
import { type Pairs, width } from './pairs.ts';

/** What no recorded chat has: rules could only learn that it is never there. */
const neverRecorded: readonly FeatureName[] = [
  'fromStaff',
  'senderViewed',
  'senderViewShare',
  'roomViewShare',
  'minutesSinceMineInThread',
  'threadReplied',
  'threadReplyShare',
  'threadViewShare',
];

/** What the header alone says. */
export const headerFeatures: readonly FeatureName[] = [
  'addressesMe',
  'addressesNobody',
  'othersAddressed',
  'othersBesideMe',
  'textLength',
];

export const learnable = featureNames.filter((name) => !neverRecorded.includes(name));

/** Of messages that nobody replied to, as there are forty to one. */
const negativesKept = 0.25;
/** Its labels are mentions, those of IRC are people's: with less weight Gitter gets worse, with more IRC. */
const gitterWeight = 1;
/** Figures are means over users: whoever replies a hundred times counts ten times, not a hundred. */
const repliesUnweighted = 3;

/** Learns from some pairs by the given features. */
export function learn(
  pairs: Pairs,
  isUsed: (row: number) => boolean,
  names: readonly FeatureName[],
  random: Random,
  onRound?: (done: number) => void,
): Boosted {
  const rows: number[] = [];
  const replies = new Float64Array(pairs.userCount);
  for (let row = 0; row < pairs.count; row++) {
    if (!isUsed(row)) continue;
    const label = pairs.labels[row] as number;
    if (label === 1) add(replies, pairs.users[row] as number, 1);
    if (label === 1 || random.unit() < negativesKept) rows.push(row);
  }
  const weights = Float64Array.from(rows, (row) => {
    const own = replies[pairs.users[row] as number] as number;
    const source = pairs.isGitter[row] === 1 ? gitterWeight : 1;
    const kept = pairs.labels[row] === 1 ? 1 : 1 / negativesKept;
    return (source * kept) / Math.sqrt(Math.max(repliesUnweighted, own));
  });
  // On average 2, as without any weight: what a leaf needs at least is meant so.
  const scale = (2 * rows.length) / weights.reduce((sum, weight) => sum + weight, 0);
  for (const [place, weight] of weights.entries()) weights[place] = weight * scale;
  return boost(
    {
      values: pairs.features,
      width,
      rows: Int32Array.from(rows),
      labels: pairs.labels,
      weights,
    },
    {
      columns: names.map((name) => featureNames.indexOf(name)),
      rounds: 120,
      depth: 2,
      learningRate: 0.2,
      leafWeightMin: 20,
      penalty: 5,
      ...(onRound && { onRound }),
    },
  );
}

export function predict({ bias, trees }: Boosted, pairs: Pairs, row: number): number {
  let logit = bias;
  for (const tree of trees) {
    let node: GrownNode = tree;
    while (typeof node !== 'number') {
      const value = pairs.features[row * width + node.column] as number;
      node = value > node.cut ? node.above : node.below;
    }
    logit += node;
  }
  return logit;
}

export interface Calibration {
  slope: number;
  shift: number;
}

/** The line through the logits that makes them probabilities (Platt 1999), by Newton's method. */
export function calibrate(logits: Float64Array, labels: Uint8Array): Calibration {
  let [slope, shift] = [1, 0];
  for (let step = 0; step < 20; step++) {
    let [slopeBySlope, slopeByShift, shiftByShift, bySlope, byShift] = [1e-6, 0, 1e-6, 0, 0];
    for (const [row, logit] of logits.entries()) {
      const probability = 1 / (1 + Math.exp(-(slope * logit + shift)));
      const error = probability - (labels[row] as number);
      const curve = probability * (1 - probability);
      bySlope += error * logit;
      byShift += error;
      slopeBySlope += curve * logit * logit;
      slopeByShift += curve * logit;
      shiftByShift += curve;
    }
    const determinant = slopeBySlope * shiftByShift - slopeByShift ** 2;
    slope -= (shiftByShift * bySlope - slopeByShift * byShift) / determinant;
    shift -= (slopeBySlope * byShift - slopeByShift * bySlope) / determinant;
  }
  return { slope, shift };
}

function add(values: Float64Array, place: number, value: number): void {
  values[place] = (values[place] as number) + value;
}
