import type { Clock } from './clock.ts';

/** A link of one direction that carries one thing after another at a rate. */
export class Pipe {
  readonly bytesPerMs: number;
  bytes = 0;
  #clock: Clock;
  #freeAtMs = 0;

  constructor(clock: Clock, bitsPerSecond: number) {
    this.#clock = clock;
    this.bytesPerMs = bitsPerSecond / 8_000;
  }

  /** When the last of these bytes has gone through. */
  take(bytes: number): number {
    this.bytes += bytes;
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.nowMs) + bytes / this.bytesPerMs;
    return this.#freeAtMs;
  }
}

/** Something that gives the next chunk to an uplink, or null when it has nothing to send now. */
export interface ChunkSource {
  nextChunk(): { bytes: number; sent: () => void } | null;
}

/** A viewer's uplink: its links take turns, chunk by chunk, as data channels do. */
export class Uplink {
  readonly bytesPerMs: number;
  bytes = 0;
  #clock: Clock;
  #sources: ChunkSource[] = [];
  #turn = 0;
  #busy = false;

  constructor(clock: Clock, bitsPerSecond: number) {
    this.#clock = clock;
    this.bytesPerMs = bitsPerSecond / 8_000;
  }

  add(source: ChunkSource): void {
    this.#sources.push(source);
  }

  sources(): readonly ChunkSource[] {
    return this.#sources;
  }

  remove(source: ChunkSource): void {
    this.#sources = this.#sources.filter((each) => each !== source);
  }

  /** Looks for something to send; to be called whenever a source may have got something. */
  pump(): void {
    if (this.#busy) return;
    for (let tries = this.#sources.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#sources.length;
      const chunk = this.#sources[this.#turn]?.nextChunk();
      if (!chunk) continue;
      this.#busy = true;
      this.bytes += chunk.bytes;
      this.#clock.after(chunk.bytes / this.bytesPerMs, () => {
        this.#busy = false;
        chunk.sent();
        this.pump();
      });
      return;
    }
  }
}
