import { parseArgs } from 'node:util';

export const messageParts = ['runtime', 'rules'] as const;
export type MessagePart = (typeof messageParts)[number];

export interface MessageBenchOptions {
  parts: MessagePart[];
  /** Of a thousand messages a second. */
  durationMs: number;
  /** Folder of recorded chats; null leaves the rules unjudged. */
  dataFolder: string | null;
  jsonFile: string | null;
}

export const messageUsage = `npm run bench -- messages [options]

  --parts LIST       of ${messageParts.join(',')}; default all
  --seconds D        how long a thousand messages a second come, 2 to 600, default 60
  --data FOLDER      recorded chats, see test/training/README.md; without it the rules are not judged
  --json FILE        writes the figures as JSON too`;

/** @throws Error whose message names the wrong argument. */
export function readMessageOptions(args: readonly string[]): MessageBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      parts: { type: 'string', default: messageParts.join(',') },
      seconds: { type: 'string', default: '60' },
      data: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 2 || seconds > 600) {
    throw new Error(`--seconds: ${values.seconds} is no whole number from 2 to 600`);
  }
  return {
    parts: values.parts.split(',').map((name) => {
      const part = messageParts.find((each) => each === name.trim());
      if (!part) throw new Error(`--parts: ${name} is none of ${messageParts.join(', ')}`);
      return part;
    }),
    durationMs: seconds * 1_000,
    dataFolder: values.data ?? null,
    jsonFile: values.json ?? null,
  };
}
