import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { kpiNames, limits, verificationKeySchema } from '../protocol/index.ts';
import { SignalingError } from './errors.ts';
import type { SignalingOptions } from './server.ts';
import { readStaticEdges } from './static-edges.ts';
import { isStreamUrls, type StreamUrls } from './stream-url.ts';

const id = v.pipe(v.string(), v.regex(/^[\w.:-]{1,64}$/));
const kpiTexts = v.strictObject(
  Object.fromEntries(kpiNames.map((name) => [name, v.optional(v.string())])),
);
/** What is in the texts is checked as the server does. */
const edges = v.pipe(
  v.array(
    v.strictObject({
      edgeId: id,
      baseUrl: v.pipe(v.string(), v.url()),
      name: v.optional(id),
      rooms: v.optional(v.array(v.string())),
      region: v.optional(id),
      kpis: v.optional(kpiTexts),
      costPerGigabyte: v.optional(v.number()),
      role: v.optional(v.picklist(['active', 'spare', 'draining'])),
    }),
  ),
  v.maxLength(limits.edgesOfRoomMax),
);
const iceUrl = v.pipe(v.string(), v.regex(/^(stun|turn)s?:/));
const iceServers = v.array(
  v.strictObject({
    urls: v.union([iceUrl, v.array(iceUrl)]),
    username: v.optional(v.string()),
    credential: v.optional(v.string()),
  }),
);

const room = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.roomNameLengthMax));
const streams = v.record(room, v.custom<StreamUrls>(isStreamUrls));
const publishers = v.record(room, verificationKeySchema);

const variables = [
  'HOLDFAST_HOST',
  'HOLDFAST_PORT',
  'HOLDFAST_KEY',
  'HOLDFAST_RESUME_SECRET',
  'HOLDFAST_ORIGINS',
  'HOLDFAST_ADDRESS_HEADER',
  'HOLDFAST_EDGES',
  'HOLDFAST_ICE',
  'HOLDFAST_STREAMS',
  'HOLDFAST_ATTESTOR_KEY',
  'HOLDFAST_PUBLISHERS',
] as const;
type Variable = (typeof variables)[number];

/**
 * Reads the options of the server from the environment; `--host` and `--port` win over it.
 * @throws SignalingError `config_invalid` naming the variable or option
 */
export function readConfig(
  environment: Record<string, string | undefined>,
  args: readonly string[],
): SignalingOptions {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('HOLDFAST_') && !variables.includes(name as Variable)) {
      throw invalid(name, `unknown; known are ${variables.join(', ')}`);
    }
  }
  const given = readArgs(args);
  const read = (name: Variable) => environment[name] || undefined;
  return {
    host: given.host ?? read('HOLDFAST_HOST'),
    port:
      readPort('--port', given.port) ?? readPort('HOLDFAST_PORT', read('HOLDFAST_PORT')) ?? 8_080,
    key: read('HOLDFAST_KEY'),
    resumeSecret: read('HOLDFAST_RESUME_SECRET'),
    origins: readOrigins(read('HOLDFAST_ORIGINS')),
    addressHeader: readHeader(read('HOLDFAST_ADDRESS_HEADER')),
    edges: readEdges(read('HOLDFAST_EDGES')),
    iceServers: readJson('HOLDFAST_ICE', read('HOLDFAST_ICE'), iceServers),
    streams: readJson('HOLDFAST_STREAMS', read('HOLDFAST_STREAMS'), streams),
    publishers: readJson('HOLDFAST_PUBLISHERS', read('HOLDFAST_PUBLISHERS'), publishers),
    attestorKey: read('HOLDFAST_ATTESTOR_KEY'),
  };
}

function readArgs(args: readonly string[]): { host?: string; port?: string } {
  try {
    return parseArgs({
      args: [...args],
      options: { host: { type: 'string' }, port: { type: 'string' } },
    }).values;
  } catch (error) {
    throw invalid('arguments', (error as Error).message);
  }
}

function readPort(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw invalid(name, 'a port is a whole number up to 65535');
  return port;
}

function readOrigins(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => {
    const origin = part.trim();
    if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin))
      return origin;
    throw invalid(
      'HOLDFAST_ORIGINS',
      'origins such as https://example.org, with commas between, or *',
    );
  });
}

function readHeader(text: string | undefined): string | undefined {
  if (text === undefined || /^[\w-]+$/.test(text)) return text;
  throw invalid('HOLDFAST_ADDRESS_HEADER', 'a header name');
}

function readEdges(text: string | undefined): SignalingOptions['edges'] {
  const read = readJson('HOLDFAST_EDGES', text, edges);
  // What the server would find at its start, by the name of the variable.
  if (read) readStaticEdges(read, limits, 'HOLDFAST_EDGES');
  return read;
}

function readJson<T>(
  name: string,
  text: string | undefined,
  schema: v.GenericSchema<unknown, T>,
): T | undefined {
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The cause would quote credentials.
    throw invalid(name, 'not JSON');
  }
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  throw invalid(name, v.getDotPath(parsed.issues[0]) ?? 'not of the right shape');
}

function invalid(name: string, message: string): SignalingError {
  return new SignalingError('config_invalid', `${name}: ${message}`);
}
