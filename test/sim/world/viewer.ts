import { Core, type CoreEvent, type Effect } from '../../../sdk/core/core.ts';
import type { ClientFrame, ServerFrame, ViewerProfile } from '../../../signaling/protocol/index.ts';
import { nowhere } from './clock.ts';
import { MediaStore } from './media-store.ts';
import type { Nat } from './nat.ts';
import type { Host, LinkEnd } from './network.ts';
import { Pipe, Uplink } from './pipes.ts';
import type { Player } from './player.ts';
import type { Random } from './random.ts';
import type { SignalingClient } from './signaling.ts';
import { Tally } from './tally.ts';
import { ViewerLinks } from './viewer-links.ts';
import { createPlayer, type PlayerEffect, tellPlayer } from './viewer-player.ts';
import { ViewerReads } from './viewer-reads.ts';
import { coreOptionsOf, type ViewerSpec, type WorldParts } from './viewer-spec.ts';
import { ViewerTabs } from './viewer-tabs.ts';

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;

/** One page: a real core, with virtual adapters that perform its effects. */
export class Viewer implements Host, SignalingClient {
  readonly spec: ViewerSpec;
  readonly core: Core;
  readonly player: Player;
  readonly store = new MediaStore();
  readonly tally = new Tally();
  readonly uplink: Uplink;
  readonly downlink: Pipe;
  readonly joinedAtMs: number;
  leftAtMs: number | null = null;
  /** What it had uploaded when the last viewer had joined and settled. */
  settledUploadBytes = 0;
  alive = true;
  viewerId: string | null = null;
  groupId: string | null = null;
  groupRole = 'slave';
  deviceRole = 'slave';
  /** Where what happens to it happens: see the clock. */
  place: number = nowhere;
  profile: ViewerProfile;
  /** Lets a test look at every effect. */
  onEffect: ((effect: Effect) => void) | null = null;
  /** Lets a test change or swallow what the core is told. */
  onEvent: ((event: CoreEvent) => CoreEvent | null) | null = null;
  #world: WorldParts;
  #random: Random;
  /** Every page counts time from its own start. */
  #clockOffsetMs: number;
  #links: ViewerLinks;
  #reads: ViewerReads;
  readonly tabs: ViewerTabs;
  /** The page is there and does nothing any more. */
  hangs = false;
  #socket: { send(frame: ClientFrame): void; close(): void } | null = null;
  #wakes = 0;

