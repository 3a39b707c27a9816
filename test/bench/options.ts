import { join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import { isScenarioName, outageNames, type ScenarioName, scenarioNames } from './scenarios.ts';

export const modes = ['plain', 'p2pml', 'holdfast'] as const;
export type Mode = (typeof modes)[number];
export const renditions = ['high', 'low', 'auto'] as const;
export type Rendition = (typeof renditions)[number];

export interface BenchOptions {
  scenario: ScenarioName;
  modes: Mode[];
  viewers: number;
  /** The settled window, in which most figures are taken. */
  durationMs: number;
  /** From the last join to the settled window. */
  settleMs: number;
  /** Null: as the scenario says. */
  joinIntervalMs: number | null;
  rounds: number;
  /** `auto` leaves the choice to hls.js. */
  rendition: Rendition;
  jsonFile: string | null;
}

export const usage = `npm run bench -- [SCENARIO] [options]

Scenarios: ${scenarioNames.join(', ')} (default steady);
           outages: one outage after another, and one table of them;
           edges: the choice of edges, see npm run bench -- edges --help;
           messages: which messages are important, see npm run bench -- messages --help
  --viewers N        1 to 32, default 8
  --seconds D        length of the settled window, default 60
  --settle S         seconds from the last join to the settled window, default 10
  --stagger S        seconds between joins, default 0.5 (crowd: 0)
  --modes LIST       of ${modes.join(',')}; default all
  --rounds R         repeats everything and shows medians, default 1
  --rendition NAME   ${renditions.join(', ')}; default high
  --json FILE        writes the figures as JSON too; with outages one file each, outage-one-FILE`;

/** One run after another. @throws Error whose message names the wrong argument. */
export function readCommand([first, ...rest]: readonly string[]): BenchOptions[] {
  if (first !== 'outages') return [readOptions(first === undefined ? [] : [first, ...rest])];
  return outageNames.map((name) => {
    const options = readOptions([name, ...rest]);
    const { dir, base } = parse(options.jsonFile ?? '');
    return { ...options, jsonFile: base === '' ? null : join(dir, `${name}-${base}`) };
  });
}

/** @throws Error whose message names the wrong argument. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      viewers: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '60' },
      settle: { type: 'string', default: '10' },
      stagger: { type: 'string' },
      modes: { type: 'string', default: modes.join(',') },
      rounds: { type: 'string', default: '1' },
      rendition: { type: 'string', default: 'high' },
      json: { type: 'string' },
    },
  });
  const [scenario = 'steady', ...rest] = positionals;
  if (!isScenarioName(scenario))
    throw new Error(`no scenario ${scenario}: ${scenarioNames.join(', ')}`);
  if (rest.length > 0) throw new Error(`one scenario at a time, not also ${rest.join(' ')}`);
  const joinIntervalS =
    values.stagger === undefined ? null : number('--stagger', values.stagger, 0, 60);
  return {
    scenario,
    modes: readModes(values.modes),
    viewers: number('--viewers', values.viewers, 1, 32, true),
    durationMs: number('--seconds', values.seconds, 1, 3_600) * 1_000,
    settleMs: number('--settle', values.settle, 0, 600) * 1_000,
    joinIntervalMs: joinIntervalS === null ? null : joinIntervalS * 1_000,
    rounds: number('--rounds', values.rounds, 1, 100, true),
    rendition: oneOf('--rendition', values.rendition, renditions),
    jsonFile: values.json ?? null,
  };
}

function readModes(list: string): Mode[] {
  return [...new Set(list.split(',').map((item) => oneOf('--modes', item.trim(), modes)))];
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((item) => item === value);
  if (found === undefined) throw new Error(`${name}: ${value} is none of ${known.join(', ')}`);
  return found;
}

function number(name: string, text: string, min: number, max: number, whole = false): number {
  const value = Number(text);
  const valid =
    text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (!valid)
    throw new Error(`${name}: ${text} is no ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
  return value;
}
