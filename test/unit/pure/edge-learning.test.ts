import { expect } from 'chai';
import { Learning } from '../../../signaling/core/edges/learning.ts';
import { edgeWeightsUnlearned, limits, pressureOf } from '../../../signaling/protocol/index.ts';
import { Random } from '../../sim/world/random.ts';
import {
  expectNear,
  honest,
  learned,
  none,
  type Read,
  send,
  together,
  truth,
} from './edge-samples.ts';

describe('learning of weights', () => {
  for (const seed of [1, 2, 3, 4, 5])
    it(`finds those that made the samples (seed ${seed})`, () => {
      const learning = new Learning(none);
      send(learning, { devices: 100, count: 3_000 }, () => honest(truth), seed);
      const weights = learned(learning.learn(0));
      expectNear(weights, truth, 0.1);
      expect(weights.version).to.equal(1);
    });

  it('finds them from few samples, about, and from far off', () => {
    const learning = new Learning({ version: 7, load: 2.5, age: -2 });
    const least = { devices: limits.edgeSampleDevicesMin, count: limits.edgeSamplesMin };
    send(learning, least, () => honest(truth));
    const weights = learned(learning.learn(0));
    expectNear(weights, truth, 0.4);
    expect(weights.version).to.equal(8);
  });

  it('finds them from those that the sdk comes with, at loads that there are', () => {
    const learning = new Learning(edgeWeightsUnlearned);
    const read: Read = (random) =>
      honest(truth, { load: pressureOf(random.between(0, 0.9)) })(random);
    send(learning, { devices: 100, count: 4_000 }, () => read);
    expectNear(learning.learn(0), truth, 0.15);
  });

  it('goes on from what it found', () => {
    const learning = new Learning(none);
    send(learning, { devices: 100, count: 3_000 }, () => honest(truth));
    learning.learn(0);
    expect(learning.learn(60_000), 'without anything new').to.equal(null);
    send(learning, { devices: 100, count: 3_200 }, () => honest({ load: 2, age: -1 }), 2);
    const weights = learned(learning.learn(120_000));
    expectNear(weights, { load: 2, age: -1 }, 0.1);
    expect(weights.version).to.equal(2);
  });

  it('tells load and age apart where they go together', () => {
    const learning = new Learning(none);
    send(learning, { devices: 100, count: 4_000 }, () => together(truth));
    expectNear(learning.learn(0), truth, 0.1);
  });

  it('keeps the weight of what did not vary', () => {
    const learning = new Learning({ version: 0, load: 0, age: 1.25 });
    send(learning, { devices: 50, count: 1_000 }, () => honest(truth, { age: 0.5 }));
    const weights = learned(learning.learn(0));
    expect(weights.load).to.be.closeTo(1, 0.2);
    expect(weights.age).to.equal(1.25);
  });
});

describe('learning of weights ships nothing', () => {
  for (const seed of [1, 2, 3, 4, 5])
    it(`where those in force are right (seed ${seed})`, () => {
      const learning = new Learning({ version: 1, ...truth });
      send(learning, { devices: 100, count: 3_000 }, () => honest(truth), seed);
      expect(learning.learn(0)).to.equal(null);
    });

  it('where those that the sdk comes with are right, though reads take up to twenty times as long', () => {
    const learning = new Learning(edgeWeightsUnlearned);
    const read: Read = (random) =>
      honest(edgeWeightsUnlearned, { load: pressureOf(random.unit()) })(random);
    send(learning, { devices: 100, count: 4_000 }, () => read);
    expect(learning.learn(0)).to.equal(null);
  });

  it('where the gain is small', () => {
    const learning = new Learning({ version: 1, load: 0.8, age: 0.6 });
    send(learning, { devices: 100, count: 3_000 }, () => honest(truth));
    expect(learning.learn(0)).to.equal(null);
    const further = new Learning({ version: 1, load: 0.4, age: 0.9 });
    send(further, { devices: 100, count: 3_000 }, () => honest(truth));
    expectNear(further.learn(0), truth, 0.1);
  });

  it('that is worse on the newest samples', () => {
    const learning = new Learning(none);
    const read = honest({ load: 2, age: 1 });
    send(learning, { devices: 100, count: 2_000 }, () => read);
    const reversed: Read = (random) => {
      const { load, age, ...times } = read(random);
      return { ...times, load: 1 - load, age: 1 - age };
    };
    send(learning, { devices: 100, count: 500 }, () => reversed, 2);
    expect(learning.learn(0)).to.equal(null);
  });

  it('that only the newest samples speak for: they judge', () => {
    const learning = new Learning(none);
    send(learning, { devices: 100, count: 2_000 }, () => honest(none));
    const late: Read = (random) => {
      const read = honest(truth)(random);
      return { ...read, completedMs: read.completedMs * Math.exp(-(truth.load + truth.age) / 2) };
    };
    send(learning, { devices: 100, count: 500 }, () => late, 2);
    expect(learning.learn(0)).to.equal(null);
  });

  it('before there are enough samples of enough devices', () => {
    const few = new Learning(none);
    send(few, { devices: 20, count: limits.edgeSamplesMin - 1 }, () => honest(truth));
    expect(few.learn(0)).to.equal(null);
    few.add('0', honest(truth)(new Random(2)));
    expect(few.learn(0)).to.not.equal(null);
    const alone = new Learning(none);
    const devices = limits.edgeSampleDevicesMin - 1;
    send(alone, { devices, count: 288 }, () => honest(truth));
    expect(alone.learn(0)).to.equal(null);
    alone.add('another', honest(truth)(new Random(2)));
    expect(alone.learn(0)).to.not.equal(null);
  });
});
