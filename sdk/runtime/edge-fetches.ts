import type { CoreEvent, Effect } from '../core/core.ts';
import type { EdgeReader } from '../ports/edge.ts';
import type { Media } from './media.ts';
import type { Verifier } from './verifier.ts';

type FetchEffect = Extract<Effect, { type: 'fetchSegment' | 'abortFetch' | 'fetchPlaylist' }>;

/** The reads from the edge that the core wants, each ended by one event unless it is aborted. */
export class EdgeFetches {
  #edge: EdgeReader;
  #media: Media;
  #verifier: Verifier;
  #nowMs: () => number;
  #dispatch: (event: CoreEvent) => void;
  #running = new Map<number, AbortController>();
  bytesFromEdge = 0;

  constructor(
    edge: EdgeReader,
    media: Media,
    verifier: Verifier,
    nowMs: () => number,
    dispatch: (event: CoreEvent) => void,
  ) {
    this.#edge = edge;
    this.#media = media;
    this.#verifier = verifier;
    this.#nowMs = nowMs;
    this.#dispatch = dispatch;
  }

  perform(effect: FetchEffect): void {
    if (effect.type === 'fetchSegment') return this.#readSegment(effect);
    if (effect.type === 'fetchPlaylist') return this.#readPlaylist(effect);
    this.#running.get(effect.fetchId)?.abort();
    this.#running.delete(effect.fetchId);
  }

  close(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #readPlaylist({
    fetchId,
    url,
    firstByteWithinMs,
  }: Extract<FetchEffect, { type: 'fetchPlaylist' }>): void {
    this.#edge.readPlaylist(
      url,
      firstByteWithinMs,
      (result) => {
        if ('failure' in result) {
          return this.#end({ type: 'playlistFailed', fetchId, failure: result.failure });
        }
        this.bytesFromEdge += result.bytes;
        this.#end({ type: 'playlistFetched', fetchId, text: result.text });
      },
      this.#start(fetchId),
    );
  }

  #readSegment(effect: Extract<FetchEffect, { type: 'fetchSegment' }>): void {
    const { fetchId, segmentId } = effect;
    this.#edge.readSegment(
      effect,
      {
        onHeaders: (sizeBytes) => this.#dispatch({ type: 'fetchHeaders', fetchId, sizeBytes }),
        onPart: (part, bytes) => {
          this.bytesFromEdge += bytes.byteLength;
          this.#media.put(segmentId, part, bytes, this.#nowMs());
          this.#dispatch({ type: 'fetchPart', fetchId, part, bytes: bytes.byteLength });
          void this.#verifier.vouch(segmentId, part, bytes);
        },
        onEnd: (sizeBytes) => this.#end({ type: 'fetchEnded', fetchId, sizeBytes }),
        onFailure: (failure) => this.#end({ type: 'fetchFailed', fetchId, failure }),
      },
      this.#start(fetchId),
    );
  }

  #start(fetchId: number): AbortSignal {
    const controller = new AbortController();
    this.#running.set(fetchId, controller);
    return controller.signal;
  }

  #end(event: CoreEvent & { fetchId: number }): void {
    this.#running.delete(event.fetchId);
    this.#dispatch(event);
  }
}
