import { expect } from 'chai';
import type { Learning } from '../../../signaling/core/edges/learning.ts';
import type { EdgeSample, EdgeWeights } from '../../../signaling/protocol/index.ts';
import { Random } from '../../sim/world/random.ts';

export const none: EdgeWeights = { version: 0, load: 0, age: 0 };
export const truth = { load: 1, age: 0.5 };

/** A device's read of an edge that obeys `by`, up to a third faster or slower. */
export type Read = (random: Random) => EdgeSample;

export function honest(by: { load: number; age: number }, saw: Partial<EdgeSample> = {}): Read {
  return (random) => {
    const predictedMs = random.between(100, 1_000);
    const load = saw.load ?? random.unit();
    const age = saw.age ?? random.unit();
    const noise = random.between(-0.5, 0.5) + random.between(-0.3, 0.3);
    const completedMs = predictedMs * Math.exp(0.4 + by.load * load + by.age * age + noise);
    return { predictedMs, completedMs, load, age };
  };
}

/** The age of what is known is half the load, half chance. */
export function together(by: { load: number; age: number }): Read {
  return (random) => {
    const load = random.unit();
    return honest(by, { load, age: (load + random.unit()) / 2 })(random);
  };
}

/** `count` samples, from one device after the other; each device has its own way to read. */
export function send(
  learning: Learning,
  { devices, count, name = '' }: { devices: number; count: number; name?: string },
  readOf: (device: number) => Read,
  seed = 1,
): void {
  const random = new Random(seed);
  for (let index = 0; index < count; index += 1) {
    const device = index % devices;
    learning.add(`${name}${device}`, readOf(device)(random));
  }
}

export function learned(weights: EdgeWeights | null): EdgeWeights {
  if (!weights) expect.fail('nothing was learned');
  return weights;
}

export function expectNear(
  weights: EdgeWeights | null,
  by: { load: number; age: number },
  most: number,
) {
  expect(learned(weights).load, 'load').to.be.closeTo(by.load, most);
  expect(learned(weights).age, 'age').to.be.closeTo(by.age, most);
}
