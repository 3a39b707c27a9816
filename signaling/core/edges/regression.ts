import { type EdgeWeights, limits } from '../../protocol/index.ts';

export interface Observation {
  /** Of the time that a read took to the time that was predicted. */
  logRatio: number;
  /** See `EdgeWeights`. */
  load: number;
  age: number;
}

/** What one device saw, and how much it counts, however much that is. */
export interface Witness {
  observations: readonly Observation[];
  say: number;
}

/** `logRatio = bias + load * weight + age * weight`. */
export interface Fit {
  bias: number;
  load: number;
  age: number;
}

type Weights = Pick<EdgeWeights, 'load' | 'age'>;

/** How many observations, each as far out as can be, the weights in force count for. */
const ridge = 1;

/**
 * The weights with the least squared error. They are drawn to those in force, so that what nobody saw stays as it is, and
 * are within what weights may be: load makes nothing faster.
 */
export function fitWeights(witnesses: readonly Witness[], inForce: Weights): Fit {
  const [meanLoad = 0, meanAge = 0, meanRatio = 0] = means(witnesses, (observation) => [
    observation.load,
    observation.age,
    observation.logRatio,
  ]);
  const [loadLoad = 0, loadAge = 0, ageAge = 0, loadError = 0, ageError = 0] = means(
    witnesses,
    (observation) => {
      const load = observation.load - meanLoad;
      const age = observation.age - meanAge;
      const error = observation.logRatio - meanRatio - load * inForce.load - age * inForce.age;
      return [load * load, load * age, age * age, load * error, age * error];
    },
  );
  const count = witnesses.reduce((sum, { observations }) => sum + observations.length, 0);
  const loadSpread = loadLoad + ridge / count;
  const ageSpread = ageAge + ridge / count;
  const most = limits.edgeWeightMax;
  const change =
    (ageSpread * loadError - loadAge * ageError) / (loadSpread * ageSpread - loadAge * loadAge);
  // Where one ends at a bound, the other is the best beside it.
  const loadOf = (ageChange: number): number =>
    clamp(inForce.load + (loadError - loadAge * ageChange) / loadSpread, 0, most);
  const bounded = clamp(inForce.load + change, 0, most) - inForce.load;
  const age = clamp(inForce.age + (ageError - loadAge * bounded) / ageSpread, -most, most);
  const load = loadOf(age - inForce.age);
  return { bias: meanRatio - load * meanLoad - age * meanAge, load, age };
}

/** The weights as they are, with the bias that goes with them. */
export function biased(witnesses: readonly Witness[], { load, age }: Weights): Fit {
  const [bias = 0] = means(witnesses, (observation) => [
    observation.logRatio - load * observation.load - age * observation.age,
  ]);
  return { bias, load, age };
}

export function errorOf({ logRatio, load, age }: Observation, by: Fit): number {
  return Math.abs(logRatio - by.bias - load * by.load - age * by.age);
}

/** Of each number over all that was seen, everybody with their say. */
function means(
  witnesses: readonly Witness[],
  numbersOf: (observation: Observation) => readonly number[],
): number[] {
  const sums: number[] = [];
  let says = 0;
  for (const { observations, say } of witnesses) {
    says += say;
    for (const observation of observations)
      for (const [index, number] of numbersOf(observation).entries())
        sums[index] = (sums[index] ?? 0) + (number * say) / observations.length;
  }
  return sums.map((sum) => sum / says);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
