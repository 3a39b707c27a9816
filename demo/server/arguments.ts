import { parseArgs } from 'node:util';

export interface DemoArguments {
  /** Where everything listens. Default 127.0.0.1. */
  host: string;
  /** Port of the page; null takes 8080 or the next free one. */
  port: number | null;
  encoder: 'loop' | 'ffmpeg';
  help: boolean;
}

export const usage = `Usage: npm start -- [options]

  --encoder loop|ffmpeg  live input: the committed loop, or a running ffmpeg (default loop)
  --port NUMBER          port of the page (default 8080, or the next free one)
  --host ADDRESS         where to listen (default 127.0.0.1; 0.0.0.0 lets phones in your network in)
  --help                 this text
`;

/** What the user asked for cannot be done; the message says why. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** @throws UsageError */
export function readArguments(args: readonly string[]): DemoArguments {
  const given = parse(args);
  const { host = '127.0.0.1', encoder = 'loop' } = given;
  if (encoder !== 'loop' && encoder !== 'ffmpeg') {
    throw new UsageError(`--encoder: "${encoder}" is neither loop nor ffmpeg`);
  }
  if (!/^[\w.:-]+$/.test(host)) throw new UsageError(`--host: "${host}" is not an address`);
  return { host, encoder, port: readPort(given.port), help: given.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        encoder: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function readPort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`--port: "${text}" is not a port number`);
  return port;
}
