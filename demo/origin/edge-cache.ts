/** What an edge keeps: each file is asked of the origin once, and clients read it while it still arrives. */
import { OriginError } from './errors.ts';
import { wait } from './fault.ts';
import type { Resource } from './server.ts';

/** One file that arrives from upstream, read by any number of clients at once. */
export class GrowingFile {
  readonly sizeBytes: number;
  readonly #bytes: Buffer;
  #receivedBytes = 0;
  #failure: OriginError | null = null;
  #grown = new AbortController();

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#bytes = Buffer.alloc(sizeBytes);
  }

  get isComplete(): boolean {
    return this.#receivedBytes === this.sizeBytes;
  }

  /** @throws OriginError `upstream_invalid` when more arrives than was announced. */
  append(chunk: Buffer): void {
    if (this.#receivedBytes + chunk.length > this.sizeBytes) {
      throw new OriginError('upstream_invalid', 'more bytes than Content-Length announced');
    }
    this.#receivedBytes += chunk.copy(this.#bytes, this.#receivedBytes);
    this.#wake();
  }

  fail(failure: OriginError): void {
    this.#failure = failure;
    this.#wake();
  }

  /** Bytes as they arrive. @throws the failure of the transfer. */
  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (let at = start; at < end && !signal.aborted; ) {
      const until = Math.min(end, this.#receivedBytes);
      if (until > at) {
        yield this.#bytes.subarray(at, until);
        at = until;
      } else if (this.#failure) {
        throw this.#failure;
      } else {
        await wait(null, this.#grown.signal, signal);
      }
    }
  }

  #wake(): void {
    const grown = this.#grown;
    this.#grown = new AbortController();
    grown.abort();
  }
}

/** Files by path, bounded by bytes; the least recently used go first. */
export class EdgeCache {
  readonly #bytesMax: number;
  readonly #files = new Map<string, { file: GrowingFile; kind: Resource['kind'] }>();
  #byteCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(path: string): Resource | null {
    const entry = this.#files.get(path);
    if (!entry) return null;
    this.#files.delete(path);
    this.#files.set(path, entry);
    return toResource(entry.kind, entry.file);
  }

  /** A file that is still read when it is dropped stays readable: only its entry goes. */
  add(path: string, kind: Resource['kind'], file: GrowingFile): void {
    this.remove(path);
    this.#files.set(path, { file, kind });
    this.#byteCount += file.sizeBytes;
    for (const oldest of this.#files.keys()) {
      if (this.#byteCount <= this.#bytesMax || oldest === path) break;
      this.remove(oldest);
    }
  }

  remove(path: string): void {
    const entry = this.#files.get(path);
    if (!entry) return;
    this.#files.delete(path);
    this.#byteCount -= entry.file.sizeBytes;
  }
}

export function toResource(kind: Resource['kind'], file: GrowingFile): Resource {
  return {
    kind,
    sizeBytes: file.sizeBytes,
    read: (start, end, signal) => file.read(start, end, signal),
  };
}
