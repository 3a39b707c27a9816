import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { featureNames } from '../../sdk/core/messages/features.ts';
import { evaluate, probabilityOf, rulesOf } from '../../sdk/core/messages/model.ts';
import {
  shippedKey,
  shippedRules,
  shippedSignature,
} from '../../sdk/core/messages/shipped/rules.ts';
import { shippedModel } from '../../sdk/core/messages/shipped/shipped.ts';
import { modelBytesMax } from '../../signaling/protocol/limits.ts';
import { rootFolder } from '../tools/root.ts';
import { rulesListing } from '../training/report-text.ts';

describe('the rules that are shipped', () => {
  const bytes = Buffer.from(shippedRules);
  const signature = Buffer.from(shippedSignature, 'base64url');
  const key = createPublicKey({ key: shippedKey, format: 'jwk' });

  it('are signed by the shipped key, byte by byte', () => {
    expect(verify(null, bytes, key, signature)).to.equal(true);
    const other = Buffer.from(shippedRules.replace('"version"', '"Version"'));
    expect(verify(null, other, key, signature)).to.equal(false);
  });

  it('are listed in words', () => {
    const model = shippedModel();
    const file = join(rootFolder, 'sdk/core/messages/shipped/RULES.md');
    expect(readFileSync(file, 'utf8')).to.equal(
      rulesListing(rulesOf(model), model, bytes.byteLength),
    );
  });

  it('fit what a page loads', () => {
    expect(bytes.byteLength).to.be.at.most(modelBytesMax);
    expect(shippedModel().version).to.be.at.least(1);
    expect(rulesOf(shippedModel()).length).to.be.above(100);
  });

  it('find what addresses the user more important, and what addresses others less', () => {
    const probability = (fields: Record<string, number>) =>
      probabilityOf(
        evaluate(
          shippedModel(),
          Float64Array.from(featureNames, (name) => fields[name] ?? 0),
        ),
      );
    const usual = { minutesSinceMine: 5, countSinceMine: 20, targetPlace: 9, textLength: 60 };
    const toMe = probability({ ...usual, addressesMe: 1 });
    const toNobody = probability({ ...usual, addressesNobody: 1 });
    const toOthers = probability({ ...usual, othersAddressed: 1, targetPlace: 8 });
    expect(toMe).to.be.above(4 * toNobody);
    expect(toOthers).to.be.below(toNobody);
  });
});
