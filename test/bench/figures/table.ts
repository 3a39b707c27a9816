import type { ModeResult } from './combine.ts';
import { type FigureName, figureNames } from './figures.ts';

type Format = (value: number) => string;

const digits =
  (count: number): Format =>
  (value) =>
    value.toFixed(count);
const percent: Format = (value) => `${(value * 100).toFixed(1)} %`;
const whole: Format = (value) => String(Math.round(value));
const megabytes: Format = (value) => `${(value / 1_000_000).toFixed(1)} MB`;
const kilobytes: Format = (value) => `${(value / 1_000).toFixed(1)} kB`;

const rows: Record<FigureName, { label: string; format: Format }> = {
  offload: { label: 'media bytes not from edges', format: percent },
  offloadWhole: { label: '  with joins', format: percent },
  copiesPerSegmentSettled: { label: 'copies per segment sent by edges', format: digits(2) },
  copiesPerSegmentWhole: { label: '  with joins', format: digits(2) },
  stallCount: { label: 'stalls', format: whole },
  stallCountWhole: { label: '  with joins', format: whole },
  stallMsPerViewerMinute: { label: 'stalled, ms per viewer-minute', format: whole },
  stallMsPerViewerMinuteWhole: { label: '  with joins', format: whole },
  skippedMsPerViewerMinute: { label: 'media skipped, ms per viewer-minute', format: whole },
  timeToFirstFrameMsMedian: { label: 'time to first frame, ms, median', format: whole },
  timeToFirstFrameMsP95: { label: '  95th percentile', format: whole },
  liveLatencyMsMedian: { label: 'live latency, ms, median', format: whole },
  liveLatencyMsP95: { label: '  95th percentile', format: whole },
  cpuSecondsPerViewerMinute: { label: 'processor s per viewer-minute', format: digits(2) },
  cpuSecondsPerViewerMinuteAdded: { label: '  above plain hls.js', format: digits(2) },
  memoryBytesMedian: { label: 'memory of a page’s scripts, median', format: megabytes },
  memoryBytesMax: { label: '  most', format: megabytes },
  wastedBytesShare: { label: 'received bytes wasted', format: percent },
  scriptBytes: { label: 'script beside hls.js, gzipped', format: kilobytes },
  scriptBytesEverything: { label: '  with lazy parts', format: kilobytes },
  playlistRequestsPerViewerMinute: {
    label: 'playlist requests per viewer-minute',
    format: digits(1),
  },
  longestTaskMs: { label: 'longest task, ms', format: whole },
  longestTaskMsWhole: { label: '  with joins', format: whole },
  outagePlayedShare: { label: 'played during the outage', format: percent },
  outageResumeMsMax: { label: 'last viewer resumed after, ms', format: whole },
  fatalErrorCount: { label: 'fatal errors', format: whole },
  viewersWithoutFrame: { label: 'viewers that saw no frame', format: whole },
  failureCount: { label: 'pages failed, errors not caught', format: whole },
};

const notMeasured = '-';
const failed = 'failed';

/** Figures as rows, modes as columns. A mode that did not run says so in every row; rows that nobody measured are left out. */
export function formatTable(results: readonly ModeResult[]): string {
  const shown = figureNames.filter((name) =>
    results.some(({ figures }) => (figures?.[name] ?? null) !== null),
  );
  const cells = [
    ['', ...results.map(({ mode }) => mode)],
    ...shown.map((name) => [rows[name].label, ...results.map((result) => cellOf(result, name))]),
  ];
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

function cellOf({ figures }: ModeResult, name: FigureName): string {
  if (!figures) return failed;
  const value = figures[name];
  // Minus zero is what rounding makes of a small negative number.
  return value === null
    ? notMeasured
    : rows[name].format(value).replace(/^-(?=0(\.0+)?( %)?$)/, '');
}
