import type { Decision } from './classifier.ts';
import type { Contribution, Explanation } from './events.ts';
import { textOf } from './explicit-rules.ts';
import { type FeatureName, featureNames, wordsOf } from './features.ts';
import { contributionsOf, firedRules } from './model.ts';

/** More than these nobody reads; the rest is summed up. */
const contributionsListed = 5;
const rulesListed = 3;

/** What each thing that is known of a message has added to its logit. */
export function explain(decision: Decision): Explanation {
  const { values, model, learned, explicitRule, isImportant, probability } = decision;
  const { bias, byFeature } = contributionsOf(model, values);
  const all: Contribution[] = [...learned];
  for (const [feature, logit] of byFeature) {
    const words = wordsOf(featureNames[feature] as FeatureName);
    all.push({ text: words.of(values[feature] as number), logit });
  }
  all.sort((a, b) => Math.abs(b.logit) - Math.abs(a.logit));
  const other = all.slice(contributionsListed).reduce((sum, { logit }) => sum + logit, 0);
  return {
    isImportant,
    probability,
    explicitRule,
    explicitText: explicitRule && textOf(explicitRule),
    contributions: all.slice(0, contributionsListed),
    rules: firedRules(model, values).slice(0, rulesListed),
    other,
    bias,
    logit: decision.logit,
    threshold: decision.threshold,
  };
}
