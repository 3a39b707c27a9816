import { createHash } from 'node:crypto';
import type { ByteRange } from '../protocol/identity.ts';
import type { Limits } from '../protocol/index.ts';

export type ReadErrorCode =
  /** No connection, a broken one, or a redirect, which is never followed. */
  | 'unreachable'
  | 'status'
  /** No first byte, a pause, or the whole too slow. */
  | 'timeout'
  /** Longer than what can be attested. */
  | 'too_large'
  /** Empty, or not the range that was asked for. */
  | 'wrong_body'
  /** The publisher's descriptors do not name it. */
  | 'unsigned';

/** A read of the stream that failed. */
export class ReadError extends Error {
  readonly code: ReadErrorCode;

  constructor(code: ReadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReadError';
    this.code = code;
  }
}

export interface SegmentDigests {
  sizeBytes: number;
  /** SHA-256 of each part of `limits.partBytes`, base64url. */
  digests: string[];
}

/** Reads a live stream. What it holds is bounded: one playlist, one line, or one chunk of a segment. */
export interface StreamReader {
  /** @throws ReadError; the signal's reason when it aborts */
  readText(url: string, signal: AbortSignal): Promise<string>;
  /** Lines without their ends; those that are too long for a descriptor are left out. */
  readLines(url: string, signal: AbortSignal): AsyncIterable<string>;
  /** @throws ReadError; the signal's reason when it aborts */
  readDigests(url: string, range: ByteRange | null, signal: AbortSignal): Promise<SegmentDigests>;
}

export interface StreamReaderOptions {
  limits: Limits;
  /** Told of every chunk. */
  onBytes: (byteCount: number) => void;
}

/** Reads over HTTP. */
export function createStreamReader({ limits, onBytes }: StreamReaderOptions): StreamReader {
  return createReader(limits, (url, range, signal) =>
    chunksOf(url, range, signal, limits, onBytes),
  );
}

/** A body in chunks of any size. */
type Open = (
  url: string,
  range: ByteRange | null,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

export function createReader(limits: Limits, open: Open): StreamReader {
  return {
    async readText(url, signal) {
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of open(url, null, signal)) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > limits.playlistBytesMax)
          throw new ReadError('too_large', 'the playlist is too long');
      }
      return text + decoder.decode();
    },
    readLines: (url, signal) => linesOf(open(url, null, signal), limits),
    async readDigests(url, range, signal) {
      const digester = createDigester(limits.partBytes);
      const bytesMax = limits.partBytes * limits.partsPerDescriptorMax;
      for await (const chunk of open(url, range, signal)) {
        digester.update(chunk);
        if (digester.sizeBytes > bytesMax)
          throw new ReadError('too_large', 'the segment is too long to be attested');
      }
      const { sizeBytes } = digester;
      if (sizeBytes === 0 || (range && sizeBytes !== range.end - range.start))
        throw new ReadError('wrong_body', 'the body is empty or not the range');
      return { sizeBytes, digests: digester.end() };
    },
  };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, limits: Limits): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > limits.descriptorFileBytesMax)
      throw new ReadError('too_large', 'the file of descriptors is too long');
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (lines.pop() ?? '').slice(0, limits.frameBytesMax + 1);
    for (const line of lines) if (line.length <= limits.frameBytesMax) yield line;
  }
  if (rest !== '' && rest.length <= limits.frameBytesMax) yield rest;
}

/** Hashes parts as bytes come, whatever their chunks. */
function createDigester(partBytes: number) {
  const digests: string[] = [];
  let hash = createHash('sha256');
  let hashedBytes = 0;
  let sizeBytes = 0;
  const endPart = () => {
    digests.push(hash.digest('base64url'));
    hash = createHash('sha256');
    hashedBytes = 0;
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    update(chunk: Uint8Array): void {
      sizeBytes += chunk.byteLength;
      for (let at = 0; at < chunk.byteLength; ) {
        const piece = chunk.subarray(at, at + partBytes - hashedBytes);
        hash.update(piece);
        hashedBytes += piece.byteLength;
        at += piece.byteLength;
        if (hashedBytes === partBytes) endPart();
      }
    },
    end(): string[] {
      if (hashedBytes > 0) endPart();
      return digests;
    },
  };
}

/** The body of one GET, with a time for the first byte, for every next one, and for all. */
async function* chunksOf(
  url: string,
  range: ByteRange | null,
  signal: AbortSignal,
  limits: Limits,
  onBytes: (byteCount: number) => void,
): AsyncGenerator<Uint8Array> {
  const late = new AbortController();
  const expire = () => late.abort(new ReadError('timeout', 'the stream is too slow'));
  const whole = setTimeout(expire, limits.attestorReadWithinMs);
  let pause = setTimeout(expire, limits.attestorFirstByteMs);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, late.signal]),
      redirect: 'error',
      headers: {
        'user-agent': 'holdfast-attestor',
        ...(range ? { range: `bytes=${range.start}-${range.end - 1}` } : {}),
      },
    });
    await checkStatus(response, range);
    for await (const chunk of response.body ?? []) {
      clearTimeout(pause);
      pause = setTimeout(expire, limits.attestorStallMs);
      onBytes(chunk.byteLength);
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) throw late.signal.reason;
    if (error instanceof ReadError) throw error;
    throw new ReadError('unreachable', 'the stream cannot be read', { cause: error });
  } finally {
    clearTimeout(whole);
    clearTimeout(pause);
    // Leaves no body under way when the consumer stops early.
    late.abort();
  }
}

async function checkStatus(response: Response, range: ByteRange | null): Promise<void> {
  if (response.status === (range ? 206 : 200)) return;
  await response.body?.cancel();
  throw new ReadError('status', `the stream answered ${response.status}`);
}
