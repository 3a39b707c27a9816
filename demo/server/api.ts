/**
 * `/api/*` of the page: `GET /api/token?room=&viewer=&role=&name=`, `GET /api/state`, and `POST` to `/api/fault` (of a server) and
 * `/api/outage` (of viewers).
 * For the demo's own page only: another site must not steer it, or take tokens, through the user's browser.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import * as v from 'valibot';
import type { Signaling } from '../../signaling/adapters/server.ts';
import { isDisplayName, senderRoles } from '../../signaling/protocol/index.ts';
import { outageFaults, outageScopes } from './lines.ts';
import { type DemoControl, serverNames } from './state.ts';

/** A fault request is about 40 bytes. */
const bodyBytesMax = 1_024;
/** The page fetches a new token before every connect. */
const tokenLifetimeSeconds = 300;

const faultRequest = v.strictObject({
  server: v.picklist(serverNames),
  fault: v.picklist(['none', 'cut', 'slow']),
});
const line = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'line: 1 to 64 letters, digits, - or _'));
const outageRequest = v.nullable(
  v.strictObject({ fault: v.picklist(outageFaults), scope: v.picklist(outageScopes), line }),
);
const tokenRequest = v.object({
  room: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'room: 1 to 64 letters, digits, - or _')),
  viewer: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'viewer: 1 to 64 letters, digits, - or _')),
  role: v.optional(v.picklist(senderRoles, `role: ${senderRoles.join(', ')}`)),
  name: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => isDisplayName(text), 'name: 1 to 64 characters'),
    ),
  ),
});

export interface ApiContext {
  control: DemoControl;
  issueToken: Signaling['issueToken'];
}

/** Refused, with what the page shows. */
class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Never rejects. */
export async function handleApi(
  request: IncomingMessage,
  response: ServerResponse,
  context: ApiContext,
): Promise<void> {
  try {
    admit(request);
    send(response, 200, await dispatch(request, context));
  } catch (error) {
    // What is left of a body is not read.
    response.setHeader('connection', 'close');
    if (error instanceof ApiError) send(response, error.status, { message: error.message });
    else send(response, 500, { message: error instanceof Error ? error.message : String(error) });
  }
}

function admit({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'];
  // A name would let another site's page in, by pointing that name at this machine.
  const named = !URL.canParse(`http://${host}`) || !isAddress(new URL(`http://${host}`).hostname);
  const foreign = origin !== undefined && origin !== `http://${host}`;
  if (named || foreign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new ApiError(403, 'only pages of this demo may ask');
  }
}

function isAddress(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

async function dispatch(request: IncomingMessage, context: ApiContext): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://demo');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /api/state':
      return context.control.state();
    case 'GET /api/token': {
      const { room, viewer, role, name } = parse(
        tokenRequest,
        Object.fromEntries(url.searchParams),
      );
      const token = await context.issueToken({
        room,
        subject: viewer,
        role,
        name,
        lifetimeSeconds: tokenLifetimeSeconds,
      });
      return { token };
    }
    case 'POST /api/fault': {
      const { server, fault } = parse(faultRequest, await readJson(request));
      context.control.setFault(server, fault);
      return context.control.state();
    }
    case 'POST /api/outage': {
      await context.control.lines.setOutage(parse(outageRequest, await readJson(request)));
      return context.control.state();
    }
    default:
      throw new ApiError(404, `${request.method} ${url.pathname} is not known`);
  }
}

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new ApiError(400, parsed.issues[0].message);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  // The default iterator destroys the connection when left, and with it the answer.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of body) {
    byteCount += chunk.length;
    if (byteCount > bodyBytesMax) throw new ApiError(413, 'the request is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new ApiError(400, 'the request is not JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
