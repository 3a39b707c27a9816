/** Rows and what to learn from each. */
export interface Samples {
  /** Of `width` columns, row after row. */
  values: Float32Array;
  width: number;
  /** Rows to learn from. */
  rows: Int32Array;
  /** By row of `values`. */
  labels: Uint8Array;
  /** By place in `rows`. */
  weights: Float64Array;
}

export interface BoostingOptions {
  /** Columns that may be split on. */
  columns: readonly number[];
  rounds: number;
  depth: number;
  learningRate: number;
  /** Least sum of the second derivatives in a leaf: fewer samples say nothing. */
  leafWeightMin: number;
  /** Shrinks leaves of few samples. */
  penalty: number;
  onRound?: (done: number) => void;
}

/** Values above the cut go to `above`. */
export interface GrownSplit {
  column: number;
  cut: number;
  /** Share of the samples, by weight, that go to `above`. */
  shareAbove: number;
  below: GrownNode;
  above: GrownNode;
}
export type GrownNode = GrownSplit | number;

export interface Boosted {
  bias: number;
  trees: GrownNode[];
}

const binsMax = 48;
/** Rows from which the cuts are chosen. */
const cutSamples = 40_000;

/**
 * Gradient boosting of small trees by the logistic loss, with second derivatives and binned columns, as XGBoost has it
 * (Chen, Guestrin 2016). No chance is involved: the same samples give the same trees.
 */
export function boost(samples: Samples, options: BoostingOptions): Boosted {
  const growing = new Growing(samples, options);
  const trees: GrownNode[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    trees.push(growing.tree());
    options.onRound?.(round);
  }
  return { bias: growing.bias, trees };
}

interface Column {
  column: number;
  cuts: Float64Array;
  /** Of each sample: how many cuts its value exceeds. */
  bins: Uint8Array;
}

/** Of the derivatives of the loss, by column and bin. */
interface Sums {
  slopes: Float64Array;
  curves: Float64Array;
}

interface Best {
  gain: number;
  column: Column | null;
  bin: number;
}

class Growing {
  readonly bias: number;
  readonly #options: BoostingOptions;
  readonly #columns: Column[];
  readonly #labels: Uint8Array;
  readonly #weights: Float64Array;
  readonly #logits: Float64Array;
  readonly #slopes: Float64Array;
  readonly #curves: Float64Array;

  constructor(samples: Samples, options: BoostingOptions) {
    const { rows, labels, weights } = samples;
    this.#options = options;
    this.#columns = options.columns.map((column) => binned(samples, column));
    this.#labels = Uint8Array.from(rows, (row) => labels[row] ?? 0);
    this.#weights = weights;
    let [all, positive] = [0, 0];
    for (const [place, label] of this.#labels.entries()) {
      const weight = weights[place] ?? 0;
      all += weight;
      positive += weight * label;
    }
    this.bias = Math.log(positive / (all - positive));
    this.#logits = new Float64Array(rows.length).fill(this.bias);
    this.#slopes = new Float64Array(rows.length);
    this.#curves = new Float64Array(rows.length);
  }

