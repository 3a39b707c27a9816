import type { CoreEvent, Effect } from '../core/core.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import type { Media } from './media.ts';

export type DepthEffect = Extract<
  Effect,
  { type: 'dropSegment' | 'dropParts' | 'storeSegment' | 'restoreSegment' | 'dropStored' }
>;

/** Moves segments between memory and the store behind it; what the store loses the core is told. */
export class Depth {
  #media: Media;
  #store: SegmentStore | null;
  #dispatch: (event: CoreEvent) => void;
  #isClosed: () => boolean;
  #failed: (error: unknown) => void;

  constructor(
    media: Media,
    store: SegmentStore | null,
    dispatch: (event: CoreEvent) => void,
    isClosed: () => boolean,
    failed: (error: unknown) => void,
  ) {
    this.#media = media;
    this.#store = store;
    this.#dispatch = dispatch;
    this.#isClosed = isClosed;
    this.#failed = failed;
  }

  perform(effect: DepthEffect): void {
    const { segmentId } = effect;
    switch (effect.type) {
      case 'dropSegment':
        return this.#media.drop(segmentId);
      case 'dropParts':
        return this.#media.dropParts(segmentId, effect.parts);
      case 'dropStored':
        // What cannot be deleted now goes with the session.
        this.#store?.delete(segmentId).catch(() => {});
        return;
      case 'storeSegment':
        return this.#put(segmentId);
      case 'restoreSegment':
        void this.#restore(segmentId);
    }
  }

  #put(segmentId: string): void {
    const bytes = this.#media.copy(segmentId);
    this.#media.drop(segmentId);
    const lost = () => this.#dispatch({ type: 'segmentLost', segmentId });
    if (!bytes || !this.#store) return lost();
    this.#store.put(segmentId, bytes).catch((error: unknown) => {
      lost();
      this.#failed(error);
    });
  }

  async #restore(segmentId: string): Promise<void> {
    const bytes = await this.#store?.get(segmentId).catch(() => null);
    if (this.#isClosed()) return;
    if (!bytes) return this.#dispatch({ type: 'segmentLost', segmentId });
    this.#media.restore(segmentId, bytes);
    this.#dispatch({ type: 'segmentRestored', segmentId });
  }
}
