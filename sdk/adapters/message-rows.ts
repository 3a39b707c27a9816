/** What the log looks like on a disk, which anybody with the developer tools may have written. */
import * as v from 'valibot';
import { messageKinds, senderRoles } from '../../signaling/protocol/index.ts';
import * as limits from '../../signaling/protocol/limits.ts';
import { type ClassifierSettings, type LogRow, logEventTypes } from '../core/messages/events.ts';

/** The key of a row is its sequence. */
export type StoredRow = Omit<LogRow, 'sequence'>;

/** What the pseudonyms are made with. Each key has a generation of its own, by which pages notice that it was replaced. */
export interface StoredKey {
  generation: string;
  key: CryptoKey;
}

const pseudonym = v.pipe(v.string(), v.regex(/^[\w-]{22}$/));
const unixMs = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(limits.unixMsMax));

const rowSchema = v.object({
  atMs: unixMs,
  type: v.picklist(logEventTypes),
  header: v.object({
    message: pseudonym,
    from: pseudonym,
    room: pseudonym,
    thread: v.nullable(pseudonym),
    role: v.picklist(senderRoles),
    kind: v.picklist(messageKinds),
    priority: v.picklist(['normal', 'high']),
    to: v.nullable(pseudonym),
    mentions: v.pipe(v.array(pseudonym), v.maxLength(limits.mentionsMax)),
    replyTo: v.nullable(pseudonym),
    sentAtMs: unixMs,
    expiresAtMs: v.nullable(unixMs),
  }),
});

const numbers = (max: number) => v.pipe(v.array(v.pipe(v.number(), v.finite())), v.maxLength(max));
const adaptationSchema = v.object({
  modelVersion: v.number(),
  isActive: v.boolean(),
  deltas: numbers(64),
  counts: numbers(64),
  gains: numbers(1_000),
});

const settingsSchema = v.object({
  nudge: v.pipe(v.number(), v.finite()),
  threshold: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});

/** Null for what is no row. */
export function parseRow(sequence: number, value: unknown): LogRow | null {
  const parsed = v.safeParse(rowSchema, value, { abortEarly: true });
  return parsed.success ? { sequence, ...(parsed.output as StoredRow) } : null;
}

/** Null for what are no settings; what was learned counts as nothing where it is damaged. */
export function parseSettings(value: unknown): ClassifierSettings | null {
  const parsed = v.safeParse(settingsSchema, value, { abortEarly: true });
  if (!parsed.success) return null;
  const learned = v.safeParse(adaptationSchema, (value as { adaptation?: unknown }).adaptation, {
    abortEarly: true,
  });
  return { ...parsed.output, adaptation: learned.success ? learned.output : null };
}

export function storedRow({ atMs, type, header }: LogRow): StoredRow {
  return { atMs, type, header };
}

/** Null for anything but a key that makes pseudonyms and cannot be read. */
export function parseKey(value: unknown): StoredKey | null {
  const { generation, key } = (value ?? {}) as Partial<StoredKey>;
  const isUsable =
    typeof generation === 'string' &&
    key instanceof CryptoKey &&
    !key.extractable &&
    key.algorithm.name === 'HMAC' &&
    (key.algorithm as HmacKeyAlgorithm).hash.name === 'SHA-256' &&
    key.usages.includes('sign');
  return isUsable ? { generation, key } : null;
}

/** A new one, which only this browser profile will ever have. */
export async function createKey(): Promise<StoredKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  const key = await crypto.subtle.generateKey(algorithm, false, ['sign']);
  const generation = crypto.getRandomValues(new Uint32Array(4)).join('-');
  return { generation, key };
}