  tree(): GrownNode {
    for (let place = 0; place < this.#logits.length; place++) {
      const probability = 1 / (1 + Math.exp(-(this.#logits[place] as number)));
      const weight = this.#weights[place] as number;
      this.#slopes[place] = weight * (probability - (this.#labels[place] as number));
      this.#curves[place] = weight * probability * (1 - probability);
    }
    const all = Int32Array.from(this.#logits.keys());
    return this.#grow(all, this.#sumsOf(all), this.#options.depth);
  }

  #grow(places: Int32Array, sums: Sums | null, depth: number): GrownNode {
    const slope = sumOver(places, this.#slopes);
    const curve = sumOver(places, this.#curves);
    const best = sums && this.#bestSplit(sums, slope, curve);
    if (!sums || !best?.column) return this.#leaf(places, slope, curve);
    const { bins, cuts, column } = best.column;
    const below = places.filter((place) => (bins[place] as number) <= best.bin);
    const above = places.filter((place) => (bins[place] as number) > best.bin);
    const [sumsBelow, sumsAbove] = depth > 1 ? this.#divide(sums, below, above) : [null, null];
    return {
      column,
      cut: cuts[best.bin] as number,
      shareAbove: sumOver(above, this.#weights) / sumOver(places, this.#weights),
      below: this.#grow(below, sumsBelow, depth - 1),
      above: this.#grow(above, sumsAbove, depth - 1),
    };
  }

  #leaf(places: Int32Array, slope: number, curve: number): number {
    const { penalty, learningRate } = this.#options;
    const value = (-slope / (curve + penalty)) * learningRate;
    for (const place of places) this.#logits[place] = (this.#logits[place] as number) + value;
    return value;
  }

  #bestSplit(sums: Sums, slope: number, curve: number): Best {
    const { penalty, leafWeightMin } = this.#options;
    const best: Best = { gain: (slope * slope) / (curve + penalty) + 1e-6, column: null, bin: 0 };
    for (const [index, column] of this.#columns.entries()) {
      let [slopeBelow, curveBelow] = [0, 0];
      for (let bin = 0; bin < column.cuts.length; bin++) {
        slopeBelow += sums.slopes[index * binsMax + bin] as number;
        curveBelow += sums.curves[index * binsMax + bin] as number;
        const curveAbove = curve - curveBelow;
        if (curveBelow < leafWeightMin || curveAbove < leafWeightMin) continue;
        const slopeAbove = slope - slopeBelow;
        const gain =
          slopeBelow ** 2 / (curveBelow + penalty) + slopeAbove ** 2 / (curveAbove + penalty);
        if (gain > best.gain) Object.assign(best, { gain, column, bin });
      }
    }
    return best;
  }

  #sumsOf(places: Int32Array): Sums {
    const size = this.#columns.length * binsMax;
    const sums = { slopes: new Float64Array(size), curves: new Float64Array(size) };
    const [ofSlopes, ofCurves] = [this.#slopes, this.#curves];
    for (const [index, { bins }] of this.#columns.entries())
      for (let position = 0; position < places.length; position++) {
        const place = places[position] as number;
        const bin = index * binsMax + (bins[place] as number);
        sums.slopes[bin] = (sums.slopes[bin] as number) + (ofSlopes[place] as number);
        sums.curves[bin] = (sums.curves[bin] as number) + (ofCurves[place] as number);
      }
    return sums;
  }

  /** Only the smaller side is counted: the other is what is left. */
  #divide(sums: Sums, below: Int32Array, above: Int32Array): [Sums, Sums] {
    const isBelowSmaller = below.length < above.length;
    const smaller = this.#sumsOf(isBelowSmaller ? below : above);
    const larger = {
      slopes: sums.slopes.map((sum, bin) => sum - (smaller.slopes[bin] as number)),
      curves: sums.curves.map((sum, bin) => sum - (smaller.curves[bin] as number)),
    };
    return isBelowSmaller ? [smaller, larger] : [larger, smaller];
  }
}

function binned({ values, width, rows }: Samples, column: number): Column {
  const cuts = cutsOf(rows, (row) => values[row * width + column] as number);
  const bins = new Uint8Array(rows.length);
  for (let place = 0; place < rows.length; place++) {
    const value = values[(rows[place] as number) * width + column] as number;
    let [low, high] = [0, cuts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value > (cuts[middle] as number)) low = middle + 1;
      else high = middle;
    }
    bins[place] = low;
  }
  return { column, cuts, bins };
}

/** Between the values where they are few, else so that bins have about as many rows. */
function cutsOf(rows: Int32Array, valueAt: (row: number) => number): Float64Array {
  const step = Math.max(1, Math.floor(rows.length / cutSamples));
  const sorted = rows.filter((_, place) => place % step === 0);
  const values = Float64Array.from(sorted, valueAt).sort();
  const distinct = [...new Set(values)];
  const cuts =
    distinct.length <= binsMax
      ? distinct.slice(1).map((value, index) => (value + (distinct[index] as number)) / 2)
      : Array.from(
          { length: binsMax - 1 },
          (_, index) => values[Math.floor(((index + 1) * values.length) / binsMax)] as number,
        );
  // As few digits as models are written with, so that a model decides as it was trained.
  return Float64Array.from(new Set(cuts.map((cut) => Number(cut.toPrecision(4)))));
}

function sumOver(places: Int32Array, values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < places.length; index++)
    sum += values[places[index] as number] as number;
  return sum;
}
