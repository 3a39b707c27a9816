import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ByteRange } from '../protocol/identity.ts';
import {
  type Limits,
  parseDescriptor,
  parseSignedDescriptor,
  type SignedDescriptor,
} from '../protocol/index.ts';
import { SignalingError } from './errors.ts';
import { createSigner } from './signer.ts';
import { createReader, ReadError, type StreamReader } from './stream-reader.ts';

/**
 * The playlist of a stream on disk: the file itself, or of a folder the multivariant one, else the only one.
 * @throws SignalingError `playlist_missing`
 */
export function findPlaylist(path: string): { url: string; folder: string } {
  const file = resolve(path);
  try {
    if (statSync(file).isFile()) return { url: pathToFileURL(file).href, folder: dirname(file) };
    const names = readdirSync(file).filter((name) => name.endsWith('.m3u8'));
    const isMultivariant = (name: string) =>
      readFileSync(join(file, name), 'utf8').includes('#EXT-X-STREAM-INF');
    const multivariant = names.filter(isMultivariant);
    const [found, ...others] = multivariant.length > 0 ? multivariant : names;
    if (found !== undefined && others.length === 0)
      return { url: pathToFileURL(join(file, found)).href, folder: file };
  } catch (cause) {
    throw new SignalingError('playlist_missing', `cannot read ${path}`, { cause });
  }
  throw new SignalingError(
    'playlist_missing',
    `name the playlist in ${path}: there is none, or several`,
  );
}

/** Reads a stream from the disk. */
export function createFileReader(limits: Limits): StreamReader {
  return createReader(limits, readFile);
}

async function* readFile(
  url: string,
  range: ByteRange | null,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    // The end is included.
    const bounds = range ? { start: range.start, end: range.end - 1 } : {};
    yield* createReadStream(fileURLToPath(withoutQuery(url)), { ...bounds, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new ReadError('unreachable', `cannot read ${url}`, { cause: error });
  }
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}

/** A file of descriptors, written whole each time: readers never see half a line. */
export interface DescriptorFile {
  /** Of an earlier run, by segment id. */
  readonly before: ReadonlyMap<string, SignedDescriptor>;
  /** Of the latest of them. */
  readonly createdAtMs: number;
  /** @throws SignalingError `output_failed` */
  write(descriptors: Iterable<SignedDescriptor>): Promise<void>;
}

export function openDescriptorFile(path: string): DescriptorFile {
  const before = new Map<string, SignedDescriptor>();
  let createdAtMs = 0;
  for (const line of linesOf(path)) {
    const signed = parseSignedDescriptor(line);
    const descriptor = signed && parseDescriptor(signed.body);
    if (!descriptor) continue;
    before.set(descriptor.segmentId, signed);
    createdAtMs = Math.max(createdAtMs, descriptor.createdAtMs);
  }
  return {
    before,
    createdAtMs,
    async write(descriptors) {
      const text = [...descriptors].map((signed) => `${JSON.stringify(signed)}\n`).join('');
      try {
        await writeFile(`${path}.part`, text);
        await rename(`${path}.part`, path);
      } catch (cause) {
        throw new SignalingError('output_failed', `cannot write ${path}`, { cause });
      }
    },
  };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    // There is none yet.
    return [];
  }
}

/**
 * Writes a private key for its owner only, and never over another. Returns the public half as JWK.
 * @throws SignalingError `output_failed`
 */
export function writeKey(path: string, jwk: string): string {
  try {
    writeFileSync(path, `${jwk}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new SignalingError('output_failed', `cannot write ${path}, or it is there already`, {
      cause,
    });
  }
  return JSON.stringify(createSigner(jwk).publicKey);
}
