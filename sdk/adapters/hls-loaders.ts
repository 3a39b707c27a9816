import type {
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderContext,
  LoaderStats,
  PlaylistLoaderContext,
} from 'hls.js';
import { multivariantId, playlistIdOf, segmentIdOf } from '../../signaling/protocol/identity.ts';
import type { EdgeProgress, FetchFailure } from '../core/events.ts';
import type { RoomLoads } from '../ports/loads.ts';

/** For init segments, which have none. */
const defaultDurationMs = 2_000;

/** Loader classes for hls.js that read playlists and segments through the room. */
export function createHlsLoaders(
  room: RoomLoads,
): Required<Pick<HlsConfig, 'pLoader' | 'fLoader'>> {
  let multivariantUrl = '';

  class PlaylistLoader extends RoomLoader<PlaylistLoaderContext> {
    start(context: PlaylistLoaderContext): () => void {
      const isMultivariant = context.type === 'manifest';
      const { url } = context;
      if (isMultivariant) multivariantUrl = url;
      const playlistId = isMultivariant ? multivariantId : playlistIdOf(url, multivariantUrl);
      return room.loadPlaylist(playlistId, url, isMultivariant, {
        done: (text) => this.succeed(text, text.length, null),
        failed: (failure) => this.fail(failure),
      });
    }
  }

  class SegmentLoader extends RoomLoader<FragmentLoaderContext> {
    start(context: FragmentLoaderContext): () => void {
      const { frag, part, rangeStart, rangeEnd, url } = context;
      const byteRange = rangeEnd ? { start: rangeStart ?? 0, end: rangeEnd } : null;
      const segmentId = segmentIdOf({
        playlistId: playlistIdOf(frag.base.url, multivariantUrl),
        sequence: frag.sn === 'initSegment' ? 'init' : frag.sn,
        partIndex: part ? part.index : null,
        url,
        byteRange,
      });
      const { duration, start } = part ?? frag;
      const durationMs = duration * 1_000 || defaultDurationMs;
      return room.loadSegment({ segmentId, url, byteRange, durationMs }, start, {
        done: ({ bytes, ...timing }) => this.succeed(bytes.buffer, bytes.byteLength, timing),
        progress: (progress) => this.progress(progress),
        failed: (failure) => this.fail(failure),
      });
    }
  }

  return {
    pLoader: PlaylistLoader as unknown as HlsConfig['pLoader'] & {},
    fLoader: SegmentLoader as unknown as HlsConfig['fLoader'] & {},
  };
}

/** What hls.js expects of any loader; times out nothing, since the room knows better when to give up. */
abstract class RoomLoader<Context extends LoaderContext> implements Loader<Context> {
  context: Context | null = null;
  stats: LoaderStats = emptyStats();
  #callbacks: LoaderCallbacks<Context> | null = null;
  #abandon: (() => void) | null = null;

  protected abstract start(context: Context): () => void;

  load(context: Context, _config: LoaderConfiguration, callbacks: LoaderCallbacks<Context>): void {
    this.context = context;
    this.#callbacks = callbacks;
    this.stats.loading.start = performance.now();
    // What the room holds is there at once, and hls.js is not ready for it before all its parts know of a new source.
    queueMicrotask(() => {
      if (this.#callbacks !== callbacks) return;
      const abandon = this.start(context);
      if (this.#callbacks) this.#abandon = abandon;
    });
  }

  abort(): void {
    const callbacks = this.#callbacks;
    if (!callbacks || !this.context) return;
    this.#end();
    this.stats.aborted = true;
    callbacks.onAbort?.(this.stats, this.context, null);
  }

  destroy(): void {
    this.#end();
    this.context = null;
  }

  getCacheAge(): number | null {
    return null;
  }

  getResponseHeader(): string | null {
    return null;
  }

  /** hls.js looks at these every 100 ms, to see whether to give a segment up for a lighter one. */
  protected progress({ bytes, sizeBytes, tookMs, firstByteMs }: EdgeProgress): void {
    const { loading } = this.stats;
    loading.start = performance.now() - tookMs;
    loading.first = loading.start + firstByteMs;
    this.stats.loaded = bytes;
    this.stats.total = sizeBytes ?? 0;
  }

  /**
   * Bytes that were here before they were asked for are reported with the time they took to come, and what the room
   * waited for does not count. A playlist comes at once when it comes: hls.js would take the wait for its download.
   */
  protected succeed(
    data: string | ArrayBuffer,
    bytes: number,
    timing: { transferMs: number; firstByteMs: number } | null,
  ): void {
    const { context, stats } = this;
    const callbacks = this.#callbacks;
    if (!callbacks || !context) return;
    this.#abandon = null;
    this.#callbacks = null;
    const endMs = performance.now();
    if (timing) stats.loading.start = endMs - timing.transferMs;
    stats.loading.first = timing ? stats.loading.start + timing.firstByteMs : endMs;
    stats.loading.end = endMs;
    stats.loaded = bytes;
    stats.total = bytes;
    callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
  }

  protected fail(failure: FetchFailure): void {
    const { context, stats } = this;
    const callbacks = this.#callbacks;
    if (!callbacks || !context) return;
    this.#abandon = null;
    this.#callbacks = null;
    const isTimeout = failure.reason === 'first_byte_timeout' || failure.reason === 'stalled';
    if (isTimeout) callbacks.onTimeout(stats, context, null);
    else
      callbacks.onError({ code: failure.status ?? 0, text: failure.reason }, context, null, stats);
  }

  #end(): void {
    const abandon = this.#abandon;
    this.#abandon = null;
    this.#callbacks = null;
    abandon?.();
  }
}

function emptyStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}
