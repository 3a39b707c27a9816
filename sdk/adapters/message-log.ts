/** The log of messages in IndexedDB, or in memory where that cannot be. */
import * as limits from '../../signaling/protocol/limits.ts';
import type { ClassifierSettings, LogRow } from '../core/messages/events.ts';
import { HoldfastError } from '../errors.ts';
import type { MemoryReason, MessageLog, OpenedLog, StorageState } from '../ports/message-log.ts';
import { openMemoryLog } from './memory-log.ts';
import { type Kept, MessageDatabase } from './message-database.ts';
import { createKey, type StoredKey } from './message-rows.ts';
import { RowKeys } from './row-keys.ts';

/**
 * Opens the log of this browser profile. Several pages may have it open: each reads what was kept when it opened, and
 * adds its own. Never rejects because of storage. `onReplaced`: another page has wiped it; only `adopt` helps then.
 */
export async function openMessageLog(onReplaced: () => void): Promise<OpenedLog> {
  try {
    return await openDatabaseLog(onReplaced);
  } catch (error) {
    return await openMemoryLog({ reason: reasonOf(error), forget: deleteDatabase });
  }
}

/** For what is left behind when the log is lost to memory. */
async function deleteDatabase(): Promise<void> {
  // Without it there is nothing to delete.
  if (globalThis.indexedDB) await MessageDatabase.delete();
}

async function openDatabaseLog(onReplaced: () => void): Promise<OpenedLog> {
  let log: DatabaseLog | null = null;
  const opened = await MessageDatabase.open(() => log?.end());
  const { rows, settings } = opened.kept;
  log = new DatabaseLog(opened.database, opened.kept, onReplaced);
  return { log, rows, settings };
}

class DatabaseLog implements MessageLog {
  #database: MessageDatabase;
  #key: StoredKey;
  #keys = new RowKeys();
  #onReplaced: () => void;
  #state: StorageState;
  #rows: LogRow[] = [];
  #deleteThrough: number | null = null;
  #settings: ClassifierSettings | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs: number = limits.messageLogRetryMinMs;
  /** One transaction at a time. */
  #writing: Promise<void> = Promise.resolve();
  /** The connection is gone: nothing is written any more. */
  #hasEnded = false;

  constructor(database: MessageDatabase, kept: Kept, onReplaced: () => void) {
    const { key, rows, hasStartedAnew, rowsDropped } = kept;
    this.#database = database;
    this.#key = key;
    this.#onReplaced = onReplaced;
    this.#state = { kind: 'indexeddb', reason: null, hasStartedAnew, rowsDropped };
    for (const { sequence } of rows) this.#keys.add(sequence, sequence);
  }

  get key(): CryptoKey {
    return this.#key.key;
  }

  append(row: LogRow): void {
    this.#rows.push(row);
    this.#bound();
    const isMany = this.#rows.length === limits.messageLogBatchRows;
    if (isMany && this.#state.reason === null) void this.flush();
    else this.#schedule();
  }

  deleteThrough(sequence: number): void {
    const kept = this.#rows.findIndex((row) => row.sequence > sequence);
    // Where the log is full each row takes the place of one that was written long ago.
    if (kept !== 0) this.#rows.splice(0, kept === -1 ? this.#rows.length : kept);
    this.#deleteThrough = Math.max(sequence, this.#deleteThrough ?? sequence);
    this.#schedule();
  }

  saveSettings(settings: ClassifierSettings): void {
    this.#settings = settings;
    this.#schedule();
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async wipe(): Promise<void> {
    const key = await createKey();
    try {
      await this.#between(() => (this.#hasEnded ? deleteDatabase() : this.#database.replace(key)));
    } catch (cause) {
      this.#lose('wipeFailed');
      throw new HoldfastError('storage_failed', `what was kept is still there: ${cause}`, {
        cause,
      });
    } finally {
      this.#begin(key);
    }
  }

  async adopt(): Promise<boolean> {
    try {
      const { key } = await this.#between(() => this.#database.read());
      if (key.generation === this.#key.generation) return false;
      this.#begin(key);
    } catch {
      this.#lose('ended');
      this.#begin(await createKey());
    }
    return true;
  }

  state(): StorageState {
    return { ...this.#state };
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#hasEnded = true;
    this.#database.close();
  }

  end(): void {
    if (!this.#hasEnded) this.#lose('ended');
  }

  /** Between two writes, of which none may meet the other key. */
  #between<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#writing.then(action);
    this.#writing = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  #begin(key: StoredKey): void {
    this.#key = key;
    this.#keys.clear();
    this.#forgetPending();
  }

  /** The disk is not touched any more, unless to delete what is there. */
  #lose(reason: MemoryReason): void {
    this.#hasEnded = true;
    this.#database.close();
    this.#fail(reason);
    this.#forgetPending();
  }

  #schedule(): void {
    if (this.#hasEnded) return this.#forgetPending();
    const waitMs = this.#state.reason === null ? limits.messageLogBatchMs : this.#retryMs;
    this.#timer ??= setTimeout(() => void this.flush(), waitMs);
  }

  async #write(): Promise<void> {
    const [rows, settings, deleteThrough] = [this.#rows, this.#settings, this.#deleteThrough];
    if (this.#hasEnded || (rows.length === 0 && !settings && deleteThrough === null)) return;
    this.#forgetPending();
    const deleteThroughKey = deleteThrough === null ? null : this.#keys.through(deleteThrough);
    try {
      const batch = { rows, deleteThroughKey, settings };
      const numbers = await this.#database.write(this.#key.generation, batch);
      if (!numbers) return this.#onReplaced();
      rows.forEach((row, index) => {
        this.#keys.add(row.sequence, numbers[index] ?? row.sequence);
      });
      if (deleteThrough !== null) this.#keys.forgetThrough(deleteThrough);
      this.#state = { ...this.#state, kind: 'indexeddb', reason: null };
      this.#retryMs = limits.messageLogRetryMinMs;
    } catch (error) {
      this.#rows = [...rows, ...this.#rows];
      this.#bound();
      this.#settings ??= settings;
      this.#deleteThrough ??= deleteThrough;
      this.#fail(reasonOf(error));
      this.#schedule();
      this.#retryMs = Math.min(2 * this.#retryMs, limits.messageLogRetryMaxMs);
    }
  }

  #bound(): void {
    const surplus = this.#rows.length - limits.messageLogPendingMax;
    if (surplus <= 0) return;
    this.#rows.splice(0, surplus);
    this.#state.rowsDropped += surplus;
  }

  #fail(reason: MemoryReason): void {
    this.#state = { ...this.#state, kind: 'memory', reason };
  }

  #forgetPending(): void {
    this.#rows = [];
    this.#settings = null;
    this.#deleteThrough = null;
  }
}

function reasonOf(error: unknown): MemoryReason {
  if (error instanceof HoldfastError) return 'noAnswer';
  const { name } = error as Error;
  if (name === 'VersionError') return 'newerVersion';
  return name === 'QuotaExceededError' ? 'full' : 'refused';
}
