import { expect } from 'chai';
import { Learning } from '../../../signaling/core/edges/learning.ts';
import { type EdgeSample, limits } from '../../../signaling/protocol/index.ts';
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

/** Absurd, each in its own way, or just not quite. */
const lies: Record<string, Read> = {
  'that all is slow': (random) => ({
    ...{ predictedMs: 1, completedMs: 1e300 },
    ...{ load: random.unit(), age: random.unit() },
  }),
  'that busy edges are slow': () => ({ predictedMs: 1, completedMs: 1e9, load: 1, age: 0 }),
  'that busy edges are slow, but not absurdly': () => ({
    ...{ predictedMs: 100, completedMs: 1_800 },
    ...{ load: 1, age: 0 },
  }),
  'that busy edges are fast': () => ({ predictedMs: 1e9, completedMs: 1, load: 1, age: 0 }),
  'that idle edges are slow and busy ones fast': (random) => {
    const load = random.integer(0, 1);
    return { predictedMs: 1e3, completedMs: load ? 1 : 1e9, load, age: load };
  },
  'that idle edges are fast and busy ones slow': (random) => {
    const load = random.integer(0, 1);
    return { predictedMs: 1e3, completedMs: load ? 1e9 : 1, load, age: 1 - load };
  },
  'that idle edges are fast and busy ones slow, but not absurdly': (random) => {
    const load = random.integer(0, 1);
    return { predictedMs: 100, completedMs: load ? 1_800 : 5, load, age: 1 - load };
  },
  'anything at all': (random) => ({
    ...{ predictedMs: 10 ** random.between(0, 9), completedMs: 10 ** random.between(0, 9) },
    ...{ load: random.unit(), age: random.unit() },
  }),
};

describe('learning of weights is not moved by a fifth of the devices that say', () => {
  for (const [lie, tell] of Object.entries(lies)) {
    it(lie, () => {
      for (const seed of [1, 2, 3, 4]) {
        const learning = new Learning(none);
        const readOf = (device: number) => (device % 5 === 0 ? tell : honest(truth));
        send(learning, { devices: 100, count: 3_000 }, readOf, seed);
        expectNear(learning.learn(0), truth, 0.15);
      }
    });

    it(`${lie}, where the weights in force are far off`, () => {
      const readOf = (device: number) => (device % 5 === 0 ? tell : honest(truth));
      for (const [load, age] of [
        [2.5, -2],
        [0, -3],
      ] as const)
        for (let seed = 1; seed <= 12; seed += 1) {
          const many = new Learning({ version: 1, load, age });
          send(many, { devices: 100, count: 3_000 }, readOf, seed);
          expectNear(many.learn(0), truth, 0.15);
          const few = new Learning({ version: 1, load, age });
          send(few, { devices: 20, count: 320 }, readOf, seed);
          expectNear(few.learn(0), truth, 0.4);
        }
    });

    it(`${lie}, even if they are nearly a quarter`, () => {
      const readOf = (device: number) => (device % 17 < 4 ? tell : honest(truth));
      for (const [load, age] of [
        [2.5, -2],
        [0, -3],
      ] as const)
        for (let seed = 1; seed <= 10; seed += 1) {
          const learning = new Learning({ version: 1, load, age });
          send(learning, { devices: 102, count: 3_000 }, readOf, seed);
          expectNear(learning.learn(0), truth, 0.15);
        }
    });

    it(`${lie}, ten times as often`, () => {
      const learning = new Learning(none);
      const random = new Random(1);
      for (let round = 0; round < 20; round += 1)
        for (let device = 0; device < 100; device += 1)
          for (let more = device % 5 === 0 ? 10 : 1; more > 0; more -= 1)
            learning.add(`${device}`, (device % 5 === 0 ? tell : honest(truth))(random));
      expectNear(learning.learn(0), truth, 0.15);
    });

    it(`${lie}, once each`, () => {
      const learning = new Learning(none);
      const readOf = (device: number) => (device % 5 === 0 ? tell : honest(truth));
      send(learning, { devices: 2_000, count: 2_000 }, readOf);
      expectNear(learning.learn(0), truth, 0.2);
    });

    it(`${lie}, and that they alone have been at busy edges`, () => {
      const learning = new Learning(none);
      const readOf = (device: number) => (device % 5 === 0 ? tell : honest(truth, { load: 0 }));
      send(learning, { devices: 100, count: 3_000 }, readOf);
      expectNear(learning.learn(0), { load: 0, age: truth.age }, 0.15);
    });
  }
});

describe('learning of weights, where a fifth of the devices say of one mind and not absurdly that busy edges are slow', () => {
  const tell =
    (times: number): Read =>
    () => ({ predictedMs: 100, completedMs: times * 100, load: 1, age: 0 });
  const readOf = (times: number) => (device: number) =>
    device % 5 === 0 ? tell(times) : honest(truth);

  it('keeps weights that are right, though each of those devices is heard of once', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const learning = new Learning({ version: 1, ...truth });
      send(learning, { devices: 2_000, count: 2_000 }, readOf(18), seed);
      expect(learning.learn(0)).to.equal(null);
    }
  });

  it('leaves weights that are wrong, though those devices are near to them', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const learning = new Learning({ version: 1, load: 2.5, age: -2 });
      send(learning, { devices: 20, count: 320 }, readOf(12), seed);
      expectNear(learning.learn(0), truth, 0.4);
    }
  });
});

