import type { EdgeWeights } from '../../protocol/index.ts';
import {
  biased,
  clamp,
  errorOf,
  expectedOf,
  type Fit,
  fitWeights,
  type Observation,
  type Witness,
} from './regression.ts';

type Device = readonly Observation[];

/** So many devices have to agree on weights; the rest may lie. */
const agreeingShare = 0.75;
/** How many times the usual error is odd: networks differ, lies differ more. */
const oddFactor = 3;
/**
 * What the fit of all finds counts for more than what the weights in force find where it is better by this share: liars of
 * one mind are easily better by a little.
 */
const renewalGainMin = 0.1;
/** By then the same devices agree as in the round before, or nearly. */
const roundsMax = 4;

/**
 * Whom to learn from: all but those who are far off what most agree on. Least trimmed squares, with devices in place of
 * single samples: the fit of those who fit best is made again and again until it is theirs alone. Such a walk can end
 * with liars, so there are two.
 */
export function believe(devices: readonly Device[], inForce: EdgeWeights): Witness[] {
  const witnesses = hear(devices);
  const walk = (start: Fit): View => {
    let view = viewOf(witnesses, start);
    for (let round = 0; round < roundsMax; round += 1) {
      const agreeing = view.agreeing.map((witness) => tempered(witness, view));
      view = viewOf(witnesses, fitWeights(agreeing, inForce));
    }
    return view;
  };
  const held = walk(biased(witnesses, inForce));
  const renewed = walk(fitWeights(witnesses, inForce));
  const view = renewed.error < held.error * (1 - renewalGainMin) ? renewed : held;
  return witnesses
    .filter(({ observations }) => usualError(observations, view.by) <= view.odd)
    .map((witness) => tempered(witness, view));
}

/** How things look by one fit. */
interface View {
  by: Fit;
  /** Those who agree with it best. */
  agreeing: Witness[];
  /** Of those who agree. */
  error: number;
  /** From this error on. */
  odd: number;
}

function viewOf(witnesses: readonly Witness[], by: Fit): View {
  const agreeing = witnesses
    .map((witness) => ({ witness, error: usualError(witness.observations, by) }))
    .sort((a, b) => a.error - b.error)
    .slice(0, Math.ceil(witnesses.length * agreeingShare));
  const errors = agreeing.map(({ error }) => error);
  return {
    by,
    agreeing: agreeing.map(({ witness }) => witness),
    error: sum(errors),
    odd: oddFactor * median(errors),
  };
}

/** Whoever is believed may have one odd read among others: it counts as just not odd. */
function tempered({ observations, say }: Witness, { by, odd }: View): Witness {
  const temper = (observation: Observation): Observation => {
    const expected = expectedOf(observation, by);
    return {
      ...observation,
      logRatio: clamp(observation.logRatio, expected - odd, expected + odd),
    };
  };
  return { observations: observations.map(temper), say };
}

/**
 * Whoever saw pressures or ages further from the usual than half of the others did has the less say: a few who alone
 * claim to have been at busy edges could say what they like of those.
 */
function hear(devices: readonly Device[]): Witness[] {
  const says = (['pressure', 'age'] as const).map((name) => {
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
