import type { Regret } from './regret.ts';

/** Columns as wide as their longest cell; the first to the left, the others to the right. */
export function formatRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
  return lines.join('\n');
}

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
