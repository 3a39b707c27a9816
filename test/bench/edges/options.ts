import { parseArgs } from 'node:util';

export const edgeParts = ['choice', 'herd', 'leaving'] as const;
export type EdgePart = (typeof edgeParts)[number];

export interface EdgeBenchOptions {
  parts: EdgePart[];
  /** Folder of recorded traces; null leaves out what needs them. */
  tracesFolder: string | null;
  seeds: number;
  herdSeeds: number;
  /** Pages that each mode opens for each way to die. */
  viewers: number;
  jsonFile: string | null;
}

export const edgeUsage = `npm run bench -- edges [options]

  --parts LIST       of ${edgeParts.join(',')}; default all
  --traces FOLDER    recorded traces, see test/bench/README.md; without it nothing is chosen by them
  --seeds N          viewers that choose by traces, 10 to 10000, default 400
  --herd-seeds N     crowds of a thousand, 10 to 100, default 10
  --viewers N        pages for each way to die, 1 to 16, default 12
  --json FILE        writes the figures as JSON too`;

/** @throws Error whose message names the wrong argument. */
export function readEdgeOptions(args: readonly string[]): EdgeBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      parts: { type: 'string', default: edgeParts.join(',') },
      traces: { type: 'string' },
      seeds: { type: 'string', default: '400' },
      'herd-seeds': { type: 'string', default: '10' },
      viewers: { type: 'string', default: '12' },
      json: { type: 'string' },
    },
  });
  return {
    parts: values.parts.split(',').map((name) => {
      const part = edgeParts.find((each) => each === name.trim());
      if (!part) throw new Error(`--parts: ${name} is none of ${edgeParts.join(', ')}`);
      return part;
    }),
    tracesFolder: values.traces ?? null,
    seeds: whole('--seeds', values.seeds, 10, 10_000),
    herdSeeds: whole('--herd-seeds', values['herd-seeds'], 10, 100),
    viewers: whole('--viewers', values.viewers, 1, 16),
    jsonFile: values.json ?? null,
  };
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name}: ${text} is no whole number from ${min} to ${max}`);
}
