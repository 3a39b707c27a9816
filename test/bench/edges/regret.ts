import { Random } from '../../sim/world/random.ts';
import { type Course, play, regretOf } from './play.ts';
import { policies } from './policies.ts';

export interface Regret {
  policy: string;
  /** Mean over seeds of the share by which reads took longer than with hindsight, and half of its 95 % interval. */
  mean: number;
  halfWidth: number;
}

/** Every policy plays the same courses. */
export function regrets(seedCount: number, courseOf: (random: () => number) => Course): Regret[] {
  const chance = new Random(1);
  return Object.entries(policies).map(([policy, create]) => {
    const values = Array.from({ length: seedCount }, (_, seed) => {
      const course = courseOf(chance.fork(`course ${seed}`).unit);
      const { edgeCount, bytes } = course;
      return regretOf(
        play(create({ edgeCount, bytes, random: chance.fork(`policy ${seed}`).unit }), course),
      );
    });
    return { policy, ...interval(values) };
  });
}

/** Mean and half of the 95 % confidence interval, by the normal distribution. */
export function interval(values: readonly number[]): { mean: number; halfWidth: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const square = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const deviation = Math.sqrt(square / Math.max(1, values.length - 1));
  return { mean, halfWidth: (1.96 * deviation) / Math.sqrt(values.length) };
}
