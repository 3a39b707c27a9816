import { formatRows } from '../rows.ts';
import type { Regret } from './regret.ts';

/** One row for each policy, one column for each course. */
export function formatRegrets(results: Readonly<Record<string, readonly Regret[]>>): string {
  const courses = Object.entries(results);
  const names = courses.map(([name], index) => `${index + 1}: ${name}`);
  const policies = courses[0]?.[1].map(({ policy }) => policy) ?? [];
  const rows = policies.map((policy) => [
    policy,
    ...courses.map(([, regrets]) => {
      const found = regrets.find((each) => each.policy === policy);
      if (!found) return '';
      const percent = (share: number) => (share * 100).toFixed(0);
      return `+${percent(found.mean)} ± ${percent(found.halfWidth)} %`;
    }),
  ]);
  const head = ['', ...courses.map((_, index) => `${index + 1}`)];
  return `${names.join('\n')}\n${formatRows(head, rows)}`;
}
