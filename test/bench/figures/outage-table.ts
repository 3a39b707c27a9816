import type { ModeResult } from './combine.ts';

interface Outcome {
  parameters: { description: string };
  results: readonly ModeResult[];
}

/** Scenarios as rows, modes as columns, in Markdown. */
export function formatOutages(reports: readonly Outcome[]): string {
  const modes = reports[0]?.results.map(({ mode }) => mode) ?? [];
  const rows = reports.map(({ parameters, results }) => [
    parameters.description,
    ...results.map(cellOf),
  ]);
  const lines = [['', ...modes], ['', ...modes].map(() => '---'), ...rows];
  const head = 'played during the outage / stalled seconds of each viewer-minute / fatal errors';
  return `${head}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

function cellOf({ figures }: ModeResult): string {
  if (!figures) return 'failed';
  const { outagePlayedShare, stallMsPerViewerMinute, fatalErrorCount } = figures;
  const played = outagePlayedShare === null ? '-' : `${Math.round(outagePlayedShare * 100)} %`;
  const stalledS = stallMsPerViewerMinute === null ? '-' : stallMsPerViewerMinute / 1_000;
  const stalled = typeof stalledS === 'number' ? `${stalledS.toFixed(1)} s` : stalledS;
  return `${played} / ${stalled} / ${fatalErrorCount ?? '-'}`;
}
