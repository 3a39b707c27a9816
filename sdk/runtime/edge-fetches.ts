import * as limits from '../../signaling/protocol/limits.ts';
import type { CoreEvent, Effect } from '../core/core.ts';
import type { EdgeReader } from '../ports/edge.ts';
import type { Media } from './media.ts';
import type { Verifier } from './verifier.ts';

type FetchEffect = Extract<
  Effect,
  { type: 'fetchSegment' | 'abortFetch' | 'fetchPlaylist' | 'readDescriptors' }
>;

type ReadEffect = Extract<FetchEffect, { type: 'fetchSegment' | 'fetchPlaylist' }>;

interface Running {
  effect: ReadEffect;
  /** Null is paused. */
  controller: AbortController | null;
  /** All parts came; that the answer has ended, not yet. */
  isThere?: boolean;
}

/** The reads from the edge that the core wants, each ended by one event unless it is aborted. */
export class EdgeFetches {
  #edge: EdgeReader;
  #media: Media;
  #verifier: Verifier;
  #dispatch: (event: CoreEvent) => void;
  #notice: () => void;
  #running = new Map<number, Running>();
  #isPaused = false;
  #isReadingDescriptors = false;
  #closed = new AbortController();
  bytesFromEdge = 0;

  constructor(
    edge: EdgeReader,
    media: Media,
    verifier: Verifier,
    dispatch: (event: CoreEvent) => void,
    /** Looks whether the page has stood still, which is no fault of the edge. */
    notice: () => void,
  ) {
    this.#edge = edge;
    this.#media = media;
    this.#verifier = verifier;
    this.#dispatch = dispatch;
    this.#notice = notice;
  }

  perform(effect: FetchEffect): void {
    if (effect.type === 'readDescriptors') return this.#readDescriptors(effect);
    if (effect.type !== 'abortFetch') return this.#start(effect);
    this.#running.get(effect.fetchId)?.controller?.abort();
    this.#running.delete(effect.fetchId);
  }

  /** Until `resume` no read runs, and none is begun. */
  pause(): void {
    this.#isPaused = true;
    this.#abortAll();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.restart();
  }

  /** Begins all reads anew, each with the part that follows the last that came. */
  restart(): void {
    this.#abortAll();
    for (const [fetchId, { effect, isThere }] of [...this.#running]) {
      // A second request is for the first time only.
      if (!isThere) this.#start({ ...effect, hedge: undefined } as ReadEffect);
      else if (this.#running.delete(fetchId))
        this.#dispatch({ type: 'fetchEnded', fetchId, sizeBytes: null });
    }
  }

  close(): void {
    this.#abortAll();
    this.#closed.abort();
    this.#running.clear();
  }

  #abortAll(): void {
    for (const { controller } of this.#running.values()) controller?.abort();
  }

  #start(effect: ReadEffect): void {
    const controller = this.#isPaused ? null : new AbortController();
    this.#running.set(effect.fetchId, { effect, controller });
    if (!controller) return;
    if (effect.type === 'fetchSegment') this.#readSegment(effect, controller.signal);
    else this.#readPlaylist(effect, controller.signal);
  }

  #readPlaylist(
    { fetchId, url, firstByteWithinMs }: Extract<FetchEffect, { type: 'fetchPlaylist' }>,
    signal: AbortSignal,
  ): void {
    this.#edge.readPlaylist(
      url,
      firstByteWithinMs,
      (result) => {
        if ('failure' in result) {
          const { failure } = result;
          return this.#end({ type: 'playlistFailed', fetchId, failure }, signal);
        }
        this.bytesFromEdge += result.bytes;
        this.#end({ type: 'playlistFetched', fetchId, text: result.text }, signal);
      },
      signal,
    );
  }

  /** The core asks again by itself. */
  #readDescriptors({ url, segmentIds }: Extract<FetchEffect, { type: 'readDescriptors' }>): void {
    if (this.#isPaused || this.#isReadingDescriptors) return;
    this.#isReadingDescriptors = true;
    const done = (result: { text: string } | object): void => {
      this.#isReadingDescriptors = false;
      if ('text' in result) this.#verifier.addFile(result.text, segmentIds);
    };
    this.#edge.readPlaylist(url, limits.edgeStallMs, done, this.#closed.signal);
  }

  #readSegment(effect: Extract<FetchEffect, { type: 'fetchSegment' }>, signal: AbortSignal): void {
    const { fetchId, segmentId, partTo } = effect;
    let endBytes = partTo === null ? Number.POSITIVE_INFINITY : (partTo + 1) * limits.partBytes;
    this.#edge.readSegment(
      effect,
      {
        onHeaders: (sizeBytes, hedge) => {
          endBytes = Math.min(endBytes, sizeBytes ?? endBytes);
          this.#dispatch({ type: 'fetchHeaders', fetchId, sizeBytes, ...(hedge && { hedge }) });
        },
        onPart: (part, bytes) => {
          this.bytesFromEdge += bytes.byteLength;
          const running = this.#running.get(fetchId);
          if (running) {
            running.effect = { ...effect, partFrom: part + 1 };
            running.isThere = running.effect.partFrom * limits.partBytes >= endBytes;
          }
          this.#media.put(segmentId, part, bytes);
          this.#dispatch({ type: 'fetchPart', fetchId, part, bytes: bytes.byteLength });
          void this.#verifier.vouch(segmentId, part, bytes);
        },
        onProgress: (bytes) => this.#dispatch({ type: 'fetchProgress', fetchId, bytes }),
        onEnd: (sizeBytes) => this.#end({ type: 'fetchEnded', fetchId, sizeBytes }, signal),
        onFailure: (failure) => this.#end({ type: 'fetchFailed', fetchId, failure }, signal),
      },
      signal,
    );
  }

  #end(event: CoreEvent & { fetchId: number }, signal: AbortSignal): void {
    this.#notice();
    // It has been begun anew.
    if (signal.aborted) return;
    this.#running.delete(event.fetchId);
    this.#dispatch(event);
  }
}
