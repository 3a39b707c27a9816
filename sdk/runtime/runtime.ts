import type { ServerFrame } from '../../signaling/protocol/index.ts';
import { Core, type CoreEvent, type CoreOptions, type Effect } from '../core/core.ts';
import type { SegmentRequest } from '../core/events.ts';
import type { Load, LoadedSegment } from '../ports/loads.ts';
import { Depth } from './depth.ts';
import { DeviceHub } from './device-hub.ts';
import { EdgeFetches } from './edge-fetches.ts';
import { LinkHub } from './link-hub.ts';
import { Media } from './media.ts';
import { MessageCalls } from './message-calls.ts';
import { type AnswerEffect, PlayerLoads } from './player-loads.ts';
import type { Brought, OutwardEffect, RuntimePorts } from './runtime-ports.ts';
import { Verifier } from './verifier.ts';

/** Browsers fire longer timers at once; a wake-up that comes early is asked for again. */
const timerMsMax = 2 ** 31 - 1;

/** The one loop of a session: events go into the core, its effects are performed here. */
export class Runtime {
  readonly media = new Media();
  readonly core: Core;
  readonly messages = new MessageCalls((event) => this.dispatch(event));
  readonly #ports: RuntimePorts;
  readonly #depth: Depth;
  readonly #fetches: EdgeFetches;
  readonly #verifier: Verifier;
  readonly #hub: LinkHub;
  readonly #device: DeviceHub;
  readonly #outward: (effect: OutwardEffect) => void;
  readonly #loads: PlayerLoads;
  #queue: CoreEvent[] = [];
  #running = false;
  #closed = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    options: CoreOptions,
    relayOnly: boolean,
    ports: RuntimePorts,
    outward: (effect: OutwardEffect) => void,
  ) {
    this.core = new Core(options);
    this.#ports = ports;
    this.#outward = outward;
    const { media } = this;
    const { links, store, clock, room, publisherKey, seals } = ports;
    const nowMs = () => clock.nowMs();
    const dispatch = (event: CoreEvent) => this.dispatch(event);
    const isClosed = () => this.#closed.signal.aborted;
    this.#loads = new PlayerLoads(ports.plain, dispatch);
    this.#depth = new Depth(media, store, dispatch, isClosed, ports.storageFailed);
    this.#verifier = new Verifier(room, publisherKey, seals, media, dispatch);
    const notice = () => this.#notice();
    this.#fetches = new EdgeFetches(ports.edge, media, this.#verifier, dispatch, notice);
    this.#hub = new LinkHub(links, relayOnly, media, this.#verifier, nowMs, dispatch);
    this.#device = new DeviceHub(ports.tabs, media, {
      dispatch,
      nowMs,
      loads: this.#loads,
    });
  }

  /** Time of the core: it stands still while the page does. */
  get nowMs(): number {
    return this.#ports.clock.nowMs();
  }

  get bytesFromEdge(): number {
    return this.#fetches.bytesFromEdge;
  }

  get bytesFromPeers(): number {
    return this.#hub.bytesReceived;
  }

  get bytesToPeers(): number {
    return this.#hub.bytesSent;
  }

  get bytesFromDevice(): number {
    return this.#device.bytesReceived;
  }

  get bytesToDevice(): number {
    return this.#device.bytesSent;
  }

  get bytesWasted(): number {
    return this.media.wastedBytes + this.#hub.wastedBytes;
  }

  /** Takes a frame of the signaling server. */
  receive(frame: ServerFrame): void {
    if (frame.type === 'descriptors') return void this.#verifier.add(frame.descriptors);
    if (frame.type === 'edges') return void this.#verifier.listEdges(frame.signed);
    if (frame.type === 'welcome') this.#verifier.welcomed(frame);
    if (frame.type === 'integrity') this.#verifier.configure(frame.integrity);
    if (frame.type === 'welcome' && !this.#closed.signal.aborted) this.#device.open(frame.viewerId);
    this.dispatch({ type: 'frameReceived', frame });
  }

  /** Takes over what the player loaded before the room was there: others may need it. */
  bring(found: Brought): void {
    if (this.#closed.signal.aborted) return;
    if (found.type === 'segmentBrought') {
      this.media.restore(found.request.segmentId, found.bytes);
      const { request, transferMs } = found;
      const { segmentId } = request;
      const bytesFromEdge = found.bytes.byteLength;
      const delivered = { loadIds: [], transferMs, firstByteMs: 0, bytesFromEdge, bytesByPeer: {} };
      this.#outward({ type: 'deliverSegment', segmentId, ...delivered });
      const sizeBytes = bytesFromEdge;
      this.dispatch({ type: 'segmentBrought', request, sizeBytes, transferMs });
      return this.#vouch(segmentId);
    }
    this.dispatch(found);
  }

  #vouch(segmentId: string): void {
    for (const [part, bytes] of this.media.parts(segmentId))
      void this.#verifier.vouch(segmentId, part, bytes);
  }

  /** The page is about to stand still: nothing is begun until `back`. */
  away(): void {
    this.#fetches.pause();
    this.dispatch({ type: 'away', reason: 'page_frozen' });
    this.#device.close();
    const { clock } = this.#ports;
    clock.isAway = true;
    clock.expect(this.nowMs);
  }

  back(): void {
    this.dispatch({ type: 'back', reason: 'page_frozen' });
    this.#ports.clock.isAway = false;
    this.#fetches.resume();
  }

  /** Gives the core one event and performs what it asks for. */
  dispatch(event: CoreEvent): void {
    if (this.#closed.signal.aborted) return;
    if (!this.#running) this.#notice();
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        for (const effect of this.core.handle(next, this.nowMs)) {
          // A listener of the app may close the session at any of them.
          if (this.#closed.signal.aborted) return;
          try {
            this.#perform(effect);
          } catch (error) {
            // Mostly the player's callbacks: their fault is the page's to see, the other effects go on.
            queueMicrotask(() => {
              throw error;
            });
          }
        }
      }
    } finally {
      this.#running = false;
    }
  }

  /** Returns the function that abandons the load. */
  loadSegment(request: SegmentRequest, deadlineMs: number, load: Load<LoadedSegment>): () => void {
    return this.#loads.segment({ type: 'segmentWanted', request, deadlineMs }, load);
  }

  loadPlaylist(
    playlistId: string,
    url: string,
    multivariant: boolean,
    load: Load<string>,
  ): () => void {
    return this.#loads.playlist({ type: 'playlistWanted', playlistId, url, multivariant }, load);
  }

  /** Leaves the room. Loads that are under way go on from the edge, and so do later ones. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#ports.signaling.send({ type: 'leave' });
    this.#closed.abort();
    this.#queue = [];
    clearTimeout(this.#timer);
    this.messages.close();
    this.#device.close();
    this.#fetches.close();
    this.#hub.close();
    this.#ports.signaling.close();
    this.#ports.watches.close();
    this.#loads.handOver();
    this.media.clear();
    await this.#ports.store?.close();
  }

  /** Looks whether the page has stood still without having said so. */
  #notice(): void {
    const awayMs = this.#ports.clock.standstillMs();
    if (awayMs === 0) return;
    // Whoever has waited for an answer all the while is about to give it up, and most connections are gone.
    this.#fetches.restart();
    this.dispatch({ type: 'disturbed', awayMs });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'connectSignaling':
        return this.#ports.signaling.connect(effect.resumeKey, effect.profile);
      case 'disconnectSignaling':
        return this.#ports.signaling.close();
      case 'sendFrame':
        return this.#ports.signaling.send(effect.frame);
      case 'wakeAt':
        return this.#wakeAt(effect.atMs);
      case 'status':
      case 'role':
      case 'neighbours':
      case 'edge':
      case 'refused':
      case 'error':
      case 'message':
      case 'messageRemoved':
      case 'setPlaybackRate':
        return this.#outward(effect);
      case 'messageSettled':
      case 'messageFailed':
        return this.messages.perform(effect);
      case 'progressSegment':
        return this.#loads.progress(effect.loadIds, effect.progress);
      case 'deliverSegment':
      case 'failSegment':
      case 'deliverPlaylist':
      case 'failPlaylist':
        return this.#answer(effect);
      case 'fetchSegment':
      case 'abortFetch':
      case 'fetchPlaylist':
      case 'readDescriptors':
        return this.#fetches.perform(effect);
      case 'dropSegment':
      case 'dropParts':
      case 'storeSegment':
      case 'restoreSegment':
      case 'dropStored':
        return this.#depth.perform(effect);
      case 'watchViewer':
      case 'askMaster':
      case 'dropAsk':
        return this.#device.perform(effect);
      case 'keepGiven':
        this.#device.perform(effect);
        return this.#vouch(effect.segmentId);
      case 'refuseLoad':
        return this.#loads.refuse(effect.loadId, effect.failure);
      case 'separateDevice':
        return this.#ports.separate();
      case 'integrity':
        this.#verifier.perform(effect);
        return this.#outward(effect);
      case 'digestSegment':
      case 'trustDigests':
      case 'lookAtDescriptor':
        return this.#verifier.perform(effect);
      default:
        return this.#hub.perform(effect);
    }
  }

  #answer(effect: AnswerEffect): void {
    if (effect.type === 'deliverSegment' && this.#loads.areOwn(effect.loadIds))
      this.#outward(effect);
    const isWhole = this.#loads.answer(effect, (loadId) =>
      effect.type === 'deliverSegment' ? this.#bytesFor(effect, loadId) : null,
    );
    // Never handed out with a hole: it is got again.
    if (!isWhole && effect.type === 'deliverSegment')
      this.dispatch({ type: 'segmentLost', segmentId: effect.segmentId });
  }

  #bytesFor(
    { segmentId, bytesFromDevice }: Extract<Effect, { type: 'deliverSegment' }>,
    loadId: number,
  ): Uint8Array<ArrayBuffer> | null {
    return bytesFromDevice === undefined ? this.media.copy(segmentId) : this.#device.take(loadId);
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#ports.clock.expect(atMs);
    const delayMs = Math.min(timerMsMax, Math.max(0, atMs - this.nowMs));
    // Timers may fire a little early by the page's clock; the core would then only ask again.
    this.#timer = setTimeout(() => this.dispatch({ type: 'woke' }), Math.ceil(delayMs));
  }
}
