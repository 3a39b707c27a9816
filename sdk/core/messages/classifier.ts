import * as limits from '../../../signaling/protocol/limits.ts';
import { Activity } from './activity.ts';
import { Adaptation } from './adaptation.ts';
import type {
  AdaptationSettings,
  Classification,
  ClassifierCore,
  ClassifierEffect,
  ClassifierEvent,
  ClassifierSettings,
  CoreState,
  Explanation,
  HashedHeader,
  LogEventType,
  LogRow,
  Pseudonym,
} from './events.ts';
import { explain } from './explaining.ts';
import { explicitRuleOf, isImportantBy } from './explicit-rules.ts';
import { featuresOf } from './features.ts';
import { evaluate, logitOf, type Model, probabilityOf } from './model.ts';
import { RecentMap } from './recent-map.ts';

/** What one mark moves the threshold by, in logits, and how far marks may move it. */
const nudgeStep = 0.15;
const nudgeMax = 1.5;
const probabilityMin = 0.001;
/** Messages of which each event is counted once, however often it is told. */
const countedMax = 4_096;
/** Rows that go at once when there are too many: one deletion then, rather than one for each new row. */
const trimmedAtOnce = 200;
/** Labels after which what was learned is kept: the rest would be lost with the page. */
const labelsPerSave = 20;

const engaging: readonly LogEventType[] = ['viewed', 'replied', 'reacted', 'markedImportant'];
const disengaging: readonly LogEventType[] = ['dismissed', 'markedNotImportant'];

export interface ClassifierOptions {
  /** The user of this device, as it is hashed in headers. */
  me: Pseudonym;
  model: Model;
  /** Whether it learns from this user beyond the threshold. */
  adapt: boolean;
}

/** How a message was decided, with what is needed to say why. */
export interface Decision extends Classification {
  values: Float64Array;
  model: Model;
  /** What was learned on the device, as it was then. */
  learned: ReturnType<Adaptation['contributions']>;
  logit: number;
  threshold: number;
}

export function createClassifierCore(options: ClassifierOptions): ClassifierCore {
  return new Classifier(options);
}

class Classifier implements ClassifierCore {
  #adapts: boolean;
  #model: Model;
  #activity: Activity;
  #adaptation: Adaptation | null;
  /** What was learned before: perhaps beside a model that is still to be loaded. */
  #learnedBefore: AdaptationSettings | null = null;
  #nudge = 0;
  /** Of the app, a probability. */
  #threshold: number | null = null;
  /** Sequence and time of each row that is kept, the oldest first. */
  #rows: { sequence: number; atMs: number }[] = [];
  #nextSequence = 1;
  #decisions = new RecentMap<Decision>(limits.explanationsMax);
  #counted = new RecentMap<Set<LogEventType>>(countedMax);
  /** By how much the mark of each message has moved the threshold. */
  #marks = new RecentMap<number>(countedMax);
  #unsavedLabels = 0;

  constructor({ me, model, adapt }: ClassifierOptions) {
    this.#adapts = adapt;
    this.#model = model;
    this.#activity = new Activity(me);
    this.#adaptation = adapt ? new Adaptation(model.version, null) : null;
  }

  handle(event: ClassifierEvent, nowMs: number): ClassifierEffect[] {
    switch (event.type) {
      case 'loaded':
        return this.#load(event.rows, event.settings, nowMs);
      case 'recorded':
        return this.#record(event.event, event.header, nowMs);
      case 'thresholdSet':
        return this.#setThreshold(event.probability);
      case 'modelLoaded':
        return this.#use(event.model);
      case 'wiped':
        this.#forget(event.me);
        return [];
    }
  }

  classify(header: HashedHeader, nowMs: number): Classification {
    const decision = this.#decide(header, nowMs);
    this.#decisions.set(header.message, decision);
    const { isImportant, probability, explicitRule } = decision;
    return { isImportant, probability, explicitRule };
  }

  explain(message: Pseudonym): Explanation | null {
    const decision = this.#decisions.peek(message);
    return decision ? explain(decision) : null;
  }