describe('learning of weights is bounded', () => {
  it('in what a weight may be', () => {
    const most = new Learning(none);
    send(most, { devices: 50, count: 1_000 }, () => honest({ load: 0, age: -20 }, { load: 0.5 }));
    expect(learned(most.learn(0)).age).to.be.within(-limits.edgeWeightMax, -1);
    const jump = new Learning({ version: 0, load: limits.edgeWeightMax, age: 0 });
    const steep: Read = (random) => {
      const load = random.unit() / 4;
      return { predictedMs: 100, completedMs: 100 * Math.exp(8 * load), load, age: 0.5 };
    };
    send(jump, { devices: 50, count: 1_000 }, () => steep);
    expect(jump.learn(0)?.load ?? limits.edgeWeightMax).to.equal(limits.edgeWeightMax);
    const rising = new Learning(none);
    send(rising, { devices: 50, count: 1_000 }, () => steep);
    expect(learned(rising.learn(0)).load).to.equal(limits.edgeWeightMax);
  });

  it('so that load makes nothing faster', () => {
    const learning = new Learning(none);
    send(learning, { devices: 50, count: 1_500 }, () => honest({ load: -1, age: 1 }));
    const weights = learned(learning.learn(0));
    expect(weights.load).to.equal(0);
    expect(weights.age).to.be.closeTo(1, 0.2);
  });

  it('so that age is the best there is beside a load that is bounded', () => {
    const learning = new Learning(none);
    // As the ages hold half of the pressures, they have to speak for those too: 2 - 1.
    send(learning, { devices: 100, count: 4_000 }, () => together({ load: -1, age: 2 }));
    expectNear(learning.learn(0), { load: 0, age: 1 }, 0.1);
  });

  it('in what one sample can say', () => {
    const learning = new Learning({ version: 1, load: 2.5, age: -2 });
    const good = honest(truth);
    const once: Read = (random) =>
      random.chance(0.04) ? { predictedMs: 1, completedMs: 1e300, load: 1, age: 0 } : good(random);
    send(learning, { devices: 100, count: 3_000 }, () => once);
    expectNear(learning.learn(0), truth, 0.4);
  });

  it('in what one sample can say against better weights', () => {
    const learning = new Learning(none);
    const absurd = lies['that all is slow'] as Read;
    const often: Read = (random) => (random.chance(0.1) ? absurd : honest(truth))(random);
    send(learning, { devices: 100, count: 3_000 }, () => often);
    expectNear(learning.learn(0), truth, 0.2);
  });

  it('in what one device can push out', () => {
    const learning = new Learning(none);
    send(learning, { devices: 40, count: 1_000 }, () => honest(truth));
    send(learning, { devices: 1, count: 20_000, name: 'flood' }, () => honest(truth), 2);
    expectNear(learning.learn(0), truth, 0.2);
  });

  it('in how much is kept: the newest', () => {
    const learning = new Learning(none);
    const many = { devices: 1_000, count: limits.edgeSamplesMax };
    send(learning, { ...many, name: 'old' }, () => honest({ load: 0, age: -2 }));
    send(learning, { ...many, name: 'new' }, () => honest(truth), 2);
    expectNear(learning.learn(0), truth, 0.1);
  });

  it('in how much is kept: of those who were heard of last', () => {
    const learning = new Learning(none);
    const regulars = { devices: 1_000, name: 'regular' };
    send(learning, { ...regulars, count: 1_000 }, () => honest(truth));
    send(learning, { devices: 600, count: 600, name: 'visitor' }, () =>
      honest({ load: 0, age: -3 }),
    );
    send(learning, { ...regulars, count: 3_000 }, () => honest(truth), 2);
    expectNear(learning.learn(0), truth, 0.1);
  });

  it('in how long it is kept', () => {
    for (const waitMs of [60_000, limits.edgeSampleKeptMs + 1]) {
      const learning = new Learning(none);
      send(learning, { devices: 50, count: 150 }, () => honest(truth));
      expect(learning.learn(1_000)).to.equal(null);
      send(learning, { devices: 50, count: 150 }, () => honest(truth), 2);
      const weights = learning.learn(1_000 + waitMs);
      expect(weights !== null).to.equal(waitMs === 60_000);
    }
  });

  it('to samples that are numbers', () => {
    const learning = new Learning(none);
    const odd: Partial<EdgeSample>[] = [
      { load: Number.NaN },
      { age: Number.POSITIVE_INFINITY },
      { predictedMs: 0, completedMs: 0 },
      { completedMs: -1 },
    ];
    const good = honest(truth);
    send(learning, { devices: 100, count: 3_000 }, (device) => (random) => ({
      ...good(random),
      ...(random.chance(0.2) ? odd[device % odd.length] : {}),
    }));
    expectNear(learning.learn(0), truth, 0.1);
  });

  it('where all say the same, or nothing that can be told apart', () => {
    for (const [load, age] of [
      [0, 0],
      [1, 1],
      [0.5, 0],
    ] as const) {
      const learning = new Learning(none);
      const same = { predictedMs: 100, completedMs: 1_000, load, age };
      send(learning, { devices: 50, count: 1_000 }, () => () => same);
      expect(learning.learn(0)).to.equal(null);
    }
  });
});
