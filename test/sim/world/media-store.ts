import * as limits from '../../../signaling/protocol/limits.ts';

/** Which parts a viewer really has, by size: the bytes themselves are left out. */
export class MediaStore {
  #segments = new Map<string, Map<number, number>>();
  #stored = new Map<string, Map<number, number>>();

  /** Returns false when it was there already. */
  put(segmentId: string, part: number, bytes: number): boolean {
    const parts = this.#segments.get(segmentId) ?? new Map<number, number>();
    this.#segments.set(segmentId, parts);
    if (parts.has(part)) return false;
    parts.set(part, bytes);
    return true;
  }

  putWhole(segmentId: string, sizeBytes: number): void {
    for (let part = 0; part * limits.partBytes < sizeBytes; part += 1) {
      const leftBytes = sizeBytes - part * limits.partBytes;
      this.put(segmentId, part, Math.min(limits.partBytes, leftBytes));
    }
  }

  /** @throws Error when the core asks to send what it does not have. */
  partBytes(segmentId: string, part: number): number {
    const bytes = this.#segments.get(segmentId)?.get(part);
    if (bytes === undefined)
      throw new Error(`core uses ${segmentId}/${part}, which is not in memory`);
    return bytes;
  }

  /** Size of a whole segment. @throws Error when a part is missing. */
  wholeBytes(segmentId: string): number {
    const parts = this.#segments.get(segmentId);
    if (!parts || parts.size === 0)
      throw new Error(`core delivers ${segmentId}, which is not in memory`);
    let total = 0;
    for (let part = 0; part < parts.size; part += 1) {
      const bytes = this.partBytes(segmentId, part);
      if (part < parts.size - 1 && bytes !== limits.partBytes)
        throw new Error(`${segmentId} has a gap`);
      total += bytes;
    }
    return total;
  }

  drop(segmentId: string): void {
    this.#segments.delete(segmentId);
  }

  dropParts(segmentId: string, parts: readonly number[]): void {
    for (const part of parts) this.#segments.get(segmentId)?.delete(part);
  }

  store(segmentId: string): void {
    this.#stored.set(segmentId, this.#segments.get(segmentId) ?? new Map());
    this.#segments.delete(segmentId);
  }

  restore(segmentId: string): boolean {
    const parts = this.#stored.get(segmentId);
    if (!parts) return false;
    this.#stored.delete(segmentId);
    this.#segments.set(segmentId, parts);
    return true;
  }

  dropStored(segmentId: string): void {
    this.#stored.delete(segmentId);
  }

  get bytes(): number {
    let total = 0;
    for (const parts of this.#segments.values()) for (const bytes of parts.values()) total += bytes;
    return total;
  }
}
