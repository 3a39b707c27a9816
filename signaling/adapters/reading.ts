import type { Attestation, AttestorEffect, AttestorEvent } from '../core/index.ts';
import {
  ReadError,
  type ReadErrorCode,
  type SegmentDigests,
  type StreamReader,
} from './stream-reader.ts';

type SegmentRead = Extract<AttestorEffect, { type: 'readSegment' }>;
type Told = Extract<AttestorEffect, { type: 'attest' | 'forget' | 'sight' | 'stop' }>;

export interface ReadingOptions {
  attestation: Attestation;
  reader: StreamReader;
  readSegment(segment: SegmentRead, signal: AbortSignal): Promise<SegmentDigests>;
  /** Everything that the attestation wants of the outside, but reads. */
  onEffect(effect: Told): void;
  /** `code` is null for what should not happen. */
  onFailure(code: ReadErrorCode | null, error: unknown): void;
  /** After each event and its effects. */
  afterEvent?(): void;
  nowMs: () => number;
}

/** Runs an attestation: performs its reads, and wakes it. */
export interface Reading {
  handle(event: AttestorEvent): void;
  close(): void;
}

export function startReading(options: ReadingOptions): Reading {
  const { attestation, reader, nowMs, onEffect } = options;
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  function handle(event: AttestorEvent): void {
    if (ended.signal.aborted) return;
    for (const effect of attestation.handle(event, nowMs())) perform(effect);
    options.afterEvent?.();
  }

  function perform(effect: AttestorEffect): void {
    if (effect.type === 'readPlaylist') void readPlaylist(effect.playlistId, effect.url);
    else if (effect.type === 'readSegment') void readSegment(effect);
    else if (effect.type === 'wakeAt') {
      clearTimeout(timer);
      const delayMs = Math.max(1, Math.ceil(effect.atMs - nowMs()));
      timer = setTimeout(() => handle({ type: 'woke' }), delayMs);
    } else onEffect(effect);
  }

  function failed(error: unknown): ReadErrorCode | null {
    const code = error instanceof ReadError ? error.code : null;
    if (!ended.signal.aborted) options.onFailure(code, error);
    return code;
  }

  async function readPlaylist(playlistId: string, url: string): Promise<void> {
    try {
      const text = await reader.readText(url, ended.signal);
      handle({ type: 'playlistRead', playlistId, text });
    } catch (error) {
      failed(error);
      handle({ type: 'playlistFailed', playlistId });
    }
  }

  async function readSegment(segment: SegmentRead): Promise<void> {
    const { segmentId, readId } = segment;
    try {
      const found = await options.readSegment(segment, ended.signal);
      handle({ type: 'segmentRead', segmentId, readId, ...found });
    } catch (error) {
      const refused = failed(error) === 'too_large';
      handle({ type: 'segmentFailed', segmentId, readId, refused });
    }
  }

  return {
    handle,
    close() {
      ended.abort();
      clearTimeout(timer);
    },
  };
}
