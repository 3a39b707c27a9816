import type { AdaptationSettings, Contribution, Pseudonym } from './events.ts';
import { type FeatureName, featureNames } from './features.ts';
import { probabilityOf } from './model.ts';

/** Whoever replies does so within this, nine times of ten: until then nobody knows that a message was left alone. */
export const maturesAfterMs = 600_000;
/** Messages that wait to mature; while so many do, others teach nothing: were the oldest dropped, none ever matured. */
const pendingMax = 4_096;
/** Labels on which the challenger is judged, and how many it takes to judge at all. */
const gainsMax = 500;
export const gainsMin = 300;
/** The newest of them: where the challenger is behind on these, it goes at once. */
const gainsNewest = 40;
/** One-sided 95 %: a challenger that is as good as the rules would be taken for better one time in twenty. */
const confidence = 1.64;
const rate = 0.1;
/** Deltas stay small: an odds ratio of 2.7, and of 7 for the level as a whole. */
const deltaMax = 1;
const levelMax = 2;
/** All deltas together move a logit by less, and a log loss by no more than the logit. */
const gainMax = 20;

type Value = (name: FeatureName) => number;

interface Trait {
  text: string;
  holds(value: Value): boolean;
}

/** What the deltas may depend on: few and plain, as one device sees few labels. The first is the level as a whole. */
const traits: readonly Trait[] = [
  { text: 'any message', holds: () => true },
  { text: 'it addresses you', holds: (value) => value('addressesMe') > 0 },
  { text: 'it addresses nobody', holds: (value) => value('addressesNobody') > 0 },
  {
    text: 'you are talking with the sender',
    holds: (value) => Math.min(value('minutesSinceFromMe'), value('minutesSinceToMe')) < 10,
  },
  { text: 'you have replied to the sender', holds: (value) => value('senderReplied') > 0.5 },
  { text: 'you often look at its messages', holds: (value) => value('senderViewShare') > 0.3 },
  { text: 'you hardly know the sender', holds: (value) => value('senderSeen') < 1 },
  { text: 'a host or moderator sent it', holds: (value) => value('fromStaff') > 0 },
  { text: 'the room is busy', holds: (value) => value('roomSeenLately') > 30 },
  { text: 'you have been writing', holds: (value) => value('mineLately') > 1 },
  { text: 'you wrote in its thread', holds: (value) => value('minutesSinceMineInThread') < 60 },
  { text: 'you look at its thread', holds: (value) => value('threadViewShare') > 0.3 },
  { text: 'it is long', holds: (value) => value('textLength') > 120 },
];

interface Pending {
  seenAtMs: number;
  /** What the model alone said, and what the challenger would have said. */
  logit: number;
  challengerLogit: number;
  /** Places of the traits that hold. */
  holding: number[];
  isEngaged: boolean;
}

/**
 * Learns on the device what the shipped rules do not know of its user: a challenger adds a small number to the logit for
 * each trait that holds. A message teaches once it has matured, by whether the user engaged with it until then. The
 * challenger is judged on every label by what it knew when the message was seen, and decides only while it is ahead.
 */
export class Adaptation {
  isActive = false;
  #modelVersion: number;
  #deltas: number[] = traits.map(() => 0);
  #counts: number[] = traits.map(() => 0);
  #gains: number[] = [];
  #pending = new Map<Pseudonym, Pending>();

  constructor(modelVersion: number, settings: AdaptationSettings | null) {
    this.#modelVersion = modelVersion;
    const isOurs =
      settings?.modelVersion === modelVersion &&
      settings.deltas.length === traits.length &&
      settings.counts.length === traits.length;
    if (!isOurs) return;
    // As kept on a disk, where anything may stand.
    this.#deltas = settings.deltas.map((delta, place) => clamped(delta, place));
    this.#counts = settings.counts.map((count) => Math.max(0, count));
    this.#gains = settings.gains.slice(-gainsMax).map((gain) => within(gainMax, gain));
    this.isActive = settings.isActive && this.#gains.length >= gainsMin;
  }

