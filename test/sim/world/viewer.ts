import { Core, type CoreEvent, type Effect } from '../../../sdk/core/core.ts';
import {
  encodePeerMessage,
  type PeerMessage,
  parsePeerMessage,
} from '../../../sdk/core/peer-wire.ts';
import type { ClientFrame, ServerFrame, ViewerProfile } from '../../../signaling/protocol/index.ts';
import { limits } from '../../../signaling/protocol/limits.ts';
import type { Clock } from './clock.ts';
import type { EdgeServer } from './edge.ts';
import { MediaStore } from './media-store.ts';
import type { Host, LinkEnd, Nat, Network } from './network.ts';
import { Pipe, Uplink } from './pipes.ts';
import { Player } from './player.ts';
import type { Random } from './random.ts';
import type { SignalingClient, SignalingServer } from './signaling.ts';
import { Tally } from './tally.ts';

export interface ViewerSpec {
  name: string;
  deviceId: string;
  profile: ViewerProfile;
  nat: Nat;
  accessMs: number;
  signalingMs: number;
  uplinkBitsPerSecond: number;
  downlinkBitsPerSecond: number;
  rendition: string;
  bufferMaxMs: number;
  memoryBytesMax: number;
  storageBytesMax: number;
  uploadBytesPerSecondMax: number;
  /** Share of control messages that go through the real encoder and parser. */
  wireShare: number;
}

