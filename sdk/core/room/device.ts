import type { DirectiveFrame, Role } from '../../../signaling/protocol/index.ts';
import { forgetOldest } from '../bounded.ts';
import type { Context } from '../context.ts';
import type { CoreEvent, FetchFailure, Wanted } from '../events.ts';
import * as timings from './device-timings.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

export interface DeviceListener {
  /** This viewer gets it itself. */
  load(wanted: Wanted): void;
  /** It is not wanted of it any more. */
  unload(wanted: Wanted): void;
  /** The master has given a segment, and this viewer stands by for it. */
  keep(gave: Of<'masterGave'>, wanted: Of<'segmentWanted'>, masterId: string): void;
  /** Nothing is heard of a master any more: the server is to know. */
  missed(): void;
  /** This viewer is the master from now on, in place of another. */
  leads(): void;
  /** The master was found, or is not to be found in this browser profile. */
  reachChanged(): void;
  /** The device is another one that has the same id. */
  separate(): void;
}

/**
 * The place among the viewers of one device. A slave has the master load what its player wants, inside the browser;
 * when the master goes, the next in line takes its place at once, whether or not the server has said so yet.
 */
export class Device {
  #context: Context;
  #listener: DeviceListener;
  #toldRole: Role | null = null;
  /** All viewers of the device, in the order in which they lead it. */
  #line: readonly string[] = [];
  #viewerId = '';
  #masterId: string | null = null;
  #reach: 'seeking' | 'near' | 'far' = 'seeking';
  /** When an id that several devices share is given up. */
  #separateAtMs: number | null = null;
  /** Masters that went without the server's knowing, and until when it may still name them. */
  #lost = new Map<string, number>();
  /** The last of them, when the server has yet to hear of it. */
  #missed: string | undefined;
  /** What the master was asked for. */
  #asks = new Map<number, Wanted>();
  /** What this viewer loads for others; of what it has given it may not know. */
  #serving = new Map<number, Wanted>();
  /** Asked of this viewer by others, which know before it does that it leads. */
  #early = new Map<number, { wanted: Wanted; untilMs: number }>();
  #pingAtMs = 0;
  #unanswered = 0;
  /** The master has said that it has no network. */
  #isMasterOffline = false;
  /** Newest version of each live playlist that the master gave. */
  #versions = new Map<string, number>();

  constructor(context: Context, listener: DeviceListener) {
    this.#context = context;
    this.#listener = listener;
  }

  /** Fed inside the browser, or about to be: nothing is got from anywhere else. */
  get isFed(): boolean {
    return this.#masterId !== null && this.#reach !== 'far';
  }

  /** It leads, and the server has yet to say so, and whom it is to exchange media with. */
  get isEarly(): boolean {
    return this.#masterId === null && this.#toldRole !== null && this.#toldRole !== 'master';
  }

  /** Whether what directives name are members to be linked to over the network. */
  get isLinked(): boolean {
    return this.#toldRole === 'master' || (this.#context.options.isSite && this.#reach === 'far');
  }

