import { HoldfastError } from '../errors.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import { within } from './within.ts';

export interface SegmentStoreOptions {
  /** Only to tell sessions apart when looking into the browser's storage. */
  room: string;
  /**
   * Opens the store of a session in a worker. Where that fails, and without this, the store runs on this thread.
   */
  openInWorker?: (sessionId: string) => Promise<SegmentStore>;
}

/** A disk answers in milliseconds; databases of some browsers sometimes do not answer at all. */
const answerWithinMs = 5_000;

/** Segments in IndexedDB, opened and its code loaded with the first call. */
export function createSegmentStore(options: SegmentStoreOptions): SegmentStore {
  return new LazySegmentStore(options);
}

class LazySegmentStore implements SegmentStore {
  #options: SegmentStoreOptions;
  #opening: Promise<SegmentStore> | null = null;
  #closed = false;

  constructor(options: SegmentStoreOptions) {
    this.#options = options;
  }

  async put(segmentId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#closed) throw new HoldfastError('storage_failed', 'the segment store is closed');
    // The one copy: the caller keeps its bytes, and this one is handed over to the worker whole.
    const copy = bytes.slice();
    await within(
      answerWithinMs,
      this.#open().then((store) => store.put(segmentId, copy)),
    );
  }

  async get(segmentId: string): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#closed || !this.#opening) return null;
    return await within(
      answerWithinMs,
      this.#opening.then((store) => store.get(segmentId)),
    );
  }

  async delete(segmentId: string): Promise<void> {
    if (this.#closed || !this.#opening) return;
    await within(
      answerWithinMs,
      this.#opening.then((store) => store.delete(segmentId)),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // What a store that fails now leaves behind is removed by the next session.
    if (this.#opening)
      await within(
        answerWithinMs,
        this.#opening.then((store) => store.close()),
      ).catch(() => {});
  }

  /** Tried once: a browser that refuses goes on refusing, and every `put` says so. */
  #open(): Promise<SegmentStore> {
    this.#opening ??= this.#openSomewhere();
    return this.#opening;
  }

  async #openSomewhere(): Promise<SegmentStore> {
    const { room, openInWorker } = this.#options;
    const sessionId = `${room} ${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
    if (openInWorker) {
      try {
        return await openInWorker(sessionId);
      } catch {
        // No worker starts here, or it may not store while the page may: some have an origin of their own.
      }
    }
    const { openSegmentDatabase } = await import('./segment-database.ts');
    return openSegmentDatabase(sessionId);
  }
}
