import * as limits from '../../signaling/protocol/limits.ts';
import type { ClassifierSettings, LogRow } from '../core/messages/events.ts';
import { HoldfastError } from '../errors.ts';
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from './idb.ts';
import {
  createKey,
  parseKey,
  parseRow,
  parseSettings,
  type StoredKey,
  type StoredRow,
  storedRow,
} from './message-rows.ts';
import { within } from './within.ts';

/** One per origin and browser profile: all its pages write to it. */
interface Schema extends DBSchema {
  /** Numbered by the database, as several pages write. */
  rows: { key: number; value: StoredRow };
  settings: { key: 'current'; value: ClassifierSettings };
  key: { key: 'current'; value: StoredKey };
}

export interface Kept {
  key: StoredKey;
  rows: LogRow[];
  settings: ClassifierSettings | null;
  /** Something was there that was of no use. */
  hasStartedAnew: boolean;
  rowsDropped: number;
}

/** What is written in one transaction, in this order. */
export interface Batch {
  rows: readonly LogRow[];
  /** By the database's own number, or null for none. */
  deleteThroughKey: number | null;
  settings: ClassifierSettings | null;
}

const databaseName = 'holdfast-messages';
const version = 1;
const storeNames = ['rows', 'settings', 'key'] as const;

/** A disk answers in milliseconds; databases of some browsers sometimes do not answer at all. */
const openWithinMs = 3_000;
const deleteWithinMs = 2_000;
/** Others may choose a key, or wipe, between two of them. */
const readTriesMax = 4;

/** Errors of a database whose shape or files are damaged. */
const damages = ['NotFoundError', 'UnknownError', 'DataError', 'NotReadableError'];

/** The database itself. Every method is one transaction: all of it happens, or nothing. */
export class MessageDatabase {
  #database: IDBPDatabase<Schema>;

  private constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  /** A damaged one is replaced. `onEnded`: the browser or another page has ended the connection. */
  static async open(onEnded: () => void): Promise<{ database: MessageDatabase; kept: Kept }> {
    try {
      return await openOnce(onEnded);
    } catch (error) {
      if (!damages.includes((error as Error).name)) throw error;
      await MessageDatabase.delete();
      const { database, kept } = await openOnce(onEnded);
      return { database, kept: { ...kept, hasStartedAnew: true } };
    }
  }

  static async connect(onEnded: () => void): Promise<MessageDatabase> {
    return new MessageDatabase(await connect(onEnded));
  }

  /** @throws Error where it cannot be deleted, or somebody holds it. */
  static async delete(): Promise<void> {
    await within(deleteWithinMs, deleteDB(databaseName));
  }

