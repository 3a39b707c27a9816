/** `npm run bench`: the same stream and viewers with plain hls.js, P2P Media Loader and Holdfast. */
import { bench } from './bench.ts';
import { type BenchOptions, readOptions, usage } from './options.ts';

const options = parse();
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    console.error('\nStopping ...');
    interrupt.abort(new Error('interrupted'));
  });
}
try {
  const { results } = await bench(options, {
    signal: interrupt.signal,
    progress: (text) => console.error(text),
    print: (text) => console.log(text),
  });
  if (results.some(({ figures }) => figures === null)) process.exitCode = 1;
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.exitCode = 130;
}

function parse(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