  constructor(world: WorldParts, spec: ViewerSpec) {
    this.#world = world;
    this.spec = spec;
    this.profile = spec.profile;
    this.#random = world.random.fork(spec.name);
    this.#clockOffsetMs = Math.floor(this.#random.between(0, 1e6));
    this.uplink = new Uplink(world.clock, spec.uplinkBitsPerSecond);
    this.downlink = new Pipe(world.clock, spec.downlinkBitsPerSecond);
    this.joinedAtMs = world.clock.nowMs;
    this.core = new Core(coreOptionsOf(spec, this.#random.fork('core').unit));
    this.#links = new ViewerLinks(this, world.network);
    this.#reads = new ViewerReads(this, world);
    this.tabs = new ViewerTabs(this, world.clock, world.network);
    this.player = createPlayer(this, world, this.#clockOffsetMs);
  }

  get name(): string {
    return this.spec.name;
  }
  get deviceId(): string {
    return this.spec.deviceId;
  }
  get nat(): Nat {
    return this.spec.nat;
  }
  get accessMs(): number {
    return this.spec.accessMs;
  }
  get lossShare(): number {
    return this.spec.lossShare;
  }
  get signalingMs(): number {
    return this.spec.signalingMs;
  }

  /** May send media to others. */
  get uploads(): boolean {
    const { uploadAllowed, peersAllowed, metered, saveData } = this.profile;
    return uploadAllowed && peersAllowed && !metered && !saveData;
  }

  start(): void {
    this.tell({ type: 'started' });
    this.player.start();
    const measure = (): void => {
      if (!this.alive) return;
      this.tell({ type: 'bufferMeasured', bufferMs: this.player.bufferMs });
      this.#world.clock.after(1_000, measure);
    };
    measure();
  }

  /** `leave` says goodbye; `crash` closes the socket only; `vanish` nothing at all. */
  end(how: 'leave' | 'crash' | 'vanish'): void {
    if (!this.alive) return;
    this.player.stop();
    if (how === 'leave') {
      this.#socket?.send({ type: 'leave' });
      for (const link of this.#links.all()) this.#world.network.close(link);
    }
    if (how !== 'vanish') this.#socket?.close();
    this.alive = false;
    this.leftAtMs = this.#world.clock.nowMs;
    this.#world.network.vanished(this);
    this.#reads.close();
    this.tabs.close();
  }

  /** Time of the world, which is not that of the page. */
  clockNow(): number {
    return this.#world.clock.nowMs;
  }

  coreNow(): number {
    return this.clockNow() + this.#clockOffsetMs;
  }

  openLinks(): LinkEnd[] {
    return this.#links.all().filter((link) => link.open);
  }

  changeProfile(change: Partial<ViewerProfile>): void {
    this.profile = { ...this.profile, ...change };
    this.tell({ type: 'profileChanged', profile: this.profile });
  }

  /** Anything, to the open links: what a hostile page would send. */
  sendRaw(message: unknown): void {
    for (const link of this.openLinks()) this.#world.network.sendControl(link, message);
  }

  tell(told: CoreEvent): void {
    const event = this.onEvent ? this.onEvent(told) : told;
    if (!this.alive || this.hangs || !event) return;
    const nowMs = this.#world.clock.nowMs + this.#clockOffsetMs;
    this.#world.clock.place = this.place;
    const effects = this.core.handle(event, nowMs);
    this.tally.handled(event, effects.length);
    const { behaviour } = this.spec;
    for (const effect of effects) {
      this.onEffect?.(effect);
      if (!behaviour) this.#perform(effect, nowMs);
      else for (const instead of behaviour(effect, this)) this.#perform(instead, nowMs);
    }
  }

  // --- what the network tells ---

  frame(frame: ServerFrame): void {
    if (frame.type === 'welcome') {
      if (this.viewerId !== null) this.#world.network.hosts.delete(this.viewerId);
      this.viewerId = frame.viewerId;
      this.#world.network.hosts.set(frame.viewerId, this);
    }
    this.tell({ type: 'frameReceived', frame });
  }

  closed(): void {
    this.#socket = null;
    this.tell({ type: 'signalingClosed' });
  }

  linkSignal(peer: string, signal: Record<string, unknown>): void {
    this.tell({ type: 'linkSignal', peer, signal });
  }

  linkOpened(peer: string): void {
    this.tell({ type: 'linkOpened', peer });
  }

  linkClosed(peer: string): void {
    this.#links.closed(peer);
  }

  controlArrived(peer: string, message: unknown): void {
    this.#links.controlArrived(peer, message);
  }

  chunkArrived(peer: string, requestId: number, bytes: number): void {
    this.#links.chunkArrived(peer, requestId, bytes);
  }

  partSent(peer: string, requestId: number, bytes: number): void {
    this.tell({ type: 'partSent', peer, requestId, bytes });
  }

  // --- effects ---

  #perform(effect: Effect, coreNowMs: number): void {
    switch (effect.type) {
      case 'connectSignaling':
        this.#socket = this.#world.signaling.connect(this, effect.resumeKey);
        return;
      case 'disconnectSignaling':
        this.#socket?.close();
        this.#socket = null;
        return;
      case 'sendFrame':
        return this.#socket?.send(effect.frame);
      case 'wakeAt':
        return this.#wakeAt(effect.atMs, coreNowMs);
      case 'role':
        this.groupId = effect.groupId;
        this.groupRole = effect.groupRole;
        this.deviceRole = effect.deviceRole;
        this.place = Number.parseInt(effect.groupId.slice(1), 36);
        return;
      case 'status':
      case 'refused':
      case 'error':
      case 'edge':
      case 'neighbours':
      case 'integrity':
        return this.tally.told(effect);
      default:
        if ([this.#links, this.#reads, this.tabs].some((part) => part.perform(effect))) return;
        return this.#performMedia(effect);
    }
  }

  #performMedia(effect: Effect): void {
    switch (effect.type) {
      case 'deliverSegment':
        this.#checkDelivery(effect);
        return this.#answer(effect);
      case 'failSegment':
      case 'deliverPlaylist':
      case 'failPlaylist':
        return this.#answer(effect);
      case 'setPlaybackRate':
        return this.player.setRate(effect.rate);
      case 'dropParts':
        return this.store.dropParts(effect.segmentId, effect.parts);
      case 'dropSegment':
        return this.store.drop(effect.segmentId);
      case 'storeSegment':
        return this.store.store(effect.segmentId);
      case 'restoreSegment': {
        const { segmentId } = effect;
        const type = this.store.restore(segmentId) ? 'segmentRestored' : 'segmentLost';
        return this.#soon(() => this.tell({ type, segmentId }));
      }
      case 'dropStored':
        return this.store.dropStored(effect.segmentId);
      default:
        throw new Error(`no such effect: ${effect.type}`);
    }
  }

  #answer(effect: PlayerEffect): void {
    const loadIds = this.tabs.answer(effect);
    if (loadIds.length > 0) this.#soon(() => tellPlayer(this.player, effect, loadIds));
  }

  #checkDelivery(effect: Of<'deliverSegment'>): void {
    const { segmentId, bytesFromEdge, bytesByPeer, bytesFromDevice } = effect;
    if (bytesFromDevice !== undefined) return this.tally.delivered(segmentId, bytesFromDevice);
    const size = this.store.wholeBytes(segmentId);
    const fromPeers = Object.values(bytesByPeer).reduce((sum, bytes) => sum + bytes, 0);
    if (bytesFromEdge + fromPeers < size)
      throw new Error(`${segmentId}: sources add up to too little`);
    this.tally.delivered(segmentId, size);
  }

  /** The newest replaces what was asked for before, as a single timer does. */
  #wakeAt(atMs: number, coreNowMs: number): void {
    if (!(atMs > coreNowMs)) throw new Error('core asked to wake in the past');
    this.#wakes += 1;
    const wake = this.#wakes;
    this.#world.clock.at(atMs - this.#clockOffsetMs, () => {
      if (wake === this.#wakes) this.tell({ type: 'woke' });
    });
  }

  #soon(run: () => void): void {
    this.#world.clock.after(0, () => {
      if (this.alive) run();
    });
  }
}
