import * as v from 'valibot';
import type { ServerErrorCode } from './frames.ts';
import { protocolVersion } from './frames.ts';
import { isNameable } from './identity.ts';
import * as limits from './limits.ts';

/** A frame that was refused at the border, with the code to answer or count. */
export interface Refusal {
  code: ServerErrorCode;
  message: string;
  /** Of a message to the room: it alone is refused, and the connection stays. */
  reference?: string | undefined;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export const id = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(limits.idLengthMax),
  v.regex(/^[\w.:-]+$/),
);
export const count = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);
/** Of a playlist too. */
export const segmentId = v.pipe(v.string(), v.check(isNameable));
/** So many at most. */
export const segmentIds = (max: number) => v.pipe(v.array(segmentId), v.maxLength(max));
export const role = v.picklist(['master', 'secondary', 'slave']);
/** Flat but for a candidate: what is nested deeper would be deep enough to break whoever walks it. */
export const scalar = v.union([v.string(), v.number(), v.boolean(), v.null()]);
export const signal = v.record(v.string(), v.union([scalar, v.record(v.string(), scalar)]));

type Message = v.ObjectSchema<
  { readonly type: v.LiteralSchema<string, undefined> } & v.ObjectEntries,
  undefined
>;

/** Checks a message by the schema of its `type`, up to the first fault. Smaller than valibot's `variant`. */
export function parseMessage<Schema extends Message>(
  schemas: readonly Schema[],
  message: unknown,
): v.SafeParseResult<Schema> {
  const type = (message as { type?: unknown } | null)?.type;
  const schema = schemas.find(({ entries }) => entries.type.literal === type);
  if (schema) return v.safeParse(schema, message, { abortEarly: true });
  const types = schemas.map(({ entries }) => entries.type.literal);
  return v.safeParse(v.object({ type: v.picklist(types) }), message) as v.SafeParseResult<Schema>;
}

export function parseJson(text: string): Parsed<unknown> {
  // Counted in characters here; whoever reads from a socket has counted bytes.
  if (text.length > limits.frameBytesMax) {
    return { ok: false, refusal: { code: 'frame_too_large', message: 'frame is too large' } };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, refusal: { code: 'frame_invalid', message: 'frame is not JSON' } };
  }
}

/** The version is looked at before the shape, so that another version gets a useful answer. */
export function refusedVersion(frame: unknown, typeWithVersion: string): Refusal | null {
  if (typeof frame !== 'object' || frame === null) return null;
  const { type, version } = frame as { type?: unknown; version?: unknown };
  if (type !== typeWithVersion || version === protocolVersion) return null;
  return {
    code: 'version_unsupported',
    message: `protocol version ${String(version).slice(0, 16)} is not ${protocolVersion}`,
  };
}

/** A join without a token is told so before anything else of it is looked at. */
export function missingToken(frame: unknown): Refusal | null {
  if (typeof frame !== 'object' || frame === null) return null;
  const { type, token } = frame as { type?: unknown; token?: unknown };
  if (type !== 'join' || (token !== undefined && token !== null && token !== '')) return null;
  return { code: 'token_missing', message: 'a join needs a room token' };
}

export function invalid(issue: { message: string; path?: { key: unknown }[] | undefined }): {
  ok: false;
  refusal: Refusal;
} {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? '';
  return {
    ok: false,
    refusal: { code: 'frame_invalid', message: `${path}: ${issue.message}`.slice(0, 200) },
  };
}