  /** Labels that it was taught. */
  get labels(): number {
    return this.#counts[0] ?? 0;
  }

  settings(): AdaptationSettings {
    return {
      modelVersion: this.#modelVersion,
      isActive: this.isActive,
      deltas: [...this.#deltas],
      counts: [...this.#counts],
      gains: [...this.#gains],
    };
  }

  /** What it adds for a message while it decides; nothing else. */
  contributions(values: Float64Array): Contribution[] {
    if (!this.isActive) return [];
    return holdingIn(values).map((place) => ({
      text: `learned on this device: ${traits[place]?.text}`,
      logit: this.#deltas[place] ?? 0,
    }));
  }

  /** The user has seen a message. Once for each. */
  seen(message: Pseudonym, values: Float64Array, logit: number, nowMs: number): void {
    if (this.#pending.size >= pendingMax) return;
    const holding = holdingIn(values);
    const challengerLogit = logit + this.#addedFor(holding);
    this.#pending.set(message, {
      ...{ seenAtMs: nowMs, logit, challengerLogit, holding, isEngaged: false },
    });
  }

  /** The user looked at it, answered it or marked it as important, or took that back. */
  engaged(message: Pseudonym, isEngaged: boolean): void {
    const pending = this.#pending.get(message);
    if (pending) pending.isEngaged = isEngaged;
  }

  /** Learns from what has matured. @returns How many labels. */
  mature(nowMs: number): number {
    const before = this.labels;
    for (const [message, pending] of this.#pending) {
      const ageMs = nowMs - pending.seenAtMs;
      if (ageMs >= 0 && ageMs < maturesAfterMs) break;
      this.#pending.delete(message);
      // Seen in the future: the clock was set back, and nobody knows how long ago it was.
      if (ageMs >= 0) this.#learn(pending);
    }
    return this.labels - before;
  }

  #addedFor(holding: readonly number[]): number {
    return holding.reduce((sum, place) => sum + (this.#deltas[place] ?? 0), 0);
  }

  #learn({ logit, challengerLogit, holding, isEngaged }: Pending): void {
    const label = isEngaged ? 1 : 0;
    // Not by what it knows by now: some of it was learned since, and of the same ten minutes.
    this.#gains.push(lossOf(logit, label) - lossOf(challengerLogit, label));
    if (this.#gains.length > gainsMax) this.#gains.shift();
    const error = label - probabilityOf(logit + this.#addedFor(holding));
    for (const place of holding) {
      const count = (this.#counts[place] ?? 0) + 1;
      const step = rate / Math.sqrt(1 + count / 50);
      this.#counts[place] = count;
      this.#deltas[place] = clamped((this.#deltas[place] ?? 0) + step * error, place);
    }
    this.#judge();
  }

  /**
   * Ahead beyond chance it takes over. When it is no longer ahead, or behind beyond chance of late, the shipped rules
   * decide again.
   */
  #judge(): void {
    if (this.#gains.length < gainsMin) return;
    const all = meanOf(this.#gains);
    const newest = meanOf(this.#gains.slice(-gainsNewest));
    const isBehind = newest.mean < -confidence * newest.error;
    if (this.isActive) this.isActive = all.mean > 0 && !isBehind;
    else this.isActive = all.mean > confidence * all.error && !isBehind;
  }
}

function holdingIn(values: Float64Array): number[] {
  const value: Value = (name) => values[featureNames.indexOf(name)] as number;
  return [...traits.keys()].filter((place) => traits[place]?.holds(value));
}

function clamped(delta: number, place: number): number {
  return within(place === 0 ? levelMax : deltaMax, delta);
}

function within(max: number, value: number): number {
  return Math.min(max, Math.max(-max, value));
}

/** With its standard error. */
function meanOf(values: readonly number[]): { mean: number; error: number } {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(square / (length - 1) / length) };
}

/** Log loss of a prediction. */
function lossOf(logit: number, label: number): number {
  const wrong = label === 1 ? -logit : logit;
  // Without the exponential of a large number, which is infinite.
  return Math.max(0, wrong) + Math.log1p(Math.exp(-Math.abs(wrong)));
}
