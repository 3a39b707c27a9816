import * as v from 'valibot';
import * as limits from '../../../signaling/protocol/limits.ts';
import { type FeatureName, featureNames, wordsOf } from './features.ts';

/** Values of the feature above the cut go to `above`. */
export interface Split {
  /** Place in `featureNames`. */
  feature: number;
  cut: number;
  /** Of the messages that it was trained on: the share above, and the mean of what it gave them. */
  shareAbove: number;
  mean: number;
  below: Branch;
  above: Branch;
}
/** A leaf adds a number to the logit. */
export type Branch = Split | number;

/** A checked set of rules: trees of at most `ruleDepthMax` conditions, whose leaves are summed up. */
export interface Model {
  version: number;
  /** What it was learned from, for people. */
  learnedFrom: string;
  bias: number;
  /** Logit from which on a message is important. */
  threshold: number;
  trees: readonly Split[];
}

export type ModelRefusal =
  | 'model_too_large'
  | 'model_invalid'
  | 'model_feature_unknown'
  | 'model_outdated';

/** More conditions would make a rule that nobody reads. */
export const ruleDepthMax = 3;
const treesMax = 400;
/** An odds ratio of 3000: beyond it a rule would be no rule but a verdict. */
const leafMax = 8;
const biasMax = 20;

const finite = (max: number) => v.pipe(v.number(), v.finite(), v.minValue(-max), v.maxValue(max));
const positive = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

/** Beside `trees`: each `[feature, cut, shareAbove, below, above]`, where the last two are a number or such a list. */
const modelSchema = v.object({
  format: v.literal('holdfast-message-rules'),
  formatVersion: v.literal(1),
  version: positive(Number.MAX_SAFE_INTEGER),
  learnedFrom: v.pipe(v.string(), v.maxLength(400)),
  /** Names of the features, as the trees number them. */
  features: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(200)),
  bias: finite(biasMax),
  /** Probability from which on a message is important. */
  threshold: v.pipe(v.number(), v.minValue(0.001), v.maxValue(0.999)),
});

export type ModelParsed =
  | { ok: true; model: Model }
  | { ok: false; code: ModelRefusal; message: string };

/**
 * Checks the text of rules whose signature holds. Never throws.
 * @param newerThan The version that is in use.
 */
export function parseModel(text: string, newerThan: number): ModelParsed {
  if (text.length > limits.modelBytesMax)
    return refused('model_too_large', `more than ${limits.modelBytesMax} bytes`);
  const json = parseJson(text);
  const parsed = v.safeParse(modelSchema, json, { abortEarly: true });
  if (!parsed.success) return refused('model_invalid', pathOf(parsed.issues[0]));
  const { features, version, learnedFrom, bias, threshold } = parsed.output;
  const unknown = features.find((name) => !featureNames.includes(name as FeatureName));
  if (unknown !== undefined) return refused('model_feature_unknown', unknown.slice(0, 64));
  if (version <= newerThan)
    return refused('model_outdated', `version ${version} is not newer than ${newerThan}`);
  const places = features.map((name) => featureNames.indexOf(name as FeatureName));
  const trees = readTrees((json as { trees?: unknown }).trees, places);
  if (typeof trees === 'string') return refused('model_invalid', trees);
  const model = { version, learnedFrom, bias, threshold: logitOf(threshold), trees };
  return { ok: true, model };
}

export function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** The log-odds that the model gives to features in the order of `featureNames`. */
export function evaluate(model: Model, values: Float64Array): number {
  let logit = model.bias;
  for (const tree of model.trees) {
    let branch: Branch = tree;
    while (typeof branch !== 'number') branch = next(branch, values);
    logit += branch;
  }
  return logit;
}

/**
 * What each feature adds to the logit of an average message: by how much the mean of a tree's answers changes with every
 * condition that is looked at (Saabas 2014). `bias` and all of them add up to the logit.
 */