  async read(): Promise<Kept> {
    let hasStartedAnew = false;
    for (let tries = 0; tries < readTriesMax; tries += 1) {
      const kept = await this.#readKept();
      if (kept) return { ...kept, hasStartedAnew };
      hasStartedAnew = (await this.#begin(await createKey())) || hasStartedAnew;
    }
    throw new HoldfastError('storage_failed', 'the key of the log changes all the time');
  }

  /** The numbers of the rows, or null where another page has replaced the key: nothing is written then. */
  async write(generation: string, batch: Batch): Promise<number[] | null> {
    const transaction = this.#database.transaction(storeNames, 'readwrite');
    const current = parseKey(await transaction.objectStore('key').get('current'));
    if (current?.generation !== generation) {
      await transaction.done;
      return null;
    }
    const { deleteThroughKey, settings } = batch;
    const rows = transaction.objectStore('rows');
    const numbers: number[] = [];
    const add = (row: LogRow, index: number) => async () => {
      numbers[index] = await rows.add(storedRow(row));
    };
    const requests: Request[] = batch.rows.map(add);
    if (deleteThroughKey !== null) requests.push(() => rows.delete(upTo(deleteThroughKey)));
    if (settings) {
      requests.push(() => transaction.objectStore('settings').put(settings, 'current'));
    }
    await complete(transaction, requests);
    return numbers;
  }

  /** Nobody reads an old row with the new key, or the other way round: all go in one. */
  async replace(key: StoredKey): Promise<void> {
    const transaction = this.#database.transaction(storeNames, 'readwrite');
    await complete(transaction, [
      () => transaction.objectStore('rows').clear(),
      () => transaction.objectStore('settings').clear(),
      () => transaction.objectStore('key').put(key, 'current'),
    ]);
  }

  close(): void {
    this.#database.close();
  }

  /** Null without a usable key. What is damaged, or more than may be kept, is deleted. */
  async #readKept(): Promise<Omit<Kept, 'hasStartedAnew'> | null> {
    const transaction = this.#database.transaction(storeNames, 'readwrite');
    const key = parseKey(await transaction.objectStore('key').get('current'));
    if (!key) return null;
    const rows = transaction.objectStore('rows');
    const allNumbers = await rows.getAllKeys();
    const surplus = allNumbers.at(-limits.messageLogRowsMax - 1);
    if (surplus !== undefined) await rows.delete(upTo(surplus));
    const numbers = allNumbers.slice(-limits.messageLogRowsMax);
    const values: unknown[] = await rows.getAll();
    const settings = parseSettings(await transaction.objectStore('settings').get('current'));
    const parsed = values.map((value, index) => parseRow(numbers[index] ?? 0, value));
    const damaged = numbers.filter((_number, index) => !parsed[index]);
    await complete(
      transaction,
      damaged.map((number) => () => rows.delete(number)),
    );
    const good = parsed.filter((row) => row !== null);
    return { key, rows: good, settings, rowsDropped: damaged.length };
  }

  /**
   * Begins a log with this key, unless another page has just done so.
   * @returns Whether there was something already: it belonged to a key that is lost.
   */
  async #begin(key: StoredKey): Promise<boolean> {
    const transaction = this.#database.transaction(storeNames, 'readwrite');
    const [rows, settings, keys] = [
      transaction.objectStore('rows'),
      transaction.objectStore('settings'),
      transaction.objectStore('key'),
    ];
    const before: unknown = await keys.get('current');
    if (parseKey(before)) return false;
    const had = (await rows.count()) > 0 || (await settings.count()) > 0 || before !== undefined;
    await complete(transaction, [
      () => rows.clear(),
      () => settings.clear(),
      () => keys.put(key, 'current'),
    ]);
    return had;
  }
}

const upTo = (key: number) => IDBKeyRange.upperBound(key);

type Request = () => Promise<unknown>;

/**
 * Sends the requests and waits for the end of their transaction.
 * @throws What went wrong; nothing has changed then. A value that cannot be stored ends no transaction by itself.
 */
async function complete(
  transaction: { done: Promise<void>; abort(): void; readonly error: DOMException | null },
  requests: readonly Request[],
): Promise<void> {
  const answers = [transaction.done as Promise<unknown>];
  try {
    for (const request of requests) answers.push(request());
    await Promise.all(answers);
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It has ended.
    }
    await Promise.allSettled(answers);
    throw transaction.error ?? error;
  }
}

async function openOnce(onEnded: () => void) {
  const database = await MessageDatabase.connect(onEnded);
  try {
    return { database, kept: await within(openWithinMs, database.read()) };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function connect(onEnded: () => void): Promise<IDBPDatabase<Schema>> {
  const opening = openDB<Schema>(databaseName, version, {
    upgrade(database) {
      database.createObjectStore('rows', { autoIncrement: true });
      database.createObjectStore('settings');
      database.createObjectStore('key');
    },
    blocking(_current, _wanted, event) {
      // A newer version of this script wants it, or it is to be deleted: nobody waits for this page to be closed.
      (event.target as IDBDatabase).close();
      onEnded();
    },
    terminated: onEnded,
  });
  try {
    return await within(openWithinMs, opening);
  } catch (error) {
    // It may still open, and would hold up others.
    opening.then(
      (database) => database.close(),
      () => {},
    );
    throw error;
  }
}
