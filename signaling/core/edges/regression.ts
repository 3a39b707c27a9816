import { type EdgeWeights, limits } from '../../protocol/index.ts';

export interface Observation {
  /** Of the time that a read took to the time that was predicted. */
  logRatio: number;
  /** The load of `EdgeSample`. */
  pressure: number;
  age: number;
}

/** What one device saw, and how much it counts, however much that is. */
export interface Witness {
  observations: readonly Observation[];
  say: number;
}

/** `logRatio = bias + pressure * load + age * age`, the latter being the weights. */
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
  const [meanPressure = 0, meanAge = 0, meanRatio = 0] = means(witnesses, (observation) => [
    observation.pressure,
    observation.age,
    observation.logRatio,
  ]);
  const [pressures = 0, both = 0, ages = 0, pressureError = 0, ageError = 0] = means(
    witnesses,
    (observation) => {
      const pressure = observation.pressure - meanPressure;
      const age = observation.age - meanAge;
      const ratio = observation.logRatio - meanRatio;
      const error = ratio - pressure * inForce.load - age * inForce.age;
      return [pressure * pressure, pressure * age, age * age, pressure * error, age * error];
    },
  );
  const count = witnesses.reduce((sum, { observations }) => sum + observations.length, 0);
  const pressureSpread = pressures + ridge / count;
  const ageSpread = ages + ridge / count;
  const change =
    (ageSpread * pressureError - both * ageError) / (pressureSpread * ageSpread - both * both);
  const most = limits.edgeWeightMax;
  // Where one ends at a bound, the other is the best beside it.
  const bounded = clamp(inForce.load + change, 0, most) - inForce.load;
  const age = clamp(inForce.age + (ageError - both * bounded) / ageSpread, -most, most);
  const best = (pressureError - both * (age - inForce.age)) / pressureSpread;
  const load = clamp(inForce.load + best, 0, most);
  return { bias: meanRatio - load * meanPressure - age * meanAge, load, age };
}

/** The weights as they are, with the bias that goes with them. */
export function biased(witnesses: readonly Witness[], { load, age }: Weights): Fit {
  const [bias = 0] = means(witnesses, (observation) => [
    observation.logRatio - load * observation.pressure - age * observation.age,
  ]);
  return { bias, load, age };
}

export function expectedOf({ pressure, age }: Observation, by: Fit): number {
  return by.bias + pressure * by.load + age * by.age;
}

export function errorOf(observation: Observation, by: Fit): number {
  return Math.abs(observation.logRatio - expectedOf(observation, by));
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

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
