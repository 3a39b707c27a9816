import * as limits from '../../signaling/protocol/limits.ts';

interface Entry {
  parts: Map<number, Uint8Array<ArrayBuffer>>;
  bytes: number;
}

/** The bytes of segments in memory. What is kept is never handed out: players get copies, peers get views to send. */
export class Media {
  #entries = new Map<string, Entry>();
  /** Bytes that came twice. */
  wastedBytes = 0;

  put(segmentId: string, part: number, bytes: Uint8Array<ArrayBuffer>): void {
    let entry = this.#entries.get(segmentId);
    if (!entry) {
      entry = { parts: new Map(), bytes: 0 };
      this.#entries.set(segmentId, entry);
    }
    const before = entry.parts.get(part);
    if (before) {
      this.wastedBytes += bytes.byteLength;
      entry.bytes -= before.byteLength;
    }
    entry.parts.set(part, bytes);
    entry.bytes += bytes.byteLength;
  }

  part(segmentId: string, part: number): Uint8Array<ArrayBuffer> | null {
    return this.#entries.get(segmentId)?.parts.get(part) ?? null;
  }

  parts(segmentId: string): [part: number, bytes: Uint8Array<ArrayBuffer>][] {
    return [...(this.#entries.get(segmentId)?.parts ?? [])];
  }

  /** A copy of the whole; null when a part is missing. */
  copy(segmentId: string): Uint8Array<ArrayBuffer> | null {
    const entry = this.#entries.get(segmentId);
    if (!entry) return null;
    const whole = new Uint8Array(entry.bytes);
    let offset = 0;
    for (let index = 0; index < entry.parts.size; index += 1) {
      const part = entry.parts.get(index);
      if (!part) return null;
      whole.set(part, offset);
      offset += part.byteLength;
    }
    return whole;
  }

  restore(segmentId: string, whole: Uint8Array<ArrayBuffer>): void {
    for (let part = 0; part * limits.partBytes < whole.byteLength; part += 1) {
      const from = part * limits.partBytes;
      this.put(segmentId, part, whole.subarray(from, from + limits.partBytes));
    }
  }

  dropParts(segmentId: string, parts: readonly number[]): void {
    const entry = this.#entries.get(segmentId);
    if (!entry) return;
    for (const part of parts) {
      const bytes = entry.parts.get(part)?.byteLength ?? 0;
      entry.parts.delete(part);
      entry.bytes -= bytes;
      this.wastedBytes += bytes;
    }
    if (entry.parts.size === 0) this.#entries.delete(segmentId);
  }

  drop(segmentId: string): void {
    this.#entries.delete(segmentId);
  }

  clear(): void {
    this.#entries.clear();
  }
}
