import type { Effect } from '../../../sdk/core/core.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { EdgeServer } from './edge.ts';
import type { Viewer } from './viewer.ts';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

/** What one page reads from the edge, as the sdk's edge adapter does. */
export class ViewerReads {
  #viewer: Viewer;
  #edge: EdgeServer;
  #aborts = new Map<number, () => void>();

  constructor(viewer: Viewer, edge: EdgeServer) {
    this.#viewer = viewer;
    this.#edge = edge;
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
    const abort = this.#edge.playlist(
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
    const { fetchId, segmentId, url, partFrom, partTo, firstByteWithinMs } = effect;
    const viewer = this.#viewer;
    const { tally, store } = viewer;
    const end = partTo === null ? null : (partTo + 1) * limits.partBytes;
    let part = partFrom;
    let size = 0;
    let received = 0;
    let toldAtMs = 0;
    const abort = this.#edge.download({
      url,
      range: { start: partFrom * limits.partBytes, end },
      firstByteWithinMs,
      downlink: viewer.downlink,
      viewer: viewer.name,
      headers: (sizeBytes) => {
        size = sizeBytes;
        toldAtMs = viewer.clockNow();
        viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes });
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
