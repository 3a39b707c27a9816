import { HoldfastError } from '../errors.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import { type DBSchema, type IDBPDatabase, openDB } from './idb.ts';

/** One database per origin; each session has its own segments in it. */
interface Schema extends DBSchema {
  segments: { key: [sessionId: string, segmentId: string]; value: Uint8Array<ArrayBuffer> };
  /** When a session last stored something, as `Date.now()`. */
  sessions: { key: string; value: number };
}

type Database = IDBPDatabase<Schema>;

const databaseName = 'holdfast';
const version = 1;

/** Where the browser does not say which sessions live, one that stored nothing for so long counts as gone. */
const sessionKeptMs = 3_600_000;

/**
 * Opens the store of one session in this thread, after removing what sessions that are gone have left.
 * @throws HoldfastError `storage_failed` where the browser refuses.
 */
export async function openSegmentDatabase(sessionId: string): Promise<SegmentStore> {
  const release = await holdLock(lockName(sessionId));
  try {
    const database = await open();
    await database.put('sessions', Date.now(), sessionId);
    await removeGone(database);
    return new SegmentDatabase(database, sessionId, release);
  } catch (error) {
    await release();
    throw storageFailed(error);
  }
}

class SegmentDatabase implements SegmentStore {
  #database: Database;
  #sessionId: string;
  #release: () => Promise<void>;

  constructor(database: Database, sessionId: string, release: () => Promise<void>) {
    this.#database = database;
    this.#sessionId = sessionId;
    this.#release = release;
  }

  /** Pass no view of a larger buffer: the whole buffer would be stored. */
  async put(segmentId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await attempt(async () => {
      const transaction = this.#database.transaction(['segments', 'sessions'], 'readwrite');
      await Promise.all([
        transaction.objectStore('segments').put(bytes, [this.#sessionId, segmentId]),
        transaction.objectStore('sessions').put(Date.now(), this.#sessionId),
        transaction.done,
      ]);
    });
  }

  async get(segmentId: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = await attempt(() => this.#database.get('segments', [this.#sessionId, segmentId]));
    return bytes ?? null;
  }

  async delete(segmentId: string): Promise<void> {
    await attempt(() => this.#database.delete('segments', [this.#sessionId, segmentId]));
  }

  async close(): Promise<void> {
    try {
      await attempt(() => removeSession(this.#database, this.#sessionId));
    } finally {
      this.#database.close();
      await this.#release();
    }
  }
}

function open(): Promise<Database> {
  return openDB<Schema>(databaseName, version, {
    upgrade(database) {
      database.createObjectStore('segments');
      database.createObjectStore('sessions');
    },
    blocking(_current, _wanted, event) {
      // A newer version of this script wants the database: its page must not wait for this one to be closed.
      (event.target as IDBDatabase).close();
    },
  });
}

async function removeGone(database: Database): Promise<void> {
  // In this order: whoever has an entry took its lock before.
  const sessionIds = await database.getAllKeys('sessions');
  const held = await heldLocks();
  for (const sessionId of sessionIds) {
    const usedAtMs = (await database.get('sessions', sessionId)) ?? 0;
    const lives = held ? held.has(lockName(sessionId)) : Date.now() - usedAtMs < sessionKeptMs;
    if (!lives) await removeSession(database, sessionId);
  }
}

async function removeSession(database: Database, sessionId: string): Promise<void> {
  const transaction = database.transaction(['segments', 'sessions'], 'readwrite');
  // Arrays come after all strings in the order of keys.
  const everySegment = IDBKeyRange.bound([sessionId], [sessionId, []]);
  await Promise.all([
    transaction.objectStore('segments').delete(everySegment),
    transaction.objectStore('sessions').delete(sessionId),
    transaction.done,
  ]);
}

const lockName = (sessionId: string) => `holdfast.session.${sessionId}`;

/** The browser gives the lock back when this thread ends, however it ends: so others know that the session lives. */
async function holdLock(name: string): Promise<() => Promise<void>> {
  if (!navigator.locks) return async () => {};
  return await new Promise((resolve, reject) => {
    const hold = () =>
      new Promise<void>((free) => {
        resolve(async () => {
          free();
          await request;
        });
      });
    const request: Promise<void> = navigator.locks.request(name, hold);
    request.catch(reject);
  });
}

/** Null where the browser has no locks. */
async function heldLocks(): Promise<Set<string | undefined> | null> {
  if (!navigator.locks) return null;
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name));
}

async function attempt<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw storageFailed(error);
  }
}

function storageFailed(cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('storage_failed', `segments cannot be stored: ${reason}`, { cause });
}
