import { type EdgeSample, type EdgeWeights, limits } from '../../protocol/index.ts';
import { believe, errorOfMost } from './belief.ts';
import { biased, clamp, fitWeights, type Observation } from './regression.ts';

interface Kept {
  observation: Observation;
  /** The order in which samples came. */
  sequence: number;
  /** By `learn`. */
  seenAtMs: number | null;
}

interface Heard {
  training: Observation[];
  heldOut: Observation[];
}

/** New weights are better, by this share of the error, on samples that they were not made from. */
const gainMin = 0.02;
/** The newest share of samples, on which weights are judged. */
const heldOutShare = 0.2;
/** What it takes to write weights down. */
const weightDigits = 1e4;

/**
 * Learns what the load of an edge, and the age of what is known of it, do to the time that a read takes:
 * `log(completedMs / predictedMs) = bias + pressure * weights.load + age * weights.age`. The bias is what predictions are
 * off by in any case; it changes no choice.
 *
 * Anybody may send samples. So each voice counts as one however many samples it sends, a sample says no more than both
 * weights may, voices that are far off what three quarters of them agree on are not learned from, and the quarter that
 * new weights suit least has no voice in judging them.
 */
export class Learning {
  #weights: EdgeWeights;
  #sequence = 0;
  #count = 0;
  /** The one that was not heard of for longest first. */
  readonly #voices = new Map<string, Kept[]>();

  constructor(weights: EdgeWeights) {
    this.#weights = weights;
  }

  add(voice: string, { predictedMs, completedMs, load: pressure, age }: EdgeSample): void {
    const most = 2 * limits.edgeWeightMax;
    const logRatio = clamp(Math.log(completedMs / predictedMs), -most, most);
    // A single sample that is no number would spoil every fit.
    if (!Number.isFinite(logRatio + pressure + age)) return;
    const kept = this.#voices.get(voice) ?? [];
    kept.push({
      observation: { logRatio, pressure, age },
      sequence: this.#sequence,
      seenAtMs: null,
    });
    this.#voices.delete(voice);
    this.#voices.set(voice, kept);
    this.#sequence += 1;
    this.#count += 1;
    if (kept.length > limits.edgeSamplesPerDeviceMax) this.#forget(voice, kept);
    const [longestUnheard] = this.#voices;
    if (this.#count > limits.edgeSamplesMax && longestUnheard) this.#forget(...longestUnheard);
  }

  /** New weights, from now on in force; null while there are no better ones. */
  learn(nowMs: number): EdgeWeights | null {
    this.#expire(nowMs);
    if (this.#count < limits.edgeSamplesMin) return null;
    if (this.#voices.size < limits.edgeSampleDevicesMin) return null;
    const heard = this.#split();
    const trained = heard.map(({ training }) => training).filter(({ length }) => length > 0);
    const believed = believe(trained, this.#weights);
    const found = fitWeights(believed, this.#weights);
    const inForce = biased(believed, this.#weights);
    const judges = heard.map(({ heldOut }) => heldOut).filter(({ length }) => length > 0);
    // Without a judge it is no number, and nothing is better.
    if (!(errorOfMost(judges, found) < errorOfMost(judges, inForce) * (1 - gainMin))) return null;
    const { load, age } = found;
    this.#weights = {
      version: this.#weights.version + 1,
      load: Math.round(load * weightDigits) / weightDigits,
      age: Math.round(age * weightDigits) / weightDigits,
    };
    return this.#weights;
  }

  #forget(voice: string, kept: Kept[]): void {
    kept.shift();
    this.#count -= 1;
    if (kept.length === 0) this.#voices.delete(voice);
  }

  #expire(nowMs: number): void {
    for (const [voice, kept] of this.#voices) {
      for (const sample of kept) sample.seenAtMs ??= nowMs;
      while (kept[0] && (kept[0].seenAtMs ?? nowMs) < nowMs - limits.edgeSampleKeptMs)
        this.#forget(voice, kept);
    }
  }

  #split(): Heard[] {
    const all = [...this.#voices.values()];
    const sequences = all.flat().map(({ sequence }) => sequence);
    sequences.sort((a, b) => a - b);
    const from = sequences[Math.floor(sequences.length * (1 - heldOutShare))] ?? 0;
    return all.map((kept) => {
      const first = kept.findIndex(({ sequence }) => sequence >= from);
      const at = first < 0 ? kept.length : first;
      const observations = kept.map(({ observation }) => observation);
      return { training: observations.slice(0, at), heldOut: observations.slice(at) };
    });
  }
}
