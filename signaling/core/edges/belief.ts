import type { EdgeWeights } from '../../protocol/index.ts';
import {
  biased,
  errorOf,
  type Fit,
  fitWeights,
  type Observation,
  type Witness,
} from './regression.ts';

type Device = readonly Observation[];

/** So many devices have to agree on weights; the rest may lie. */
const agreeingShare = 0.75;
/** How many times the usual error a device may be off and still count: networks differ, lies differ more. */
const oddFactor = 3;
/** By then the same devices agree as in the round before, or nearly. */
const roundsMax = 4;

/**
 * Whom to learn from: all but those who are far off what most agree on. Least trimmed squares, with devices in place of
 * single samples: the fit of those who fit best is made again and again until it is theirs alone. Such a walk can end at
 * liars, so there are two, from the weights in force and from the fit of all; where most agree better counts.
 */
export function believe(devices: readonly Device[], inForce: EdgeWeights): Witness[] {
  const witnesses = hear(devices);
  const agreeing = Math.ceil(witnesses.length * agreeingShare);
  const fits = [biased(witnesses, inForce), fitWeights(witnesses, inForce)].map((start) => {
    let by = start;
    for (let round = 0; round < roundsMax; round += 1)
      by = fitWeights(closest(witnesses, by).slice(0, agreeing), inForce);
    const errors = witnesses.map(({ observations }) => usualError(observations, by)).sort(rising);
    return { by, errors: errors.slice(0, agreeing) };
  });
  const { by, errors } = fits.reduce((a, b) => (sum(b.errors) < sum(a.errors) ? b : a));
  const most = oddFactor * median(errors);
  return witnesses.filter(({ observations }) => usualError(observations, by) <= most);
}

/**
 * Whoever saw loads or ages further from the usual than half of the others did has the less say: a few who alone claim to
 * have been at busy edges could say what they like of those.
 */
function hear(devices: readonly Device[]): Witness[] {
  const says = (['load', 'age'] as const).map((name) => {
    const usual = median(
      devices.map((device) => median(device.map((each) => each[name]).sort(rising))).sort(rising),
    );
    const spreads = devices.map(
      (device) => sum(device.map((each) => (each[name] - usual) ** 2)) / device.length,
    );
    const common = median([...spreads].sort(rising));
    return spreads.map((spread) => (spread > common ? common / spread : 1));
  });
  return devices
    .map((observations, index) => ({
      observations,
      say: Math.min(...says.map((say) => say[index] ?? 0)),
    }))
    .filter(({ say }) => say > 0);
}

/** The mean absolute error of those who agree best with it, each device as heavy as any other. */
export function errorOfMost(devices: readonly Device[], by: Fit): number {
  const errors = devices.map(
    (device) => sum(device.map((observation) => errorOf(observation, by))) / device.length,
  );
  const most = errors.sort(rising).slice(0, Math.ceil(errors.length * agreeingShare));
  return sum(most) / most.length;
}

function closest(witnesses: readonly Witness[], by: Fit): Witness[] {
  return witnesses
    .map((witness) => ({ witness, error: usualError(witness.observations, by) }))
    .sort((a, b) => a.error - b.error)
    .map(({ witness }) => witness);
}

/** A device that is slow once is not odd. */
function usualError(observations: readonly Observation[], by: Fit): number {
  return median(observations.map((observation) => errorOf(observation, by)).sort(rising));
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rising(a: number, b: number): number {
  return a - b;
}
