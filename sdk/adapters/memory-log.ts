import * as limits from '../../signaling/protocol/limits.ts';
import type { ClassifierSettings, LogRow } from '../core/messages/events.ts';
import { HoldfastError } from '../errors.ts';
import type { MemoryReason, MessageLog, OpenedLog, StorageState } from '../ports/message-log.ts';
import { createKey, parseRow, type StoredKey, type StoredRow, storedRow } from './message-rows.ts';
import { RowKeys } from './row-keys.ts';

/** What several logs may share, as pages do a database. */
export interface MemoryDisk {
  key: StoredKey | null;
  rows: Map<number, StoredRow>;
  settings: ClassifierSettings | null;
  /** Grows, also over a wipe. */
  lastNumber: number;
}

export interface MemoryLogOptions {
  /** Why it is in memory. */
  reason: MemoryReason;
  /** Deletes what the disk still has from before. Default: it has nothing. */
  forget?: () => Promise<void>;
  disk?: MemoryDisk;
  onReplaced?: () => void;
}

export function createMemoryDisk(): MemoryDisk {
  return { key: null, rows: new Map(), settings: null, lastNumber: 0 };
}

/** Where nothing can be stored: ends with the page. */
export async function openMemoryLog(options: MemoryLogOptions): Promise<OpenedLog> {
  const { disk = createMemoryDisk() } = options;
  disk.key ??= await createKey();
  const newest = [...disk.rows].slice(-limits.messageLogRowsMax);
  const rows = newest.flatMap(([number, row]) => parseRow(number, row) ?? []);
  const log = new MemoryLog(options, disk, disk.key, rows);
  return { log, rows, settings: disk.settings };
}

class MemoryLog implements MessageLog {
  #options: MemoryLogOptions;
  #disk: MemoryDisk;
  #key: StoredKey;
  #keys = new RowKeys();
  #isClosed = false;

  constructor(options: MemoryLogOptions, disk: MemoryDisk, key: StoredKey, rows: LogRow[]) {
    this.#options = options;
    this.#disk = disk;
    this.#key = key;
    for (const { sequence } of rows) this.#keys.add(sequence, sequence);
  }

  get key(): CryptoKey {
    return this.#key.key;
  }

  append(row: LogRow): void {
    if (!this.#mayWrite()) return;
    this.#disk.lastNumber += 1;
    this.#disk.rows.set(this.#disk.lastNumber, storedRow(row));
    this.#keys.add(row.sequence, this.#disk.lastNumber);
  }

  deleteThrough(sequence: number): void {
    const through = this.#mayWrite() ? this.#keys.through(sequence) : null;
    if (through === null) return;
    // Oldest first.
    for (const number of this.#disk.rows.keys()) {
      if (number > through) break;
      this.#disk.rows.delete(number);
    }
    this.#keys.forgetThrough(sequence);
  }

  saveSettings(settings: ClassifierSettings): void {
    if (this.#mayWrite()) this.#disk.settings = settings;
  }

  async flush(): Promise<void> {}

  async wipe(): Promise<void> {
    await this.#empty();
    try {
      await this.#options.forget?.();
    } catch (cause) {
      throw new HoldfastError('storage_failed', `what was kept is still there: ${cause}`, {
        cause,
      });
    }
  }

  /** Alone on its disk, it does as the other page did. That one still uses what `forget` would delete, and has wiped it. */
  async adopt(): Promise<boolean> {
    const { key } = this.#disk;
    if (key && key.generation !== this.#key.generation) this.#begin(key);
    else if (this.#options.disk) return false;
    else await this.#empty();
    return true;
  }

  state(): StorageState {
    const { reason } = this.#options;
    return { kind: 'memory', reason, hasStartedAnew: false, rowsDropped: 0 };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async #empty(): Promise<void> {
    const key = await createKey();
    Object.assign(this.#disk, { key, settings: null });
    this.#disk.rows.clear();
    this.#begin(key);
  }

  #begin(key: StoredKey): void {
    this.#key = key;
    this.#keys.clear();
  }

  #mayWrite(): boolean {
    const isReplaced = this.#disk.key?.generation !== this.#key.generation;
    if (isReplaced) this.#options.onReplaced?.();
    return !isReplaced && !this.#isClosed;
  }
}
