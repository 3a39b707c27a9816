/** `npm run bench`: the same stream and viewers with plain hls.js, P2P Media Loader and Holdfast. */
import { type BenchReport, bench } from './bench.ts';
import { formatOutages } from './figures/outage-table.ts';
import { type BenchOptions, readCommand, usage } from './options.ts';

const runs = parse();
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    console.error('\nStopping ...');
    interrupt.abort(new Error('interrupted'));
  });
}
try {
  const reports: BenchReport[] = [];
  for (const options of runs)
    reports.push(
      await bench(options, {
        signal: interrupt.signal,
        progress: (text) => console.error(text),
        print: (text) => console.log(text),
      }),
    );
  if (reports.length > 1) console.log(`\n${formatOutages(reports)}`);
  const results = reports.flatMap((report) => report.results);
  if (results.some(({ figures }) => figures === null)) process.exitCode = 1;
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.exitCode = 130;
}

function parse(): BenchOptions[] {
  try {
    return readCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
