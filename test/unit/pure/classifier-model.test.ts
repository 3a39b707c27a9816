import { expect } from 'chai';
import { featureNames } from '../../../sdk/core/messages/features.ts';
import {
  contributionsOf,
  evaluate,
  firedRules,
  logitOf,
  parseModel,
  probabilityOf,
  rulesOf,
} from '../../../sdk/core/messages/model.ts';
import { modelBytesMax } from '../../../signaling/protocol/limits.ts';
import { modelJson, modelOf } from './classifier-world.ts';

const valuesOf = (fields: Record<string, number>) =>
  Float64Array.from(featureNames, (name) => fields[name] ?? 0);

const depthTwo = {
  features: ['addressesMe', 'minutesSinceMine'],
  trees: [
    [0, 0.5, 0.1, [1, 10, 0.9, 0.3, -0.4], 2],
    [1, 5, 0.8, [0, 0.5, 0.1, -0.1, 0.7], -0.2],
  ],
};

describe('rules of a model', () => {
  it('sums the leaves that the values lead to', () => {
    const model = modelOf([], depthTwo);
    expect(evaluate(model, valuesOf({ addressesMe: 1, minutesSinceMine: 2 }))).to.be.closeTo(
      -2 + 2 + 0.7,
      1e-12,
    );
    expect(evaluate(model, valuesOf({ minutesSinceMine: 30 }))).to.be.closeTo(
      -2 - 0.4 - 0.2,
      1e-12,
    );
  });

  it('lets a value at the cut go below', () => {
    const model = modelOf([['minutesSinceMine', 5, 1, -1]]);
    expect(evaluate(model, valuesOf({ minutesSinceMine: 5 }))).to.equal(-1);
    expect(evaluate(model, valuesOf({ minutesSinceMine: 5.001 }))).to.equal(-3);
  });

  it('splits the logit into what each feature adds, to 1e-6', () => {
    const model = modelOf([], depthTwo);
    for (const addressesMe of [0, 1])
      for (const minutesSinceMine of [0, 7, 20]) {
        const values = valuesOf({ addressesMe, minutesSinceMine });
        const { bias, byFeature } = contributionsOf(model, values);
        const sum = [...byFeature.values()].reduce((total, each) => total + each, bias);
        expect(sum).to.be.closeTo(evaluate(model, values), 1e-9);
        expect([...byFeature.keys()].map((feature) => featureNames[feature])).to.include(
          'addressesMe',
        );
      }
  });

  it('has a rule in words for each leaf, and says which hold', () => {
    const model = modelOf([], depthTwo);
    expect(rulesOf(model)).to.have.length(6);
    expect(rulesOf(model)[1]).to.deep.equal({
      text: 'it does not address you and you wrote: not in the last 10 min',
      logit: -0.4,
    });
    const fired = firedRules(model, valuesOf({ addressesMe: 1, minutesSinceMine: 2 }));
    expect(fired).to.deep.equal([
      { text: 'it addresses you', logit: 2 },
      { text: 'you wrote: in the last 5 min and it addresses you', logit: 0.7 },
    ]);
  });

  it('turns probabilities into log-odds and back', () => {
    expect(probabilityOf(logitOf(0.12))).to.be.closeTo(0.12, 1e-12);
    expect(modelOf([['addressesMe', 0.5, 0, 1]], { threshold: 0.5 }).threshold).to.equal(0);
  });
});

describe('a model that is loaded', () => {
  const rules: Parameters<typeof modelJson>[0] = [['addressesMe', 0.5, 0, 3]];
  const codeOf = (json: unknown, newerThan = 0) => {
    const parsed = parseModel(typeof json === 'string' ? json : JSON.stringify(json), newerThan);
    return parsed.ok ? 'ok' : parsed.code;
  };
  const withTree = (tree: unknown) => modelJson(rules, { trees: [tree] });

  it('is refused with a code for each fault', () => {
    expect(codeOf(modelJson(rules))).to.equal('ok');
    expect(codeOf(modelJson(rules, { version: 3 }), 3)).to.equal('model_outdated');
    expect(codeOf(modelJson(rules, { version: 4 }), 3)).to.equal('ok');
    expect(codeOf(modelJson(rules, { features: ['heartRate'] }))).to.equal('model_feature_unknown');
    expect(codeOf(' '.repeat(modelBytesMax + 1))).to.equal('model_too_large');
  });

  for (const [fault, json] of Object.entries({
    'no JSON': '{',
    'another format': modelJson(rules, { format: 'xgboost' }),
    'a format to come': modelJson(rules, { formatVersion: 2 }),
    'version 0': modelJson(rules, { version: 0 }),
    'a bias beyond bounds': modelJson(rules, { bias: 21 }),
    'a bias that JSON reads as infinite': JSON.stringify(modelJson(rules)).replace('-2', '-1e999'),
    'a threshold that is no probability': modelJson(rules, { threshold: 1 }),
    'no trees': modelJson(rules, { trees: [] }),
    'a tree that is a leaf': withTree(0.5),
    'a leaf beyond bounds': withTree([0, 0.5, 0.5, 0, 9]),
    'a leaf that JSON reads as infinite': JSON.stringify(withTree([0, 0.5, 0.5, 0, 7])).replace(
      '7]',
      '1e999]',
    ),
    'a cut that is no number': withTree([0, null, 0.5, 0, 1]),
    'a share above 1': withTree([0, 0.5, 1.5, 0, 1]),
    'a feature that is not listed': withTree([1, 0.5, 0.5, 0, 1]),
    'a feature by name': withTree(['addressesMe', 0.5, 0.5, 0, 1]),
    'a branch too few': withTree([0, 0.5, 0.5, 0]),
    'four conditions': withTree([
      0,
      0.5,
      0.5,
      0,
      [0, 0.5, 0.5, 0, [0, 0.5, 0.5, 0, [0, 0.5, 0.5, 0, 1]]],
    ]),
    'too many trees': modelJson(rules, { trees: Array(401).fill([0, 1, 0, 0, 1]) }),
  }))
    it(`is refused with ${fault}`, () => {
      expect(codeOf(json)).to.equal('model_invalid');
    });
});
