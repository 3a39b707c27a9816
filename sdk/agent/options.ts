import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { limits } from '../../signaling/protocol/index.ts';
import { AgentError } from './errors.ts';

export interface AgentOptions {
  /** WebSocket URL of the signaling server. */
  signalingUrl: string;
  room: string;
  /** Names the site: all its viewers pass it to `joinRoom` as `deviceId`. */
  site: string;
  /** URL of the multivariant playlist, or of the only media playlist. */
  streamUrl: string;
  /** Called before every connect, so that a token can be renewed. */
  token: () => string;
  uploadBytesPerSecondMax: number;
  memoryBytesMax: number;
}

export const agentHelp = `holdfast-agent STREAM --signaling URL --room NAME --site ID [options]

Feeds the browsers of a site - a school, an office, the screens behind a set-top box - from
one place: the live stream comes into the site once. It joins the room as master of the site's
viewers, which name the same site: joinRoom({ deviceId: ID, ... }).

  STREAM              http(s) URL of the multivariant playlist
  --signaling URL     ws: or wss: URL of the signaling server
  --room NAME         the room
  --site ID           letters, digits and _ . : - , at most ${limits.idLengthMax}
  --token-file FILE   room token, read before every connect; default is the variable HOLDFAST_TOKEN
  --upload-mbps N     cap on what it sends, to the site and to others; default 200
  --memory-mb N       memory for media; default 128
  --help

Progress is printed on the standard error. Errors are "code: message" with exit code 1.
`;

/** Null asks for the help. @throws AgentError `config_invalid` naming the option that cannot work. */
export function readAgentOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): AgentOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [streamUrl = '', ...others] = positionals;
  require(others.length === 0 && /^https?:\/\/[^/]/.test(streamUrl), 'STREAM: one http(s) URL');
  const { signaling = '', room = '', site = '' } = values;
  require(/^wss?:\/\/[^/]/.test(signaling), '--signaling: a ws: or wss: URL');
  require(room !== '' && room.length <= limits.roomNameLengthMax, '--room: at most 128 characters');
  require(site.length <= limits.idLengthMax &&
    /^[\w.:-]+$/.test(site), `--site: letters, digits and _ . : - , at most ${limits.idLengthMax}`);
  return {
    signalingUrl: signaling,
    room,
    site,
    streamUrl,
    token: tokenReader(values['token-file'], environment.HOLDFAST_TOKEN),
    uploadBytesPerSecondMax: amount(values['upload-mbps'], 200, '--upload-mbps') * 125_000,
    memoryBytesMax: amount(values['memory-mb'], 128, '--memory-mb') * 1_048_576,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        signaling: { type: 'string' },
        room: { type: 'string' },
        site: { type: 'string' },
        'token-file': { type: 'string' },
        'upload-mbps': { type: 'string' },
        'memory-mb': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new AgentError('config_invalid', (error as Error).message);
  }
}

function tokenReader(file: string | undefined, variable: string | undefined): () => string {
  if (file === undefined) {
    require(variable, 'name a token with --token-file or HOLDFAST_TOKEN');
    return () => variable;
  }
  const read = (): string => readFileSync(file, 'utf8').trim();
  try {
    read();
  } catch (cause) {
    throw new AgentError('config_invalid', `--token-file: cannot read ${file}`, { cause });
  }
  return read;
}

function amount(value: string | undefined, byDefault: number, name: string): number {
  const number = value === undefined ? byDefault : Number(value);
  require(Number.isFinite(number) && number >= 1, `${name}: a number from 1 on`);
  return number;
}

function require(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AgentError('config_invalid', message);
}
