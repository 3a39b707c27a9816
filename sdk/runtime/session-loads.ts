import type { SegmentRequest } from '../core/events.ts';
import type { Load, LoadedSegment, RoomLoads } from '../ports/loads.ts';
import type { PlainLoads } from './plain-loads.ts';
import type { Runtime } from './runtime.ts';
import type { Brought } from './runtime-ports.ts';

/** Loads made while the room's code is on its way: two playlists, init segments, a few segments. */
const broughtMax = 16;
/** What the playhead reaches only later waits this long for the room's code, which comes in a round trip or two. */
const codePatienceMs = 1_000;
/** What has failed waits longer: an edge that is gone says so sooner than the room's code comes, and players give up at once. */
const failedPatienceMs = 5_000;
/** An edge that swallows requests must not keep a playlist from being looked for in the room. */
const playlistWithinMs = 2_000;

/** The player's loads: through the room once its code is there, plainly until then. */
export class SessionLoads implements RoomLoads {
  #plain: PlainLoads;
  /** Milliseconds until the playhead reaches a time of the media. */
  #untilMs: (mediaSeconds: number) => number;
  #runtime: Runtime | null = null;
  #isExpected = true;
  #waiting = new Set<() => void>();
  #brought: Brought[] = [];
  #isStream: (url: string) => boolean;
  #isForeign = false;

  /** @param isStream - Whether a multivariant playlist is the room's. */
  constructor(
    plain: PlainLoads,
    untilMs: (mediaSeconds: number) => number,
    isStream: (url: string) => boolean,
  ) {
    this.#plain = plain;
    this.#untilMs = untilMs;
    this.#isStream = isStream;
  }

  /** The room is there: what was loaded so far may serve others. Null: it will not come. */
  settle(runtime: Runtime | null): void {
    this.#runtime = runtime;
    this.#isExpected = false;
    if (this.#isForeign) runtime?.dispatch({ type: 'away', reason: 'source_foreign' });
    for (const found of this.#brought) runtime?.bring(found);
    this.#brought = [];
    for (const go of [...this.#waiting]) go();
  }

  loadSegment(
    request: SegmentRequest,
    startSeconds: number,
    load: Load<LoadedSegment>,
  ): () => void {
    const throughRoom = (runtime: Runtime) =>
      runtime.loadSegment(request, runtime.nowMs + this.#untilMs(startSeconds), load);
    if (this.#isForeign) return this.#plain.loadSegment(request, load);
    // The player takes its bytes away, so these few segments are copied.
    const describe = ({ bytes, transferMs }: LoadedSegment): Brought => ({
      type: 'segmentBrought',
      request,
      bytes: bytes.slice(),
      transferMs,
    });
    const start = () =>
      this.#start(load, describe, throughRoom, (plain) => this.#plain.loadSegment(request, plain));
    const waitMs = Math.min(codePatienceMs, this.#untilMs(startSeconds) / 2);
    return this.#isExpected && waitMs > 0 ? this.#whenSettled(waitMs, start) : start();
  }

  loadPlaylist(
    playlistId: string,
    url: string,
    multivariant: boolean,
    load: Load<string>,
  ): () => void {
    if (multivariant) this.#turnTo(url);
    if (this.#isForeign) return this.#plain.loadPlaylist(url, load);
    const throughRoom = (runtime: Runtime) =>
      runtime.loadPlaylist(playlistId, url, multivariant, load);
    const describe = (text: string): Brought => ({
      type: 'playlistBrought',
      playlistId,
      url,
      multivariant,
      text,
    });
    return this.#start(load, describe, throughRoom, (plain) =>
      this.#plain.loadPlaylist(url, plain, this.#isExpected ? playlistWithinMs : undefined),
    );
  }

  /** A room is one stream: while the player plays another it is left, and names of the other mean nothing in it. */
  #turnTo(url: string): void {
    const isForeign = !this.#isStream(url);
    if (isForeign === this.#isForeign) return;
    this.#isForeign = isForeign;
    this.#runtime?.dispatch({ type: isForeign ? 'away' : 'back', reason: 'source_foreign' });
  }

  /** What is found plainly is brought to the room when that is there; what fails is tried again through it. */
  #start<Result>(
    load: Load<Result>,
    describe: (result: Result) => Brought,
    throughRoom: (runtime: Runtime) => () => void,
    plainly: (load: Load<Result>) => () => void,
  ): () => void {
    if (this.#runtime) return throughRoom(this.#runtime);
    let abandon = plainly({
      progress: (progress) => load.progress?.(progress),
      done: (result) => {
        const found = describe(result);
        load.done(result);
        if (this.#runtime) this.#runtime.bring(found);
        else if (this.#isExpected && this.#brought.length < broughtMax) this.#brought.push(found);
      },
      failed: (failure) => {
        const goOn = () => {
          if (this.#runtime) return throughRoom(this.#runtime);
          load.failed(failure);
          return () => {};
        };
        abandon = this.#isExpected ? this.#whenSettled(failedPatienceMs, goOn) : goOn();
      },
    });
    return () => abandon();
  }

  #whenSettled(waitMs: number, start: () => () => void): () => void {
    let abandon = () => {
      clearTimeout(timer);
      this.#waiting.delete(go);
    };
    const go = () => {
      abandon();
      abandon = start();
    };
    const timer = setTimeout(go, waitMs);
    this.#waiting.add(go);
    return () => abandon();
  }
}
