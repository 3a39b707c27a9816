import { Random } from '../../sim/world/random.ts';
import { type Course, play, regretOf } from './play.ts';
import { policies } from './policies.ts';

export interface Regret {
  policy: string;
  /** Mean over seeds of the share by which reads took longer than with hindsight, and half of its 95 % interval. */
  mean: number;
  halfWidth: number;
  /** Share of the media that was read to learn. */
  probedShare: number;
}

/** Every policy plays the same courses. */
export function regrets(seedCount: number, courseOf: (random: () => number) => Course): Regret[] {
  const chance = new Random(1);
  return Object.entries(policies).map(([policy, create]) => {
    let [probed, media] = [0, 0];
    const values = Array.from({ length: seedCount }, (_, seed) => {
      const course = courseOf(chance.fork(`course ${seed}`).unit);
      const { edgeCount, bytes } = course;
      const random = chance.fork(`policy ${seed}`).unit;
      const outcomes = play(create({ edgeCount, bytes, random }), course);
      media += outcomes.length * bytes;
      for (const { probedBytes } of outcomes) probed += probedBytes;
      return regretOf(outcomes);
    });
    return { policy, ...interval(values), probedShare: media > 0 ? probed / media : 0 };
  });
}

/** Mean and half of the 95 % confidence interval, by the normal distribution. */
export function interval(values: readonly number[]): { mean: number; halfWidth: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const square = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const deviation = Math.sqrt(square / Math.max(1, values.length - 1));
  return { mean, halfWidth: (1.96 * deviation) / Math.sqrt(values.length) };
}