  state(): CoreState {
    const adaptation = this.#adaptation;
    return {
      modelVersion: this.#model.version,
      threshold: probabilityOf(this.#thresholdLogit()),
      rows: this.#rows.length,
      adaptation: adaptation ? (adaptation.isActive ? 'active' : 'learning') : 'off',
      labels: adaptation?.labels ?? 0,
    };
  }

  #decide(header: HashedHeader, nowMs: number): Decision {
    const values = featuresOf(header, this.#activity, nowMs);
    const learned = this.#adaptation?.contributions(values) ?? [];
    const added = learned.reduce((sum, { logit }) => sum + logit, 0);
    const logit = evaluate(this.#model, values) + added;
    const threshold = this.#thresholdLogit();
    const explicitRule = explicitRuleOf(header, this.#activity.me, nowMs);
    return {
      isImportant: explicitRule ? isImportantBy(explicitRule) : logit >= threshold,
      probability: probabilityOf(logit),
      explicitRule,
      values,
      model: this.#model,
      learned,
      logit,
      threshold,
    };
  }

  #record(type: LogEventType, header: HashedHeader, nowMs: number): ClassifierEffect[] {
    const counted = this.#counted.touch(header.message, newTypes);
    if (counted.has(type)) return [];
    if (type === 'markedImportant') counted.delete('markedNotImportant');
    if (type === 'markedNotImportant') counted.delete('markedImportant');
    counted.add(type);
    // Nothing that is learned from the log asks how long a message was.
    const { textLength, ...logged } = header;
    const row: LogRow = { sequence: this.#nextSequence++, atMs: nowMs, type, header: logged };
    const effects: ClassifierEffect[] = [{ type: 'appendRow', row }];
    const isNudged = this.#learn(type, header, nowMs);
    this.#activity.record(type, header, nowMs);
    this.#rows.push({ sequence: row.sequence, atMs: nowMs });
    effects.push(...this.#trim(nowMs));
    if (isNudged || this.#unsavedLabels >= labelsPerSave) effects.push(this.#save());
    return effects;
  }

  /** @returns Whether the threshold has moved. */
  #learn(type: LogEventType, header: HashedHeader, nowMs: number): boolean {
    const { message } = header;
    this.#unsavedLabels += this.#adaptation?.mature(nowMs) ?? 0;
    if (type === 'seen' && this.#adaptation && this.#teaches(header)) {
      const values = this.#decisions.peek(message)?.values;
      const known = values ?? featuresOf(header, this.#activity, nowMs);
      this.#adaptation.seen(message, known, evaluate(this.#model, known), nowMs);
    }
    if (engaging.includes(type)) this.#adaptation?.engaged(message, true);
    if (disengaging.includes(type)) this.#adaptation?.engaged(message, false);
    if (type === 'markedImportant') return this.#mark(header, true, nowMs);
    if (type === 'markedNotImportant') return this.#mark(header, false, nowMs);
    return false;
  }

  /**
   * Nobody looks at reactions, and all of them would teach that nothing is looked at. What was done with a message before
   * it was seen is in the state by now: it would teach its own answer.
   */
  #teaches({ message, from, kind }: HashedHeader): boolean {
    const isFirst = this.#counted.peek(message)?.size === 1;
    return isFirst && kind !== 'reaction' && from !== this.#activity.me;
  }

  /** The user says how it should have been decided: where it was not, the threshold moves a little. */
  #mark(header: HashedHeader, isImportant: boolean, nowMs: number): boolean {
    // Of an older message nobody knows any more how it was decided.
    const known = this.#decisions.peek(header.message);
    const decision = known ?? this.#decide(header, nowMs);
    const isWrong = !decision.explicitRule && decision.isImportant !== isImportant;
    // One mark takes the place of the other, as if that had never been made.
    const unmarked = this.#nudge - (this.#marks.peek(header.message) ?? 0);
    const nudge = clampedNudge(unmarked + (isWrong ? (isImportant ? -nudgeStep : nudgeStep) : 0));
    this.#marks.set(header.message, nudge - unmarked);
    const hasMoved = nudge !== this.#nudge;
    this.#nudge = nudge;
    return hasMoved;
  }

  #setThreshold(probability: number | null): ClassifierEffect[] {
    this.#threshold = probability;
    this.#nudge = 0;
    this.#marks.clear();
    return [this.#save()];
  }

  #use(model: Model): ClassifierEffect[] {
    this.#model = model;
    if (!this.#adaptation) return [];
    this.#adaptation = new Adaptation(model.version, this.#learnedBefore);
    return [this.#save()];
  }

  #load(
    rows: readonly LogRow[],
    settings: ClassifierSettings | null,
    nowMs: number,
  ): ClassifierEffect[] {
    this.#nudge = clampedNudge(settings?.nudge ?? 0);
    this.#threshold = settings?.threshold ?? null;
    this.#learnedBefore = settings?.adaptation ?? null;
    if (this.#adapts) this.#adaptation = new Adaptation(this.#model.version, this.#learnedBefore);
    for (const { sequence, atMs, type, header } of rows) {
      const counted = this.#counted.touch(header.message, newTypes);
      // Two pages may both have told it.
      if (!counted.has(type)) this.#activity.record(type, header, atMs);
      counted.add(type);
      this.#rows.push({ sequence, atMs });
      this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
    }
    return this.#trim(nowMs);
  }

  /** Rows beyond what is kept. What they have told stays in counts that fade. */
  #trim(nowMs: number): ClassifierEffect[] {
    const keptSinceMs = nowMs - limits.messageLogKeptMs;
    const isOver = this.#rows.length > limits.messageLogRowsMax;
    let count = isOver ? this.#rows.length - limits.messageLogRowsMax + trimmedAtOnce : 0;
    while ((this.#rows[count]?.atMs ?? nowMs) < keptSinceMs) count++;
    const last = this.#rows.splice(0, count).at(-1);
    return last ? [{ type: 'deleteRowsThrough', sequence: last.sequence }] : [];
  }

  #save(): ClassifierEffect {
    this.#unsavedLabels = 0;
    // Where this page does not learn, what another has learned stays.
    const adaptation = this.#adaptation?.settings() ?? this.#learnedBefore;
    const settings = { nudge: this.#nudge, threshold: this.#threshold, adaptation };
    return { type: 'saveSettings', settings };
  }

  #forget(me: Pseudonym): void {
    this.#activity = new Activity(me);
    if (this.#adapts) this.#adaptation = new Adaptation(this.#model.version, null);
    this.#learnedBefore = null;
    this.#nudge = 0;
    this.#threshold = null;
    this.#rows = [];
    this.#nextSequence = 1;
    this.#decisions.clear();
    this.#counted.clear();
    this.#marks.clear();
    this.#unsavedLabels = 0;
  }

  #thresholdLogit(): number {
    if (this.#threshold === null) return this.#model.threshold + this.#nudge;
    const probability = Math.min(1 - probabilityMin, Math.max(probabilityMin, this.#threshold));
    return logitOf(probability) + this.#nudge;
  }
}

const newTypes = () => new Set<LogEventType>();

function clampedNudge(nudge: number): number {
  return Math.min(nudgeMax, Math.max(-nudgeMax, nudge));
}
