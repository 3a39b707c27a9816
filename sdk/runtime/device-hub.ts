import type { CoreEvent, Effect } from '../core/core.ts';
import type { FetchFailure, Wanted } from '../core/events.ts';
import { parseTabMessage, type TabMessage } from '../core/tab-wire.ts';
import type { Tabs } from '../ports/tabs.ts';
import type { Media } from './media.ts';
import type { PlayerLoads } from './player-loads.ts';

export type DeviceEffect = Extract<
  Effect,
  { type: 'watchViewer' | 'askMaster' | 'dropAsk' | 'keepGiven' }
>;

/** What the hub needs of the session. */
export interface DeviceHost {
  dispatch(event: CoreEvent): void;
  nowMs(): number;
  readonly loads: Pick<PlayerLoads, 'segment' | 'playlist' | 'progress'>;
}

/** Asks of one viewer that are under way here: more than a player has at a time. */
const asksPerViewerMax = 32;

/** The viewers of one browser profile: what this one asks of its master, and what others ask of this one. */
export class DeviceHub {
  #tabs: Tabs;
  #media: Media;
  #host: DeviceHost;
  #masterId: string | null = null;
  #unwatch = (): void => {};
  /** Segments that the master gave and that have not reached the player, by load. */
  #given = new Map<number, Uint8Array<ArrayBuffer>>();
  /** What is loaded for others, by viewer and their load: how to abandon it. */
  #serving = new Map<string, Map<number, () => void>>();
  bytesReceived = 0;
  bytesSent = 0;

  constructor(tabs: Tabs, media: Media, host: DeviceHost) {
    this.#tabs = tabs;
    this.#media = media;
    this.#host = host;
  }

  /** The server has named this viewer. */
  open(viewerId: string): void {
    this.#tabs.open(viewerId, {
      onMessage: (from, data) => {
        const message = parseTabMessage(data);
        if (message) this.#receive(from, message);
      },
    });
  }

  /** Others see it gone. */
  close(): void {
    this.#watch(null);
    this.#tabs.close();
    for (const asks of this.#serving.values()) for (const abandon of asks.values()) abandon();
    this.#serving.clear();
    this.#given.clear();
  }

  perform(effect: DeviceEffect): void {
    switch (effect.type) {
      case 'watchViewer':
        return this.#watch(effect.viewerId);
      case 'askMaster': {
        const { wanted } = effect;
        const isSegment = wanted.type === 'segmentWanted';
        const sent = isSegment
          ? { ...wanted, deadlineMs: wanted.deadlineMs - this.#host.nowMs() }
          : wanted;
        return this.#send(this.#masterId, { type: 'ask', wanted: sent });
      }
      case 'dropAsk':
        return this.#send(this.#masterId, { type: 'drop', loadId: effect.loadId });
      case 'keepGiven': {
        const bytes = this.#given.get(effect.loadId);
        // The player takes its bytes away.
        if (bytes) this.#media.restore(effect.segmentId, bytes.slice());
      }
    }
  }

  /** Takes the segment that the master gave for a load of the player. */
  take(loadId: number): Uint8Array<ArrayBuffer> | null {
    const bytes = this.#given.get(loadId) ?? null;
    this.#given.delete(loadId);
    return bytes;
  }

  #watch(viewerId: string | null): void {
    this.#unwatch();
    this.#unwatch = () => {};
    this.#masterId = viewerId;
    if (viewerId === null) return;
    const tell = (type: 'masterNear' | 'masterGone') => () =>
      this.#host.dispatch({ type, viewerId });
    this.#unwatch = this.#tabs.watch(viewerId, {
      onNear: tell('masterNear'),
      onGone: tell('masterGone'),
    });
  }

  #receive(from: string, message: TabMessage): void {
    if (message.type === 'ask') return this.#serve(from, message.wanted);
    if (message.type === 'drop') return this.#drop(from, message.loadId);
    // What an earlier master still answers is not waited for any more.
    if (from !== this.#masterId) return;
    const { dispatch } = this.#host;
    switch (message.type) {
      case 'heard':
        return dispatch({ type: 'masterHeard', loadId: null });
      case 'progress':
        dispatch({ type: 'masterHeard', loadId: message.loadId });
        return this.#host.loads.progress([message.loadId], message.progress);
      case 'segment': {
        const { loadId, bytes, transferMs, firstByteMs } = message;
        const sizeBytes = bytes.byteLength;
        this.bytesReceived += sizeBytes;
        this.#given.set(loadId, bytes);
        dispatch({ type: 'masterGave', loadId, text: '', sizeBytes, transferMs, firstByteMs });
        // Nobody waited for it any more.
        this.#given.delete(loadId);
        return;
      }
      case 'playlist': {
        const { loadId, text, version } = message;
        const none = { sizeBytes: 0, transferMs: 0, firstByteMs: 0 };
        return dispatch({ type: 'masterGave', loadId, text, version, ...none });
      }
      case 'failed':
        return dispatch({
          type: 'masterFailed',
          loadId: message.loadId,
          failure: message.failure,
        });
    }
  }

  #serve(from: string, wanted: Wanted): void {
    const { loadId } = wanted;
    const asks = this.#serving.get(from) ?? new Map<number, () => void>();
    this.#serving.set(from, asks);
    this.#send(from, { type: 'heard' });
    // Browsers slow down the timers of a page that nobody sees, and not the messages to it.
    if (asks.has(loadId)) return this.#host.dispatch({ type: 'woke' });
    if (asks.size >= asksPerViewerMax) return;
    const answer = (message: TabMessage): void => {
      asks.delete(loadId);
      if (asks.size === 0) this.#serving.delete(from);
      this.#send(from, message);
    };
    const failed = (failure: FetchFailure | null): void =>
      answer({ type: 'failed', loadId, failure });
    // Before it is loaded: what is held is there at once.
    asks.set(loadId, () => {});
    const abandon =
      wanted.type === 'segmentWanted'
        ? this.#host.loads.segment(
            { ...wanted, deadlineMs: wanted.deadlineMs + this.#host.nowMs(), onBehalf: true },
            {
              done: ({ bytes, transferMs, firstByteMs }) => {
                this.bytesSent += bytes.byteLength;
                answer({ type: 'segment', loadId, bytes, transferMs, firstByteMs });
              },
              progress: (progress) => this.#send(from, { type: 'progress', loadId, progress }),
              failed,
              refused: () => failed(null),
            },
          )
        : this.#host.loads.playlist(
            { ...wanted, onBehalf: true },
            {
              done: (text, version) => answer({ type: 'playlist', loadId, text, version }),
              failed,
              refused: () => failed(null),
            },
          );
    if (asks.has(loadId)) asks.set(loadId, abandon);
  }

  #drop(from: string, loadId: number): void {
    const asks = this.#serving.get(from);
    const abandon = asks?.get(loadId);
    asks?.delete(loadId);
    if (asks?.size === 0) this.#serving.delete(from);
    abandon?.();
  }

  #send(viewerId: string | null, message: TabMessage): void {
    if (viewerId !== null) this.#tabs.send(viewerId, message);
  }
}
