import type { EdgeProgress, SegmentRequest } from '../core/events.ts';
import type { Load, LoadedSegment } from '../ports/loads.ts';
import type { PlainLoads } from './plain-loads.ts';

interface Pending<Result> {
  load: Load<Result>;
  /** Reads it plainly; returns the function that abandons that. */
  plainly(): () => void;
  abandon(): void;
}

/** The player's loads that the core has not answered yet. */
export class PlayerLoads {
  #plain: PlainLoads;
  #segments = new Map<number, Pending<LoadedSegment>>();
  #playlists = new Map<number, Pending<string>>();
  #lastLoadId = 0;

  constructor(plain: PlainLoads) {
    this.#plain = plain;
  }

  /** `abandoned` is called when the player gives the load up before it was answered or handed over. */
  addSegment(
    request: SegmentRequest,
    load: Load<LoadedSegment>,
    abandoned: (loadId: number) => void,
  ): { loadId: number; abandon: () => void } {
    return this.#add(this.#segments, load, abandoned, () => this.#plain.loadSegment(request, load));
  }

  addPlaylist(
    url: string,
    load: Load<string>,
    abandoned: (loadId: number) => void,
  ): { loadId: number; abandon: () => void } {
    return this.#add(this.#playlists, load, abandoned, () => this.#plain.loadPlaylist(url, load));
  }

  progress(loadIds: readonly number[], progress: EdgeProgress): void {
    for (const loadId of loadIds) this.#segments.get(loadId)?.load.progress?.(progress);
  }

  /** Null when it was abandoned meanwhile. */
  takeSegment(loadId: number): Load<LoadedSegment> | null {
    return take(this.#segments, loadId);
  }

  takePlaylist(loadId: number): Load<string> | null {
    return take(this.#playlists, loadId);
  }

  /** From now on they are read from the edge. */
  handOver(): void {
    for (const pending of [...this.#segments.values(), ...this.#playlists.values()]) {
      pending.abandon = pending.plainly();
    }
    this.#segments.clear();
    this.#playlists.clear();
  }

  #add<Result>(
    loads: Map<number, Pending<Result>>,
    load: Load<Result>,
    abandoned: (loadId: number) => void,
    plainly: () => () => void,
  ): { loadId: number; abandon: () => void } {
    this.#lastLoadId += 1;
    const loadId = this.#lastLoadId;
    const pending: Pending<Result> = {
      load,
      plainly,
      abandon: () => {
        if (loads.delete(loadId)) abandoned(loadId);
      },
    };
    loads.set(loadId, pending);
    return { loadId, abandon: () => pending.abandon() };
  }
}

function take<Result>(loads: Map<number, Pending<Result>>, loadId: number): Load<Result> | null {
  const pending = loads.get(loadId);
  loads.delete(loadId);
  return pending?.load ?? null;
}
