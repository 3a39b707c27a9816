/** `npm start`: everything that the demo needs, on one machine, until Ctrl-C. */
import { type DemoArguments, readArguments, UsageError, usage } from './server/arguments.ts';
import { type Demo, startDemo } from './server/demo.ts';

const colourful = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number, text: string) =>
  colourful ? `\u001b[${code}m${text}\u001b[0m` : text;
const say = (text = '') => process.stdout.write(`${text}\n`);
const complain = (text: string) => process.stderr.write(`${text}\n`);

/** Everything is local, so an end that takes longer hangs. */
const closeWithinMs = 4_000;

function started(part: string, detail: string): void {
  say(`  ${paint(32, '✓')} ${part.padEnd(12)} ${paint(2, detail)}`);
}

function explain(error: unknown, { host, port }: DemoArguments): string {
  const { code, message } = deepest(error) as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return port === null
      ? `No free port from 8080 on at ${host}. Choose one: npm start -- --port 9000`
      : `Port ${port} is taken. Choose another, or leave --port away to get a free one.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address ${host}.`;
  if (code === 'EACCES') return `Not allowed to listen on port ${port}. Choose one above 1023.`;
  return code ? `${message} (${code})` : String((error as Error).stack ?? error);
}

/** The parts wrap what the system said in errors of their own. */
function deepest(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? deepest(error.cause) : error;
}

async function run(options: DemoArguments): Promise<void> {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Error('stopped'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  say(`${paint(1, 'Holdfast')}: a live room, its origin and edges`);
  if (options.encoder === 'ffmpeg') say('  the encoder needs about 7 s for its first segments ...');
  let demo: Demo | null = null;
  try {
    demo = await startDemo({
      ...options,
      signal: stopping.signal,
      onStarted: started,
      onFailure: (error) => complain(`  the encoder died: ${error.message}`),
    });
    announce(demo);
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
  } catch (error) {
    if (!stopping.signal.aborted) {
      complain(`\n${explain(error, options)}`);
      process.exitCode = 1;
      return;
    }
  } finally {
    await end(demo);
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  say('Everything has ended.');
}

function announce({ urls }: Demo): void {
  const [first, ...others] = urls;
  say(`\n  Open  ${paint(36, first ?? '')}`);
  for (const url of others) say(`    or  ${paint(36, url)}`);
  say(`\n  Ctrl-C ends everything.`);
}

async function end(demo: Demo | null): Promise<void> {
  if (!demo) return;
  say('\nEnding ... (Ctrl-C again to force)');
  const overdue = setTimeout(() => {
    complain('Something would not end.');
    process.exit(1);
  }, closeWithinMs);
  await demo.close();
  clearTimeout(overdue);
}

try {
  const options = readArguments(process.argv.slice(2));
  if (options.help) say(usage);
  else await run(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  complain(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
