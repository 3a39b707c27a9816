/** All modes, one after another, as often as asked; then the table and the JSON. */
import { writeFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { startBrowser } from './browser.ts';
import { type Bundle, bundlePage, measureScriptBytes, type ScriptBytes } from './bundle.ts';
import { compareWithPlain, type ModeResult, medianFigures } from './figures/combine.ts';
import { type Figures, figuresOf } from './figures/figures.ts';
import { formatTable } from './figures/table.ts';
import type { BenchOptions, Mode } from './options.ts';
import { startPageServer } from './page-server.ts';
import { runMode } from './run-mode.ts';
import { scenarioOf } from './scenarios.ts';
import { p2pmlSettings, playerSettings, stream, trackerIntervalMs } from './settings.ts';
import { startStage } from './stage.ts';

export interface BenchOutput {
  signal: AbortSignal;
  /** What happens now. */
  progress: (text: string) => void;
  /** What came out. */
  print: (text: string) => void;
}

export interface BenchReport {
  benchmark: 'viewers';
  parameters: Omit<BenchOptions, 'jsonFile'> & { description: string; settings: typeof settings };
  machine: Record<string, string | number | null>;
  results: ModeResult[];
}

interface ReadyMode {
  mode: Mode;
  bundle: Bundle;
  scriptBytes: ScriptBytes;
}

const settings = {
  stream,
  player: playerSettings,
  p2pMediaLoader: { ...p2pmlSettings, trackerIntervalMs },
  holdfast: { upload: true },
};

/**
 * A mode that fails is reported as failed, and the others go on.
 * @throws The signal's reason. Nothing is left running, also then.
 */
export async function bench(options: BenchOptions, output: BenchOutput): Promise<BenchReport> {
  const { jsonFile, ...parameters } = options;
  const { description } = scenarioOf(options.scenario, options.durationMs);
  output.print(`${options.scenario}: ${description}`);
  output.print(`settings: ${JSON.stringify(settings)}`);
  const collected = new Map(options.modes.map((mode) => [mode, emptyResult(mode)]));
  const ready = await prepare(options.modes, collected, output);
  let browserVersion: string | null = null;
  for (let round = 0; round < options.rounds; round++) {
    const figures = new Map<Mode, Figures>();
    for (const item of ready) {
      output.signal.throwIfAborted();
      const label = `[${item.mode}${options.rounds > 1 ? `, round ${round + 1} of ${options.rounds}` : ''}]`;
      const result = collected.get(item.mode) as ModeResult;
      try {
        const progress = (text: string) => output.progress(`${label} ${text}`);
        const run = await runOnce(item, options, { ...output, progress });
        browserVersion = run.browserVersion;
        figures.set(item.mode, run.figures);
        result.errors.push(...run.failures);
      } catch (error) {
        output.signal.throwIfAborted();
        result.errors.push(textOf(error));
        output.progress(`${label} failed: ${textOf(error)}`);
      }
    }
    for (const [mode, own] of figures) {
      collected.get(mode)?.rounds.push(compareWithPlain(own, figures.get('plain') ?? null));
    }
  }
  const results = [...collected.values()].map((result) => ({
    ...result,
    figures: medianFigures(result.rounds),
  }));
  const machine = machineOf(browserVersion);
  const report: BenchReport = {
    benchmark: 'viewers',
    parameters: { ...parameters, description, settings },
    machine,
    results,
  };
  printReport(report, output.print);
  if (jsonFile !== null) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function emptyResult(mode: Mode): ModeResult {
  return { mode, figures: null, rounds: [], errors: [] };
}

/** Everything that takes processor time beforehand. A page that does not build fails its mode only. */
async function prepare(
  modes: readonly Mode[],
  results: ReadonlyMap<Mode, ModeResult>,
  { progress, signal }: BenchOutput,
): Promise<ReadyMode[]> {
  const ready: ReadyMode[] = [];
  for (const mode of modes) {
    signal.throwIfAborted();
    progress(`[${mode}] bundling its page`);
    try {
      ready.push({
        mode,
        bundle: await bundlePage(mode),
        scriptBytes: await measureScriptBytes(mode),
      });
    } catch (error) {
      results.get(mode)?.errors.push(textOf(error));
      progress(`[${mode}] failed: ${textOf(error)}`);
    }
  }
  return ready;
}

/** A fresh browser, fresh servers, one run. */
async function runOnce(
  { mode, bundle, scriptBytes }: ReadyMode,
  options: BenchOptions,
  output: BenchOutput,
) {
  const closers: (() => Promise<void>)[] = [];
  try {
    const stage = await startStage(mode);
    closers.unshift(() => stage.close());
    const pages = await startPageServer(bundle);
    closers.unshift(() => pages.close());
    const browser = await startBrowser();
    closers.unshift(() => browser.close());
    const scenario = scenarioOf(options.scenario, options.durationMs);
    const run = await runMode({
      mode,
      options,
      scenario,
      stage,
      browser,
      pageUrl: pages.url,
      ...output,
    });
    const figures: Figures = {
      ...figuresOf(run),
      scriptBytes: scriptBytes.firstLoad,
      scriptBytesEverything: scriptBytes.everything,
      cpuSecondsPerViewerMinuteAdded: null,
    };
    return { figures, failures: run.failures, browserVersion: browser.version };
  } finally {
    for (const close of closers) await close();
  }
}

/** Bundlers colour their errors; a JSON file should not. */
function textOf(error: unknown): string {
  return stripVTControlCharacters(String(error)).trim();
}

function machineOf(browserVersion: string | null): BenchReport['machine'] {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? null,
    processorCount: processors.length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    chromium: browserVersion,
  };
}

function printReport(
  { parameters, machine, results }: BenchReport,
  print: (text: string) => void,
): void {
  const { scenario, viewers, durationMs, rounds, rendition } = parameters;
  const medians = rounds > 1 ? `, medians of ${rounds} rounds` : '';
  print(
    `\n${scenario}: ${viewers} viewers, ${durationMs / 1_000} s settled, rendition ${rendition}${medians}`,
  );
  print(
    `${machine.processorCount} x ${machine.processor}, Node ${machine.node}, Chromium ${machine.chromium}\n`,
  );
  print(formatTable(results));
  for (const { mode, errors } of results) {
    for (const error of new Set(errors)) print(`\n${mode}: ${error}`);
  }
}
