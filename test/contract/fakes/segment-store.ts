import { HoldfastError } from '../../../sdk/errors.ts';
import type { SegmentStore } from '../../../sdk/ports/segment-store.ts';

export interface FakeDisk {
  readonly segments: Map<string, Uint8Array<ArrayBuffer>>;
  /** Room for all sessions together. */
  bytesMax: number;
}

export function createFakeDisk(bytesMax = Number.POSITIVE_INFINITY): FakeDisk {
  return { segments: new Map(), bytesMax };
}

/** A store of its own on a disk in memory. */
export function createFakeSegmentStore(disk: FakeDisk): SegmentStore {
  return new FakeSegmentStore(disk);
}

class FakeSegmentStore implements SegmentStore {
  #disk: FakeDisk;
  #session = crypto.randomUUID();
  #closed = false;

  constructor(disk: FakeDisk) {
    this.#disk = disk;
  }

  async put(segmentId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const copy = bytes.slice();
    await answer();
    const { segments, bytesMax } = this.#disk;
    const key = this.#keyOf(segmentId);
    let used = copy.byteLength - (segments.get(key)?.byteLength ?? 0);
    for (const kept of segments.values()) used += kept.byteLength;
    if (this.#closed || used > bytesMax) throw new HoldfastError('storage_failed', 'no room');
    segments.set(key, copy);
  }

  async get(segmentId: string): Promise<Uint8Array<ArrayBuffer> | null> {
    await answer();
    return this.#disk.segments.get(this.#keyOf(segmentId))?.slice() ?? null;
  }

  async delete(segmentId: string): Promise<void> {
    await answer();
    this.#disk.segments.delete(this.#keyOf(segmentId));
  }

  async close(): Promise<void> {
    await answer();
    this.#closed = true;
    for (const key of [...this.#disk.segments.keys()]) {
      if (key.startsWith(this.#session)) this.#disk.segments.delete(key);
    }
  }

  #keyOf(segmentId: string): string {
    return `${this.#session} ${segmentId}`;
  }
}

/** Never in the same task, as a disk. */
const answer = () => new Promise((resolve) => setTimeout(resolve, 0));
