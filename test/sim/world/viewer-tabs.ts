import type { CoreEvent, Effect } from '../../../sdk/core/core.ts';
import type { Wanted } from '../../../sdk/core/events.ts';
import type { Clock } from './clock.ts';
import type { Network } from './network.ts';
import type { Viewer } from './viewer.ts';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;
type Answer = Of<'deliverSegment' | 'failSegment' | 'deliverPlaylist' | 'failPlaylist'>;

/** A message inside a browser. */
const messageMs = 1;
/** How long a viewer that is nowhere is looked for. */
const seekMs = 500;
/** Loads for others are numbered from here; players start at 0. */
const firstBehalfId = 1_000_000;

const browserOf = ({ spec }: Viewer): string => spec.browserName ?? spec.deviceId;

/** What one page exchanges with the others of its browser profile, as the sdk's tabs adapter and hub do. */
export class ViewerTabs {
  #viewer: Viewer;
  #clock: Clock;
  #network: Network;
  #masterId: string | null = null;
  #watches = 0;
  #watchers = new Set<() => void>();
  #serving = new Map<number, { asker: Viewer; loadId: number; wanted: Wanted }>();
  #lastId = firstBehalfId;
  /** Size of the segment that the master gives at this moment. */
  #given = new Map<string, number>();

  constructor(viewer: Viewer, clock: Clock, network: Network) {
    this.#viewer = viewer;
    this.#clock = clock;
    this.#network = network;
  }

  /** Returns false for an effect of another kind. */
  perform(effect: Effect): boolean {
    switch (effect.type) {
      case 'watchViewer':
        this.#watch(effect.viewerId);
        return true;
      case 'askMaster':
        this.#toMaster((master) => master.tabs.asked(this.#viewer, effect.wanted));
        return true;
      case 'dropAsk':
        this.#toMaster((master) => master.tabs.#dropped(this.#viewer, effect.loadId));
        return true;
      case 'keepGiven':
        this.#viewer.store.putWhole(effect.segmentId, this.#given.get(effect.segmentId) ?? 0);
        return true;
      case 'refuseLoad':
        this.#answer(effect.loadId, (asker, loadId) =>
          asker.tell({ type: 'masterFailed', loadId, failure: effect.failure }),
        );
        return true;
      case 'separateDevice':
        this.#viewer.spec.deviceId = `${browserOf(this.#viewer)} apart`;
        return true;
      default:
        return false;
    }
  }

  /** Gives others what their loads brought; returns the loads that are the own player's. */
  answer(effect: Answer): number[] {
    const isSegment = effect.type === 'deliverSegment' || effect.type === 'failSegment';
    const loadIds = isSegment ? effect.loadIds : [effect.loadId];
    const sizeBytes =
      effect.type === 'deliverSegment' && loadIds.some((id) => id >= firstBehalfId)
        ? this.#viewer.store.wholeBytes(effect.segmentId)
        : 0;
    for (const id of loadIds)
      this.#answer(id, (asker, loadId) => asker.tabs.#told(loadId, effect, sizeBytes));
    return loadIds.filter((id) => id < firstBehalfId);
  }

  /** The page is gone: the browser tells those that watched it. */
  close(): void {
    for (const watcher of this.#watchers) this.#clock.after(messageMs, watcher);
    this.#watchers.clear();
  }

  asked(asker: Viewer, wanted: Wanted): void {
    asker.tabs.#soon(() => asker.tell({ type: 'masterHeard', loadId: null }));
    for (const known of this.#serving.values())
      if (known.asker === asker && known.loadId === wanted.loadId) return;
    this.#lastId += 1;
    this.#serving.set(this.#lastId, { asker, loadId: wanted.loadId, wanted });
    const own = { ...wanted, loadId: this.#lastId, onBehalf: true };
    if (own.type === 'segmentWanted') own.deadlineMs += this.#viewer.coreNow() - asker.coreNow();
    this.#viewer.tell(own);
  }

  #dropped(asker: Viewer, askId: number): void {
    for (const [loadId, known] of this.#serving) {
      if (known.asker !== asker || known.loadId !== askId) continue;
      this.#serving.delete(loadId);
      const { wanted } = known;
      if (wanted.type === 'segmentWanted')
        this.#viewer.tell({
          type: 'segmentAbandoned',
          loadId,
          segmentId: wanted.request.segmentId,
        });
      else this.#viewer.tell({ type: 'playlistAbandoned', loadId, playlistId: wanted.playlistId });
    }
  }

  #answer(id: number, tellAsker: (asker: Viewer, loadId: number) => void): void {
    const ask = this.#serving.get(id);
    this.#serving.delete(id);
    if (ask) ask.asker.tabs.#soon(() => tellAsker(ask.asker, ask.loadId));
  }

  #told(loadId: number, effect: Answer, sizeBytes: number): void {
    const tell = (event: CoreEvent): void => this.#viewer.tell(event);
    if (effect.type === 'failSegment' || effect.type === 'failPlaylist')
      return tell({ type: 'masterFailed', loadId, failure: effect.failure });
    const none = { text: '', sizeBytes, transferMs: 0, firstByteMs: 0 };
    if (effect.type === 'deliverPlaylist') {
      const { text, version } = effect;
      return tell({ type: 'masterGave', loadId, ...none, text, version });
    }
    const { transferMs, firstByteMs, segmentId } = effect;
    this.#given.clear();
    this.#given.set(segmentId, sizeBytes);
    tell({ type: 'masterGave', loadId, ...none, transferMs, firstByteMs });
  }

  #watch(viewerId: string | null): void {
    this.#masterId = viewerId;
    this.#watches += 1;
    if (viewerId === null) return;
    const watch = this.#watches;
    const tellIt = (type: 'masterNear' | 'masterGone'): void => {
      if (watch === this.#watches) this.#viewer.tell({ type, viewerId });
    };
    this.#clock.after(messageMs, () => {
      const master = this.#find(viewerId);
      if (!master) return this.#clock.after(seekMs, () => tellIt('masterGone'));
      master.tabs.#watchers.add(() => tellIt('masterGone'));
      tellIt('masterNear');
    });
  }

  #find(viewerId: string): Viewer | null {
    const found = this.#network.hosts.get(viewerId) as Viewer | undefined;
    return found?.alive && browserOf(found) === browserOf(this.#viewer) ? found : null;
  }

  #toMaster(act: (master: Viewer) => void): void {
    const master = this.#masterId === null ? null : this.#find(this.#masterId);
    if (master) master.tabs.#soon(() => act(master));
  }

  /** Nothing happens in a page that hangs. */
  #soon(run: () => void): void {
    this.#clock.after(messageMs, () => {
      if (this.#viewer.alive && !this.#viewer.hangs) run();
    });
  }
}
