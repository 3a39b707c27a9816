/** `npm run bench -- messages`: what the classifier of messages costs in Chromium, and what its rules are worth. */
import { writeFile } from 'node:fs/promises';
import { chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../../tools/chromium.ts';
import { judgeRules } from '../../training/judge-rules.ts';
import { bundlePage } from '../bundle.ts';
import { startPageServer } from '../page-server.ts';
import type { LoadFigures, Spread } from '../pages/messages.ts';
import { formatRows } from '../rows.ts';
import type { MessageBenchOptions } from './options.ts';

interface Output {
  signal: AbortSignal;
  progress: (text: string) => void;
  print: (text: string) => void;
}

export interface RuntimeFigures {
  browser: string;
  /** The core alone, on the page. */
  rules: Spread;
  /** One `classify` after another. */
  classify: Spread;
  load: LoadFigures;
  rows: number;
}

export interface MessageReport {
  benchmark: 'messages';
  parameters: Omit<MessageBenchOptions, 'jsonFile'>;
  runtime: RuntimeFigures | null;
  /** Tables of what the rules are worth beside others; null without recorded chats. */
  rules: string | null;
}

/** Pages that are isolated have a clock of 5 µs instead of 100. */
const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** @throws The signal's reason; Error where Chromium does not start. */
export async function benchMessages(
  options: MessageBenchOptions,
  output: Output,
): Promise<MessageReport> {
  const { jsonFile, ...parameters } = options;
  const has = (part: MessageBenchOptions['parts'][number]) => options.parts.includes(part);
  const report: MessageReport = {
    ...{ benchmark: 'messages', parameters },
    runtime: has('runtime') ? await measureRuntime(options, output) : null,
    rules: null,
  };
  if (report.runtime) output.print(formatRuntime(report.runtime));
  const { dataFolder } = options;
  if (has('rules') && dataFolder === null) output.progress('[rules] not judged without --data');
  if (has('rules') && dataFolder !== null) {
    report.rules = judgeRules(dataFolder, 1, (text) => output.progress(`[rules] ${text}`)).report;
    output.print(report.rules);
  }
  if (jsonFile !== null) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function measureRuntime(
  { durationMs }: MessageBenchOptions,
  { signal, progress }: Output,
): Promise<RuntimeFigures> {
  const pages = await startPageServer(await bundlePage('messages'), isolated);
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: chromiumArguments,
  });
  const stop = () => void browser.close();
  signal.addEventListener('abort', stop);
  try {
    const page = await browser.newPage();
    await page.goto(pages.url);
    await page.waitForFunction(() => 'messagesBench' in window);
    return { browser: browser.version(), ...(await measureOn(page, durationMs, progress)) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await browser.close();
    await pages.close();
  }
}

async function measureOn(page: Page, durationMs: number, progress: Output['progress']) {
  progress('[runtime] a full log');
  await page.evaluate(() => window.messagesBench.fill());
  progress('[runtime] rules alone');
  const rules = await page.evaluate(() => window.messagesBench.measureRules());
  progress('[runtime] one classify after another');
  const classify = await page.evaluate(() => window.messagesBench.measureClassify());
  progress(`[runtime] a thousand messages a second for ${durationMs / 1_000} s`);
  const load = await page.evaluate((ms) => window.messagesBench.measureLoad(ms), durationMs);
  const { rows } = await page.evaluate(() => window.messagesBench.state());
  return { rules, classify, load, rows };
}

function formatRuntime({ browser, rules, classify, load, rows }: RuntimeFigures): string {
  const ms = (value: number) => `${value.toFixed(3)} ms`;
  const row = (name: string, spread: Spread, most: string) => [
    ...[name, `${spread.count}`, ms(spread.medianMs), ms(spread.p99Ms), ms(spread.maxMs), most],
  ];
  const times = formatRows(
    ['', 'calls', 'median', 'p99', 'longest', 'p99 at most'],
    [
      row('rules', rules, '0.2 ms'),
      row('classify, one after another', classify, '5 ms'),
      row('classify, a thousand messages a second', load.classify, ''),
    ],
  );
  const waiting = load.waiting.map(({ meanCount, maxCount }) => [
    meanCount.toFixed(1),
    `${maxCount}`,
  ]);
  const sixths = formatRows(
    ['calls without an answer', 'mean', 'most'],
    waiting.map((cells, index) => [`sixth ${index + 1}`, ...cells]),
  );
  const rate = (load.messages / load.durationMs) * 1_000;
  return [
    `runtime: Chromium ${browser}, a log of ${rows} rows`,
    times,
    `${load.messages} messages in ${(load.durationMs / 1_000).toFixed(1)} s, ${rate.toFixed(0)} a second: each classified and recorded; ${load.refused} calls refused, ${load.rowsDropped} rows not written`,
    sixths,
  ].join('\n');
}