export interface WorldParts {
  clock: Clock;
  random: Random;
  edge: EdgeServer;
  network: Network;
  signaling: SignalingServer;
}

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
  profile: ViewerProfile;
  /** Lets a test look at every effect. */
  onEffect: ((effect: Effect) => void) | null = null;
  #world: WorldParts;
  #random: Random;
  /** Every page counts time from its own start. */
  #clockOffsetMs: number;
  #links = new Map<string, LinkEnd>();
  #expected = new Map<
    string,
    { segmentId: string; part: number; bytes: number; received: number }
  >();
  #aborts = new Map<number, () => void>();
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
    const { profile, uploadBytesPerSecondMax, memoryBytesMax, storageBytesMax } = spec;
    const random = this.#random.fork('core').unit;
    this.core = new Core({
      profile,
      noPeersReason: 'peers_not_allowed',
      iceServers: null,
      uploadBytesPerSecondMax,
      memoryBytesMax,
      storageBytesMax,
      random,
    });
    this.player = this.#createPlayer();
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
  get signalingMs(): number {
    return this.spec.signalingMs;
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
      for (const link of this.#links.values()) this.#world.network.close(link);
    }
    if (how !== 'vanish') this.#socket?.close();
    this.alive = false;
    this.leftAtMs = this.#world.clock.nowMs;
    this.#world.network.vanished(this);
    for (const abort of this.#aborts.values()) abort();
  }

  /** Time of the world, which is not that of the page. */
  clockNow(): number {
    return this.#world.clock.nowMs;
  }

  openLinks(): LinkEnd[] {
    return [...this.#links.values()].filter((link) => link.open);
  }

  changeProfile(change: Partial<ViewerProfile>): void {
    this.profile = { ...this.profile, ...change };
    this.tell({ type: 'profileChanged', profile: this.profile });
  }

  /** Anything, to the open links: what a hostile page would send. */
  sendRaw(message: unknown): void {
    for (const link of this.openLinks()) this.#world.network.sendControl(link, message);
  }

  tell(event: CoreEvent): void {
    if (!this.alive) return;
    const nowMs = this.#world.clock.nowMs + this.#clockOffsetMs;
    const effects = this.core.handle(event, nowMs);
    this.tally.handled(event, effects.length);
    for (const effect of effects) {
      this.onEffect?.(effect);
      this.#perform(effect, nowMs);
    }
  }

  // --- what the network tells ---

  opened(): void {
    // The adapter joins by itself; the core hears of it with the welcome.
  }

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
    this.#links.delete(peer);
    this.#forgetPartsOf(peer);
    this.tell({ type: 'linkClosed', peer });
  }

  controlArrived(peer: string, message: unknown): void {
    this.tally.messages += 1;
    if (typeof message === 'object' && message !== null) {
      return this.tell({ type: 'peerMessage', peer, message: message as PeerMessage });
    }
    const parsed = parsePeerMessage(message);
    if (parsed.ok) this.tell({ type: 'peerMessage', peer, message: parsed.value });
    else this.tell({ type: 'peerRefused', peer, code: parsed.code });
  }

  chunkArrived(peer: string, requestId: number, bytes: number): void {
    const key = `${peer}|${requestId}`;
    const expected = this.#expected.get(key);
    this.tally.bytesFromPeers += bytes;
    if (!expected) return this.tally.wasted('late', bytes);
    expected.received += bytes;
    this.tell({ type: 'partProgress', peer, requestId, bytes });
    if (expected.received < expected.bytes || !this.#expected.delete(key)) return;
    if (expected.received > expected.bytes)
      throw new Error('a peer sent more than the core expects');
    const { segmentId, part } = expected;
    if (!this.store.put(segmentId, part, expected.bytes))
      this.tally.wasted('duplicate', expected.bytes);
    this.tell({ type: 'partReceived', peer, requestId, bytes: expected.bytes });
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
        return;
      case 'status':
      case 'refused':
      case 'error':
      case 'edge':
      case 'neighbours':
        return this.tally.told(effect);
      default:
        return this.#performLink(effect);
    }
  }

  #performLink(effect: Effect): void {
    const { network } = this.#world;
    switch (effect.type) {
      case 'openLink': {
        const before = this.#links.get(effect.peer);
        if (before) throw new Error('core opened a link twice');
        this.#links.set(effect.peer, network.openLink(this, effect.peer, effect.initiator));
        return;
      }
      case 'closeLink': {
        const link = this.#links.get(effect.peer);
        this.#links.delete(effect.peer);
        if (link) network.close(link);
        this.#forgetPartsOf(effect.peer);
        return;
      }
      case 'signalLink': {
        const link = this.#links.get(effect.peer);
        return link && network.signal(link, effect.signal);
      }
      case 'sendPeer': {
        const link = this.#open(effect.peer);
        const wire = this.#random.chance(this.spec.wireShare);
        return network.sendControl(link, wire ? encodePeerMessage(effect.message) : effect.message);
      }
      case 'expectPart':
        return this.#expect(effect);
      case 'forgetPart': {
        const key = `${effect.peer}|${effect.requestId}`;
        this.tally.wasted('cancelled', this.#expected.get(key)?.received ?? 0);
        this.#expected.delete(key);
        return;
      }
      case 'sendPart':
        if (!this.profile.uploadAllowed) throw new Error('core uploads although it may not');
        return this.#open(effect.peer).sendPart(
          effect.requestId,
          this.store.partBytes(effect.segmentId, effect.part),
        );
      case 'dropSend':
        return this.#links.get(effect.peer)?.dropPart(effect.requestId);
      default:
        return this.#performMedia(effect);
    }
  }

  #performMedia(effect: Effect): void {
    const { edge } = this.#world;
    switch (effect.type) {
      case 'fetchSegment':
        return this.#fetch(effect);
      case 'abortFetch':
        return this.#abort(effect.fetchId);
      case 'fetchPlaylist': {
        const { fetchId, url, firstByteWithinMs } = effect;
        const done = (text: string) =>
          this.#aborts.delete(fetchId) && this.tell({ type: 'playlistFetched', fetchId, text });
        const abort = edge.playlist(this.name, url, firstByteWithinMs, done, (failure) => {
          this.#aborts.delete(fetchId);
          this.tell({ type: 'playlistFailed', fetchId, failure });
        });
        this.#aborts.set(fetchId, abort);
        return;
      }
      case 'deliverSegment':
        this.#checkDelivery(effect);
        return this.#soon(() =>
          effect.loadIds.forEach((loadId) => this.player.segmentLoaded(loadId)),
        );
      case 'failSegment':
        return this.#soon(() =>
          effect.loadIds.forEach((loadId) => this.player.segmentFailed(loadId)),
        );
      case 'deliverPlaylist':
        return this.#soon(() => this.player.playlistLoaded(effect.loadId, effect.text));
      case 'failPlaylist':
        return this.#soon(() => this.player.playlistFailed(effect.loadId));
      case 'dropSegment':
        return this.store.drop(effect.segmentId);
      case 'storeSegment':
        return this.store.store(effect.segmentId);
      case 'restoreSegment': {
        const { segmentId } = effect;
        const found = this.store.restore(segmentId);
        return this.#soon(() =>
          this.tell({ type: found ? 'segmentRestored' : 'segmentLost', segmentId }),
        );
      }
      case 'dropStored':
        return this.store.dropStored(effect.segmentId);
      default:
        throw new Error(`no such effect: ${effect.type}`);
    }
  }

  #fetch({
    fetchId,
    segmentId,
    url,
    partFrom,
    partTo,
    firstByteWithinMs,
  }: Of<'fetchSegment'>): void {
    const start = partFrom * limits.partBytes;
    const end = partTo === null ? null : (partTo + 1) * limits.partBytes;
    let part = partFrom;
    let size = 0;
    let received = 0;
    const abort = this.#world.edge.download({
      url,
      range: { start, end },
      firstByteWithinMs,
      downlink: this.downlink,
      viewer: this.name,
      headers: (sizeBytes) => {
        size = sizeBytes;
        this.tell({ type: 'fetchHeaders', fetchId, sizeBytes });
      },
      body: (bytes) => {
        received += bytes;
        this.tally.bytesFromEdge += bytes;
        const partBytes = Math.min(limits.partBytes, size - part * limits.partBytes);
        if (received < partBytes) return;
        received -= partBytes;
        if (!this.store.put(segmentId, part, partBytes))
          this.tally.wasted('edgeDuplicate', partBytes);
        part += 1;
        this.tell({ type: 'fetchPart', fetchId, part: part - 1, bytes: partBytes });
      },
      ended: () => {
        this.#aborts.delete(fetchId);
        this.tell({ type: 'fetchEnded', fetchId, sizeBytes: size });
      },
      failed: (failure) => {
        this.#aborts.delete(fetchId);
        this.tally.wasted('edgeCut', received);
        this.tell({ type: 'fetchFailed', fetchId, failure });
      },
    });
    this.#aborts.set(fetchId, () => {
      this.tally.wasted('edgeCut', received);
      abort();
    });
  }

  #abort(fetchId: number): void {
    this.#aborts.get(fetchId)?.();
    this.#aborts.delete(fetchId);
  }

  #expect({ peer, requestId, segmentId, part, bytes }: Of<'expectPart'>): void {
    this.#open(peer);
    this.#expected.set(`${peer}|${requestId}`, { segmentId, part, bytes, received: 0 });
  }

  #open(peer: string): LinkEnd {
    const link = this.#links.get(peer);
    if (!link?.open) throw new Error(`core uses a link that is not open: ${this.name} to ${peer}`);
    return link;
  }

  #forgetPartsOf(peer: string): void {
    for (const [key, { received }] of this.#expected) {
      if (!key.startsWith(`${peer}|`)) continue;
      this.tally.wasted('linkLost', received);
      this.#expected.delete(key);
    }
  }

  #checkDelivery({ segmentId, bytesFromEdge, bytesByPeer }: Of<'deliverSegment'>): void {
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

  #createPlayer(): Player {
    const { edge, clock } = this.#world;
    const multivariantUrl = `${edge.baseUrl}/master.m3u8?token=${this.name}`;
    const { rendition, bufferMaxMs } = this.spec;
    const offsetMs = (): number => this.#clockOffsetMs;
    return new Player(
      clock,
      {
        wantPlaylist: (loadId, playlistId, url, multivariant) =>
          this.tell({ type: 'playlistWanted', loadId, playlistId, url, multivariant }),
        abandonPlaylist: (loadId, playlistId) =>
          this.tell({ type: 'playlistAbandoned', loadId, playlistId }),
        wantSegment: (loadId, request, deadlineMs) =>
          this.tell({
            type: 'segmentWanted',
            loadId,
            request,
            deadlineMs: deadlineMs + offsetMs(),
          }),
        abandonSegment: (loadId, segmentId) =>
          this.tell({ type: 'segmentAbandoned', loadId, segmentId }),
      },
      { multivariantUrl, rendition, bufferMaxMs },
    );
  }
}