export function contributionsOf(
  model: Model,
  values: Float64Array,
): { bias: number; byFeature: Map<number, number> } {
  const byFeature = new Map<number, number>();
  let { bias } = model;
  for (const tree of model.trees) {
    bias += tree.mean;
    let branch: Branch = tree;
    while (typeof branch !== 'number') {
      const { feature }: Split = branch;
      const chosen = next(branch, values);
      const change: number = meanOf(chosen) - branch.mean;
      byFeature.set(feature, (byFeature.get(feature) ?? 0) + change);
      branch = chosen;
    }
  }
  return { bias, byFeature };
}

/** One path to a leaf: conditions, and what follows from them. */
export interface Rule {
  text: string;
  /** Added to the logit. */
  logit: number;
}

/** All rules of a model, in words. */
export function rulesOf(model: Model): Rule[] {
  return model.trees.flatMap((tree) => [...pathsOf(tree, [])]);
}

/** Those that hold for a message, the strongest first; of several with the same words, one with the sum. */
export function firedRules(model: Model, values: Float64Array): Rule[] {
  const logitByText = new Map<string, number>();
  for (const tree of model.trees) {
    const conditions: string[] = [];
    let branch: Branch = tree;
    while (typeof branch !== 'number') {
      const chosen = next(branch, values);
      conditions.push(conditionOf(branch, chosen === branch.above));
      branch = chosen;
    }
    const text = conditions.join(' and ');
    logitByText.set(text, (logitByText.get(text) ?? 0) + branch);
  }
  const rules = [...logitByText].map(([text, logit]) => ({ text, logit }));
  return rules.sort((a, b) => Math.abs(b.logit) - Math.abs(a.logit));
}

function next(split: Split, values: Float64Array): Branch {
  return (values[split.feature] as number) > split.cut ? split.above : split.below;
}

function* pathsOf(branch: Branch, conditions: readonly string[]): Generator<Rule> {
  if (typeof branch === 'number') yield { text: conditions.join(' and '), logit: branch };
  else {
    yield* pathsOf(branch.below, [...conditions, conditionOf(branch, false)]);
    yield* pathsOf(branch.above, [...conditions, conditionOf(branch, true)]);
  }
}

function conditionOf({ feature, cut }: Split, isAbove: boolean): string {
  return wordsOf(featureNames[feature] as FeatureName).than(isAbove, cut);
}

const meanOf = (branch: Branch) => (typeof branch === 'number' ? branch : branch.mean);

/** The trees, or the path to the first that is none. */
function readTrees(value: unknown, places: readonly number[]): Split[] | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > treesMax) return 'trees';
  const trees: Split[] = [];
  for (const each of value as unknown[]) {
    const tree = readBranch(each, places, ruleDepthMax);
    if (tree === null || typeof tree === 'number') return `trees.${trees.length}`;
    trees.push(tree);
  }
  return trees;
}

/** Null for anything that is no tree. */
function readBranch(value: unknown, places: readonly number[], depth: number): Branch | null {
  if (typeof value === 'number') return Math.abs(value) <= leafMax ? value : null;
  if (!Array.isArray(value) || value.length !== 5 || depth === 0) return null;
  const [place, cut, shareAbove, ...branches] = value as unknown[];
  const feature = typeof place === 'number' ? places[place] : undefined;
  const isShare = typeof shareAbove === 'number' && shareAbove >= 0 && shareAbove <= 1;
  if (feature === undefined || !Number.isFinite(cut) || !isShare) return null;
  const [below, above] = branches.map((branch) => readBranch(branch, places, depth - 1));
  if (below === null || below === undefined || above === null || above === undefined) return null;
  const mean = meanOf(below) * (1 - shareAbove) + meanOf(above) * shareAbove;
  return { feature, cut: cut as number, shareAbove, mean, below, above };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function pathOf(issue: { path?: { key: unknown }[] | undefined }): string {
  return issue.path?.map(({ key }) => String(key)).join('.') || 'no such JSON';
}

function refused(code: ModelRefusal, message: string): ModelParsed {
  return { ok: false, code, message };
}
