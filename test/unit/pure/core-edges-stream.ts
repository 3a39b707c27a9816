import type { FetchFailure } from '../../../sdk/core/events.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { type EdgesViewer, hostOf, sizeBytes, timeout } from './core-edges-viewer.ts';
import { type EffectOf, playlistId, playlistText, playlistUrl, segmentOf } from './core-viewer.ts';

export type Kind = 'segments' | 'playlists';
/** Milliseconds to the first byte; infinite where it never comes. */
export type Answer = number | FetchFailure;

const stepMs = 40;

interface StreamOptions {
  /** Default 2000. */
  segmentMs?: number;
  isBlocking?: boolean;
  /** All is there from the beginning, and the playlist is asked for with each segment only. */
  isRecorded?: boolean;
  /** Where segments are, if not below the playlist. */
  uri?: (sequence: number) => string;
  /** Default 40. */
  transferMs?: (host: string) => number;
}

/** A live stream that a viewer plays, whose edges answer as a function of the host, the kind and the time since it began says. */
export class EdgesStream {
  readonly #viewer: EdgesViewer;
  readonly #answer: (host: string, kind: Kind, passedMs: number) => Answer;
  readonly #options: StreamOptions;
  readonly #startedAtMs: number;
  #due: { atMs: number; happen: () => void }[] = [];
  #wanted = new Map<number, number>();
  #loadId = 1_000_000;
  #sequence = 100;
  #nextAtMs: number;
  readonly asked: { host: string; kind: Kind; passedMs: number; isCutOff: boolean }[] = [];
  /** How long the player waited for each segment that came. */
  readonly waitsMs: number[] = [];
  readonly told: { edgeId: string | null; health: string; reason: string; passedMs: number }[] = [];
  failed = 0;

  constructor(
    viewer: EdgesViewer,
    answer: (host: string, kind: Kind, passedMs: number) => Answer,
    options: StreamOptions = {},
  ) {
    this.#viewer = viewer;
    this.#answer = answer;
    this.#options = options;
    this.#startedAtMs = viewer.nowMs;
    this.#nextAtMs = viewer.nowMs;
    const text = this.#text();
    viewer.tell({
      type: 'playlistBrought',
      playlistId,
      url: playlistUrl,
      multivariant: false,
      text,
    });
    viewer.wantPlaylist();
  }

  get passedMs(): number {
    return this.#viewer.nowMs - this.#startedAtMs;
  }

  get pending(): number {
    return this.#wanted.size;
  }

  askedAt(host: string, kind?: Kind): number[] {
    const asked = this.asked.filter(
      (each) => each.host === host && (kind ?? each.kind) === each.kind,
    );
    return asked.map(({ passedMs }) => passedMs);
  }

  play(untilMs: number): void {
    const viewer = this.#viewer;
    while (this.passedMs < untilMs) {
      if (viewer.nowMs >= this.#nextAtMs) this.#goOn();
      for (const fetch of viewer.take('fetchPlaylist')) this.#ask(fetch, 'playlists');
      for (const fetch of viewer.take('fetchSegment')) this.#ask(fetch, 'segments');
      this.#hear();
      viewer.wait(stepMs);
      const due = this.#due.filter(({ atMs }) => atMs <= viewer.nowMs);
      this.#due = this.#due.filter(({ atMs }) => atMs > viewer.nowMs);
      for (const { happen } of due) happen();
    }
    this.#hear();
  }

  /** The last that was told to the server. */
  get report() {
    const frames = this.#viewer.take('sendFrame').map(({ frame }) => frame);
    return frames.findLast((frame) => frame.type === 'report');
  }

  #goOn(): void {
    const { segmentMs = 2_000 } = this.#options;
    this.#nextAtMs += segmentMs;
    this.#sequence += 1;
    if (this.#options.isRecorded) this.#viewer.wantPlaylist();
    this.#loadId += 1;
    const sequence = this.#sequence;
    const url = this.#options.uri?.(sequence) ?? `https://edge.example/live/high/${sequence}.m4s`;
    this.#wanted.set(this.#loadId, this.#viewer.nowMs);
    this.#viewer.tell({
      type: 'segmentWanted',
      loadId: this.#loadId,
      request: { segmentId: segmentOf(sequence), url, byteRange: null, durationMs: segmentMs },
      deadlineMs: this.#viewer.nowMs + 20_000,
    });
  }

  #ask(fetch: EffectOf<'fetchPlaylist'> | EffectOf<'fetchSegment'>, kind: Kind): void {
    const viewer = this.#viewer;
    const answer = this.#answer(hostOf(fetch), kind, this.passedMs);
    const isCutOff = typeof answer === 'number' && answer > fetch.firstByteWithinMs;
    this.asked.push({ host: hostOf(fetch), kind, passedMs: this.passedMs, isCutOff });
    const failure = typeof answer === 'number' ? isCutOff && timeout : answer;
    const isHeld = fetch.url.includes('_HLS_') && !failure;
    const afterMs = isCutOff
      ? fetch.firstByteWithinMs
      : typeof answer === 'number'
        ? answer
        : stepMs;
    const { fetchId } = fetch;
    const happen = () => {
      if (fetch.type === 'fetchSegment')
        return failure ? viewer.fail(fetch, failure) : this.#give(fetch);
      if (failure) viewer.tell({ type: 'playlistFailed', fetchId, failure });
      else viewer.tell({ type: 'playlistFetched', fetchId, text: this.#text() });
    };
    this.#due.push({ atMs: isHeld ? this.#nextAtMs + stepMs : viewer.nowMs + afterMs, happen });
  }

  #give(fetch: EffectOf<'fetchSegment'>): void {
    const { fetchId, partFrom, partTo } = fetch;
    const transferMs = this.#options.transferMs?.(hostOf(fetch)) ?? 40;
    const viewer = this.#viewer;
    viewer.tell({ type: 'fetchHeaders', fetchId, sizeBytes });
    const happen = () => {
      for (let part = partFrom; part <= (partTo ?? sizeBytes / limits.partBytes - 1); part += 1)
        viewer.tell({ type: 'fetchPart', fetchId, part, bytes: limits.partBytes });
      viewer.tell({ type: 'fetchEnded', fetchId, sizeBytes });
    };
    this.#due.push({ atMs: viewer.nowMs + transferMs, happen });
  }

  #hear(): void {
    const viewer = this.#viewer;
    for (const { loadIds } of viewer.take('deliverSegment'))
      for (const loadId of loadIds) {
        this.waitsMs.push(viewer.nowMs - (this.#wanted.get(loadId) ?? viewer.nowMs));
        this.#wanted.delete(loadId);
      }
    for (const { loadIds } of viewer.take('failSegment')) {
      this.failed += loadIds.length;
      for (const loadId of loadIds) this.#wanted.delete(loadId);
    }
    this.failed += viewer.take('failPlaylist').length;
    if (viewer.take('deliverPlaylist').length > 0 && !this.#options.isRecorded)
      viewer.wantPlaylist();
    const { passedMs } = this;
    for (const { edgeId, health, reason } of viewer.take('edge'))
      this.told.push({ edgeId, health, reason, passedMs });
  }

  #text(): string {
    const text = playlistText({
      ...(this.#options.isRecorded
        ? { oldest: 95, count: 400 }
        : { oldest: this.#sequence - 5, count: 6 }),
      ...(this.#options.uri && { uri: this.#options.uri }),
    });
    const blocking =
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0\n#EXT-X-PART-INF:PART-TARGET=0.5\n';
    return this.#options.isBlocking
      ? text.replace('#EXT-X-TARGET', `${blocking}#EXT-X-TARGET`)
      : text;
  }
}
