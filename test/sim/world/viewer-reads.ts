import type { Effect } from '../../../sdk/core/core.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { downloadEither } from './either.ts';
import type { Viewer } from './viewer.ts';
import type { WorldParts } from './viewer-spec.ts';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

/** What one page reads from the edge, as the sdk's edge adapter does. */
export class ViewerReads {
  #viewer: Viewer;
  #world: Pick<WorldParts, 'clock' | 'edgeAt'>;
  #aborts = new Map<number, () => void>();

  constructor(viewer: Viewer, world: Pick<WorldParts, 'clock' | 'edgeAt'>) {
    this.#viewer = viewer;
    this.#world = world;
  }

  /** Returns false for an effect of another kind. */
  perform(effect: Effect): boolean {
    switch (effect.type) {
      case 'fetchSegment':
        this.#readSegment(effect);
        return true;
      case 'fetchPlaylist':
        this.#readPlaylist(effect);
        return true;
      case 'abortFetch':
        this.#aborts.get(effect.fetchId)?.();
        this.#aborts.delete(effect.fetchId);
        return true;
      case 'progressSegment':
        // The simulated player has nothing to switch to.
        return true;
      default:
        return false;
    }
  }

  close(): void {
    for (const abort of this.#aborts.values()) abort();
    this.#aborts.clear();
  }

  #readPlaylist({ fetchId, url, firstByteWithinMs }: Of<'fetchPlaylist'>): void {
    const viewer = this.#viewer;
    const abort = this.#world.edgeAt(url).playlist(
      viewer.name,
      url,
      firstByteWithinMs,
      (text) => {
        this.#aborts.delete(fetchId);
        viewer.tell({ type: 'playlistFetched', fetchId, text });
      },
      (failure) => {
        this.#aborts.delete(fetchId);
        viewer.tell({ type: 'playlistFailed', fetchId, failure });
      },
    );
    this.#aborts.set(fetchId, abort);
  }

  #readSegment(effect: Of<'fetchSegment'>): void {
    const { fetchId, segmentId, partFrom, partTo } = effect;
    const { url, hedge, firstByteWithinMs, stalledAfterMs } = effect;
    const viewer = this.#viewer;
    const { tally, store } = viewer;
    const end = partTo === null ? null : (partTo + 1) * limits.partBytes;
    let part = partFrom;
    let size = 0;
    let received = 0;
    let toldAtMs = 0;
    const { clock } = this.#world;
    const abort = downloadEither(clock, (at) => this.#world.edgeAt(at), {
      ...{ url, hedge, stalledAfterMs },
      range: { start: partFrom * limits.partBytes, end },
      firstByteWithinMs,
      downlink: viewer.downlink,
      viewer: viewer.name,
      headers: (sizeBytes, which) => {
        size = sizeBytes;
        toldAtMs = viewer.clockNow();
        viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes, ...(which && { hedge: which }) });
      },
      body: (bytes) => {
        received += bytes;
        tally.bytesFromEdge += bytes;
        const partBytes = Math.min(limits.partBytes, size - part * limits.partBytes);
        if (received < partBytes) {
          if (viewer.clockNow() - toldAtMs < limits.edgeProgressMs) return;
          toldAtMs = viewer.clockNow();
          return viewer.tell({ type: 'fetchProgress', fetchId, bytes: received });
        }
        received -= partBytes;
        toldAtMs = viewer.clockNow();
        if (!store.put(segmentId, part, partBytes)) tally.wasted('edgeDuplicate', partBytes);
        part += 1;
        viewer.tell({ type: 'fetchPart', fetchId, part: part - 1, bytes: partBytes });
      },
      ended: () => {
        this.#aborts.delete(fetchId);
        viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes: size });
      },
      failed: (failure) => {
        this.#aborts.delete(fetchId);
        tally.wasted('edgeCut', received);
        viewer.tell({ type: 'fetchFailed', fetchId, failure });
      },
    });
    this.#aborts.set(fetchId, () => {
      tally.wasted('edgeCut', received);
      abort();
    });
  }
}
