import type { CoreEvent, Effect } from '../core/core.ts';
import type { EdgeProgress, FetchFailure, Wanted } from '../core/events.ts';
import type { Load, LoadedSegment } from '../ports/loads.ts';
import type { PlainLoads } from './plain-loads.ts';

export type AnswerEffect = Extract<
  Effect,
  { type: `${'deliver' | 'fail'}${'Segment' | 'Playlist'}` }
>;

export type SegmentLoad = Omit<Extract<Wanted, { type: 'segmentWanted' }>, 'loadId'>;
export type PlaylistLoad = Omit<Extract<Wanted, { type: 'playlistWanted' }>, 'loadId'>;

interface Pending<Result> {
  load: Load<Result>;
  /** Of another viewer of the device. */
  onBehalf: boolean;
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
  #dispatch: (event: CoreEvent) => void;
  #isOver = false;

  constructor(plain: PlainLoads, dispatch: (event: CoreEvent) => void) {
    this.#plain = plain;
    this.#dispatch = dispatch;
  }

  /** Has the core load it; returns the function that abandons the load. */
  segment(wanted: SegmentLoad, load: Load<LoadedSegment>): () => void {
    const { request } = wanted;
    const { segmentId } = request;
    return this.#add(
      this.#segments,
      load,
      (loadId) => this.#dispatch({ ...wanted, loadId }),
      (loadId) => this.#dispatch({ type: 'segmentAbandoned', loadId, segmentId }),
      () => this.#plain.loadSegment(request, load),
      wanted.onBehalf,
    );
  }

  playlist(wanted: PlaylistLoad, load: Load<string>): () => void {
    const { playlistId, url } = wanted;
    return this.#add(
      this.#playlists,
      load,
      (loadId) => this.#dispatch({ ...wanted, loadId }),
      (loadId) => this.#dispatch({ type: 'playlistAbandoned', loadId, playlistId }),
      () => this.#plain.loadPlaylist(url, load),
    );
  }

  /** Whether the own player waits for any of them. */
  areOwn(loadIds: readonly number[]): boolean {
    return loadIds.some((loadId) => this.#segments.get(loadId)?.onBehalf === false);
  }

  progress(loadIds: readonly number[], progress: EdgeProgress): void {
    for (const loadId of loadIds) this.#segments.get(loadId)?.load.progress?.(progress);
  }

  /** Of another viewer; null: this one leads nobody. */
  refuse(loadId: number, failure: FetchFailure | null): void {
    const load = take(this.#segments, loadId) ?? take(this.#playlists, loadId);
    if (failure) load?.failed(failure);
    else load?.refused?.();
  }

  /** Those that were abandoned meanwhile get nothing. Returns false when `read` had not all of the bytes. */
  answer(effect: AnswerEffect, read: (loadId: number) => Uint8Array<ArrayBuffer> | null): boolean {
    if (effect.type === 'deliverPlaylist' || effect.type === 'failPlaylist') {
      const load = take(this.#playlists, effect.loadId);
      if (effect.type === 'deliverPlaylist') load?.done(effect.text, effect.version);
      else load?.failed(effect.failure);
      return true;
    }
    let isWhole = true;
    for (const loadId of effect.loadIds) {
      const load = take(this.#segments, loadId);
      if (!load) continue;
      if (effect.type === 'failSegment') {
        load.failed(effect.failure);
        continue;
      }
      const { transferMs, firstByteMs } = effect;
      const bytes = read(loadId);
      isWhole &&= bytes !== null;
      if (bytes) load.done({ bytes, transferMs, firstByteMs });
      else load.failed({ status: null, reason: 'truncated' });
    }
    return isWhole;
  }

  /** From now on they are read from the edge. */
  handOver(): void {
    this.#isOver = true;
    for (const pending of [...this.#segments.values(), ...this.#playlists.values()]) {
      pending.abandon = pending.plainly();
    }
    this.#segments.clear();
    this.#playlists.clear();
  }

  #add<Result>(
    loads: Map<number, Pending<Result>>,
    load: Load<Result>,
    wanted: (loadId: number) => void,
    abandoned: (loadId: number) => void,
    plainly: () => () => void,
    onBehalf = false,
  ): () => void {
    if (this.#isOver) return plainly();
    this.#lastLoadId += 1;
    const loadId = this.#lastLoadId;
    const pending: Pending<Result> = {
      load,
      onBehalf,
      plainly,
      abandon: () => {
        if (loads.delete(loadId)) abandoned(loadId);
      },
    };
    loads.set(loadId, pending);
    wanted(loadId);
    return () => pending.abandon();
  }
}

function take<Result>(loads: Map<number, Pending<Result>>, loadId: number): Load<Result> | null {
  const pending = loads.get(loadId);
  loads.delete(loadId);
  return pending?.load ?? null;
}
