/** `npm run bench`: the same stream and viewers with plain hls.js, P2P Media Loader and Holdfast. */
import { type BenchReport, bench } from './bench.ts';
import { benchEdges } from './edges/bench-edges.ts';
import { edgeUsage, readEdgeOptions } from './edges/options.ts';
import { formatOutages } from './figures/outage-table.ts';
import { benchMessages } from './messages/bench-messages.ts';
import { messageUsage, readMessageOptions } from './messages/options.ts';
import { readCommand, usage } from './options.ts';

const [first, ...rest] = process.argv.slice(2);
const edges = first === 'edges' ? parse(() => readEdgeOptions(rest), edgeUsage) : null;
const messages = first === 'messages' ? parse(() => readMessageOptions(rest), messageUsage) : null;
const runs = edges || messages ? [] : parse(() => readCommand(process.argv.slice(2)), usage);
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    console.error('\nStopping ...');
    interrupt.abort(new Error('interrupted'));
  });
}
try {
  const output = {
    signal: interrupt.signal,
    progress: (text: string) => console.error(text),
    print: (text: string) => console.log(text),
  };
  if (edges) await benchEdges(edges, output);
  if (messages) await benchMessages(messages, output);
  const reports: BenchReport[] = [];
  for (const options of runs) reports.push(await bench(options, output));
  if (reports.length > 1) console.log(`\n${formatOutages(reports)}`);
  const results = reports.flatMap((report) => report.results);
  if (results.some(({ figures }) => figures === null)) process.exitCode = 1;
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.exitCode = 130;
}

function parse<Options>(read: () => Options, usageText: string): Options {
  try {
    return read();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usageText}`);
    process.exit(2);
  }
}
