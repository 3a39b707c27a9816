import { setTimeout } from 'node:timers/promises';
import { createAttestation } from '../core/index.ts';
import {
  limits as defaults,
  parseDescriptor,
  type SignedDescriptor,
  type Unsigned,
  type VerificationKey,
} from '../protocol/index.ts';
import { SignalingError } from './errors.ts';
import { type Reading, startReading } from './reading.ts';
import { createFileReader, openDescriptorFile } from './sign-files.ts';
import type { PublishOptions } from './sign-options.ts';
import { createSigner, isSignedBy } from './signer.ts';
import { createStreamReader } from './stream-reader.ts';

export interface PublishListener {
  /** Ends a live stream's signing; what is known is written before. */
  signal: AbortSignal;
  onKey(key: VerificationKey): void;
  /** Progress, for people. */
  say(line: string): void;
}

/** Everything that the playlists name is signed, of every rendition. */
const limits = {
  ...defaults,
  descriptorsKeptPerPlaylist: defaults.signedSegmentsMax,
  attestedPlaylistsGuessed: defaults.attestedPlaylistsMax,
  playlistBytesMax: defaults.descriptorFileBytesMax,
  /** A recording that cannot be read by then is not worth waiting for; a live stream is. */
  attestorBlindAfterMs: 10_000,
};

/**
 * Signs a stream until it ends or the signal comes.
 * @throws SignalingError `signing_key_invalid`, `output_failed`, `stream_unreadable`
 */
export async function publish(options: PublishOptions, listener: PublishListener): Promise<void> {
  const file = openDescriptorFile(options.out);
  const signer = createSigner(options.key, file.createdAtMs);
  listener.onKey(signer.publicKey);
  const descriptors = new Map<string, SignedDescriptor>();
  const broken = new AbortController();
  const writer = createWriter(
    () => file.write(descriptors.values()),
    () => broken.abort(),
  );
  const signal = AbortSignal.any([listener.signal, broken.signal]);
  await readStream(options, signal, listener.say, {
    attest(descriptor) {
      const { segmentId } = descriptor;
      // What an earlier run signed stays as it was: readers that hold it need not verify it again.
      const before = file.before.get(segmentId);
      const isSame = before && says(before, descriptor) && isSignedBy(before, signer.publicKey);
      descriptors.set(segmentId, isSame ? before : signer.sign(descriptor));
      writer.due();
      listener.say(`signed ${segmentId}`);
    },
    forget(segmentIds) {
      for (const segmentId of segmentIds) descriptors.delete(segmentId);
      writer.due();
    },
  });
  await writer.end();
  listener.say(`${descriptors.size} descriptors in ${options.out}`);
}

function says({ body }: SignedDescriptor, descriptor: Unsigned): boolean {
  const createdAtMs = parseDescriptor(body)?.createdAtMs;
  return body === JSON.stringify({ ...descriptor, createdAtMs });
}

interface Found {
  attest(descriptor: Unsigned): void;
  forget(segmentIds: readonly string[]): void;
}

/** Resolves when the stream has ended and all of it was read, or the signal came. */
function readStream(
  { streamUrl, room }: PublishOptions,
  signal: AbortSignal,
  say: PublishListener['say'],
  found: Found,
): Promise<void> {
  const isFile = streamUrl.startsWith('file:');
  const reader = isFile ? createFileReader(limits) : createStreamReader({ limits, onBytes() {} });
  const attestation = createAttestation({ room, streamUrls: [streamUrl], origins: [], limits });
  let reading: Reading | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
    reading = startReading({
      attestation,
      reader,
      readSegment: ({ url, byteRange }, until) => reader.readDigests(url, byteRange, until),
      nowMs: () => performance.now(),
      onFailure: (code, error) => say(`${code ?? 'internal'}: ${(error as Error).message}`),
      onEffect(effect) {
        if (effect.type === 'attest') found.attest(effect.descriptor);
        else if (effect.type === 'forget') found.forget(effect.segmentIds);
        else if (effect.type === 'sight' && !effect.seeing && !attestation.isLive)
          reject(new SignalingError('stream_unreadable', `cannot read all of ${streamUrl}`));
      },
      afterEvent() {
        if (attestation.isComplete) resolve();
      },
    });
    reading.handle({ type: 'viewersChanged', count: 1 });
  });
  return ended.finally(() => reading?.close());
}

/** Writes soon after something changed, never twice at once, and the more rarely the longer a write takes. */
function createWriter(write: () => Promise<void>, onFailure: () => void) {
  let isDue = false;
  let running: Promise<void> | null = null;
  async function run(): Promise<void> {
    while (isDue) {
      const startedAtMs = performance.now();
      isDue = false;
      await write();
      const tookMs = performance.now() - startedAtMs;
      if (isDue) await setTimeout(tookMs * 4);
    }
    running = null;
  }
  return {
    due(): void {
      isDue = true;
      if (running) return;
      running = run();
      running.catch(onFailure);
    },
    /** @throws what a write threw */
    async end(): Promise<void> {
      await running;
    },
  };
}