  follow({ deviceRole, members }: DirectiveFrame, viewerId: string): void {
    this.#viewerId = viewerId;
    const { nowMs } = this.#context;
    for (const [id, untilMs] of this.#lost) if (untilMs <= nowMs) this.#lost.delete(id);
    this.#toldRole = deviceRole;
    const isMaster = deviceRole === 'master';
    this.#line = isMaster ? [viewerId] : members.map((member) => member.viewerId);
    this.#lead();
  }

  /** Out of the room: every viewer is on its own. */
  leave(): void {
    this.#toldRole = null;
    this.#line = [];
    this.#lead();
  }

  /** Takes what the own player wants, or what others ask of this viewer; false where it is to be got as usual. */
  takes(wanted: Wanted): boolean {
    const { nowMs } = this.#context;
    if (wanted.onBehalf) {
      this.#serving.set(wanted.loadId, wanted);
      forgetOldest(this.#serving, timings.servingMax);
      if (this.#masterId === null) return false;
      const untilMs = nowMs + timings.earlyMsMax;
      this.#early.set(wanted.loadId, { wanted, untilMs });
      this.#context.wakeAt(untilMs);
      return true;
    }
    if (!this.isFed) return false;
    this.#asks.set(wanted.loadId, wanted);
    if (this.#reach === 'near') this.#ask(wanted);
    return true;
  }

  /** False for a load that it knows nothing of. */
  abandoned(loadId: number): boolean {
    if (this.#early.delete(loadId)) return true;
    if (!this.#asks.delete(loadId)) return false;
    this.#context.emit({ type: 'dropAsk', loadId });
    return true;
  }

  near(viewerId: string): void {
    if (viewerId !== this.#masterId || this.#reach === 'near') return;
    this.#reach = 'near';
    this.#separateAtMs = null;
    this.#unanswered = 0;
    for (const wanted of this.#asks.values()) this.#ask(wanted);
    this.#listener.reachChanged();
  }

  /** It is gone, or was never there. */
  gone(viewerId: string): void {
    if (viewerId !== this.#masterId) return;
    if (this.#reach === 'near') return this.#succeed(viewerId);
    this.#reach = 'far';
    if (!this.#context.options.isSite) {
      this.#separateAtMs = this.#context.nowMs + timings.separateAfterMs;
      this.#context.wakeAt(this.#separateAtMs);
    }
    this.#loadAll();
    this.#listener.reachChanged();
  }

  heard(): void {
    this.#unanswered = 0;
  }

  gave(event: Of<'masterGave'>): void {
    this.heard();
    const wanted = this.#asks.get(event.loadId);
    if (!wanted) return;
    this.#asks.delete(event.loadId);
    const { loadId, text, sizeBytes, transferMs, firstByteMs } = event;
    if (wanted.type === 'playlistWanted') {
      const { playlistId } = wanted;
      if (event.version !== undefined) this.#versions.set(playlistId, event.version);
      this.#context.emit({ type: 'deliverPlaylist', loadId, playlistId, text, fromPeer: true });
      return;
    }
    if (this.#toldRole === 'secondary') this.#listener.keep(event, wanted, this.#masterId ?? '');
    this.#context.emit({
      type: 'deliverSegment',
      loadIds: [loadId],
      segmentId: wanted.request.segmentId,
      transferMs,
      firstByteMs,
      bytesFromEdge: 0,
      bytesByPeer: {},
      bytesFromDevice: sizeBytes,
    });
  }

  /** `failure` null: it does not lead the device. */
  failed(loadId: number, failure: FetchFailure | null): void {
    this.heard();
    const wanted = this.#asks.get(loadId);
    if (!wanted) return;
    if (failure?.reason === 'offline') return this.#isOffline(wanted);
    this.#asks.delete(loadId);
    if (failure === null) this.#listener.load(wanted);
    else if (wanted.type === 'playlistWanted')
      this.#context.emit({
        type: 'failPlaylist',
        loadId,
        playlistId: wanted.playlistId,
        failure,
      });
    else {
      const { segmentId } = wanted.request;
      this.#context.emit({ type: 'failSegment', loadIds: [loadId], segmentId, failure });
    }
  }

  /** Where the own network is gone, others may have one. */
  edgeFailed(failure: FetchFailure): void {
    if (failure.reason !== 'offline') return;
    const served = [...this.#serving.values()];
    this.#serving.clear();
    for (const wanted of served) {
      this.#listener.unload(wanted);
      this.#context.emit({ type: 'refuseLoad', loadId: wanted.loadId, failure });
    }
  }

  /** What this viewer gets while its master has no network, it or the next in line can bring to all. */
  edgeAnswered(): void {
    if (this.#isMasterOffline && this.#masterId) this.#succeed(this.#masterId);
  }

  /** The next in line looks whether it has a network. The others wait for it, as long as their player can. */
  #isOffline(wanted: Wanted): void {
    const { nowMs } = this.#context;
    const [, next] = this.#line.filter((id) => !this.#lost.has(id));
    const deadlineMs =
      wanted.type === 'segmentWanted' ? wanted.deadlineMs : Number.POSITIVE_INFINITY;
    this.#isMasterOffline = true;
    if (next !== this.#viewerId && deadlineMs - nowMs > timings.urgentMs) return;
    this.#asks.delete(wanted.loadId);
    this.#listener.load(wanted);
  }

  takeMissed(): string | undefined {
    const missed = this.#missed;
    this.#missed = undefined;
    return missed;
  }

  tick(): void {
    const { nowMs } = this.#context;
    for (const [loadId, { untilMs }] of this.#early) {
      if (nowMs < untilMs) this.#context.wakeAt(untilMs);
      else {
        this.#early.delete(loadId);
        this.#context.emit({ type: 'refuseLoad', loadId, failure: null });
      }
    }
    if (this.#separateAtMs !== null && nowMs < this.#separateAtMs)
      this.#context.wakeAt(this.#separateAtMs);
    else if (this.#separateAtMs !== null) {
      this.#separateAtMs = null;
      this.#listener.separate();
    }
    this.#ping();
  }

  /** A master that hangs answers nobody, although its page is there. */
  #ping(): void {
    const [waiting] = this.#asks.values();
    if (!waiting || this.#reach !== 'near' || !this.#masterId) return;
    if (this.#context.nowMs < this.#pingAtMs) return this.#context.wakeAt(this.#pingAtMs);
    if (this.#unanswered >= timings.pingsMax) return this.#succeed(this.#masterId);
    // What was refused for want of a network is forgotten there.
    for (const wanted of this.#isMasterOffline ? this.#asks.values() : [waiting]) this.#ask(wanted);
  }

  #ask(wanted: Wanted): void {
    const { nowMs } = this.#context;
    const versionHeld =
      wanted.type === 'playlistWanted' ? (this.#versions.get(wanted.playlistId) ?? -1) : undefined;
    this.#context.emit({ type: 'askMaster', wanted: { ...wanted, versionHeld } as Wanted });
    if (nowMs < this.#pingAtMs) return;
    // Counted once in a while, however much is asked for: an answer takes a moment.
    this.#unanswered += 1;
    this.#pingAtMs = nowMs + timings.pingMs;
    this.#context.wakeAt(this.#pingAtMs);
  }

  #succeed(lost: string): void {
    this.#lost.set(lost, this.#context.nowMs + timings.lostMs);
    this.#missed = lost;
    this.#listener.missed();
    this.#lead();
    this.#listener.reachChanged();
  }

  /** Finds the first in line that is there. */
  #lead(): void {
    const first = this.#line.find((id) => !this.#lost.has(id)) ?? this.#viewerId;
    const masterId = first === this.#viewerId ? null : first;
    const wasFed = this.#masterId !== null;
    if (masterId !== this.#masterId) {
      this.#masterId = masterId;
      this.#isMasterOffline = false;
      // Whoever is linked to the others of a site stays so, unless the new master is in the same browser.
      const isLinked = wasFed && this.#context.options.isSite && this.#reach === 'far';
      this.#reach = isLinked ? 'far' : 'seeking';
      this.#separateAtMs = null;
      this.#context.emit({ type: 'watchViewer', viewerId: masterId });
    }
    if (masterId !== null) return;
    if (wasFed) this.#listener.leads();
    this.#loadAll();
    const early = [...this.#early.values()];
    this.#early.clear();
    for (const { wanted } of early) this.#listener.load(wanted);
  }

  #loadAll(): void {
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    for (const wanted of asks) this.#listener.load(wanted);
  }
}
