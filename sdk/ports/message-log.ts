import type { ClassifierSettings, LogRow } from '../core/messages/events.ts';

/**
 * Why nothing is kept: the browser refuses storage, is out of room, has what a newer version of this script wrote, did not
 * answer, or has ended the connection (site data cleared, deleted by another page); or what was there could not be wiped.
 */
export type MemoryReason =
  | 'refused'
  | 'full'
  | 'newerVersion'
  | 'noAnswer'
  | 'ended'
  | 'wipeFailed';

export interface StorageState {
  kind: 'indexeddb' | 'memory';
  /** Null with `indexeddb`. After `full` or `refused` while it ran, writing is tried again. */
  reason: MemoryReason | null;
  /** What was kept before was of no use, as its key was gone or its shape another, and was deleted. */
  hasStartedAnew: boolean;
  /** Damaged ones that were found, and those that could not be written. */
  rowsDropped: number;
}

/** What is told of messages, beside the key that their pseudonyms are made with. */
export interface MessageLog {
  /** Not extractable, HMAC with SHA-256. Another one after `wipe` and `adopt`. */
  readonly key: CryptoKey;
  /** This and the next two take effect together, in this order, within a fraction of a second. */
  append(row: LogRow): void;
  deleteThrough(sequence: number): void;
  saveSettings(settings: ClassifierSettings): void;
  /** Writes what waits. Never rejects: what failed is in `state`. */
  flush(): Promise<void>;
  /**
   * Deletes everything, what waits too, and has another key: on the disk all of it or nothing.
   * @throws HoldfastError `storage_failed` where the disk still has it. Nothing more is written there then, the key is
   *   another all the same, and the next call tries again.
   */
  wipe(): Promise<void>;
  /**
   * Takes the key that another page has chosen with its `wipe`; what waits is forgotten. Never rejects.
   * @returns False where it has that key already: nothing is forgotten then.
   */
  adopt(): Promise<boolean>;
  state(): StorageState;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface OpenedLog {
  log: MessageLog;
  /** Oldest first, the newest `messageLogRowsMax` of them. Sequences grow, and may leave some out. */
  rows: LogRow[];
  settings: ClassifierSettings | null;
}
