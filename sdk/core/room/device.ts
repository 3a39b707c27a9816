import type { DirectiveFrame, Role } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { CoreEvent, FetchFailure, Wanted } from '../events.ts';
import { type Ask, ownAtMs } from './device-ask.ts';
import type { DeviceListener } from './device-listener.ts';
import { Separation } from './device-separation.ts';
import { Served } from './device-served.ts';
import * as timings from './device-timings.ts';
import { Trials } from './device-trials.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

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
  /** A master of this device was in this browser, so the others of it are or were too. */
  #wasNear = false;
  #separation: Separation;
  /** Masters that went without the server's knowing, and until when it may still name them. */
  #lost = new Map<string, number>();
  /** The last of them, when the server has yet to act on it, and when it is to be told. */
  #missed: string | undefined;
  #missedAtMs = 0;
  /** What the master was asked for. */
  #asks = new Map<number, Ask>();
  #trials: Trials;
  #served: Served;
  #pingAtMs = 0;
  #unanswered = 0;
  /** The master has said that it cannot get what it is asked for. */
  #isMasterUnable = false;
  /** Newest version of each live playlist that the master gave. */
  #versions = new Map<string, number>();

  constructor(context: Context, listener: DeviceListener) {
    this.#context = context;
    this.#listener = listener;
    this.#served = new Served(context, listener);
    this.#trials = new Trials(listener);
    this.#separation = new Separation(context);
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
    if (isMaster) this.#missed = undefined;
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
    if (wanted.onBehalf) return this.#served.keeps(wanted, this.#masterId === null);
    if (!this.isFed) return false;
    // A player that starts over has no copy of anything.
    if (wanted.type === 'playlistWanted' && wanted.multivariant) this.#versions.clear();
    const ask = { wanted, sinceMs: nowMs, movedAtMs: nowMs, isForgotten: false };
    this.#asks.set(wanted.loadId, ask);
    if (this.#reach === 'near') this.#ask(ask);
    return true;
  }

  /** False for one that it knows nothing of. */
  abandoned(loadId: number): boolean {
    this.#trials.abandoned(loadId);
    if (this.#served.abandoned(loadId)) return true;
    if (!this.#asks.delete(loadId)) return false;
    this.#context.emit({ type: 'dropAsk', loadId });
    return true;
  }

  near(viewerId: string): void {
    if (viewerId !== this.#masterId || this.#reach === 'near') return;
    this.#reach = 'near';
    this.#wasNear = true;
    this.#separation.end();
    this.#unanswered = 0;
    for (const ask of this.#asks.values()) this.#ask(ask);
    this.#listener.reachChanged();
  }

  /** It is gone, or was never there. */
  gone(viewerId: string): void {
    if (viewerId !== this.#masterId) return;
    const { isSite } = this.#context.options;
    // Whoever was to follow may have gone together with who led; of a site it may be elsewhere.
    if (this.#reach === 'near' || (this.#wasNear && !isSite)) return this.#succeed(viewerId);
    this.#reach = 'far';
    if (!isSite && this.#separation.missed()) this.#listener.separate();
    this.#loadAll();
    this.#listener.reachChanged();
  }

  /** The master works, and has more of this load. */
  heard(loadId: number | null = null): void {
    this.#unanswered = 0;
    const ask = this.#asks.get(loadId ?? -1);
    if (ask) ask.movedAtMs = this.#context.nowMs;
  }

  gave(event: Of<'masterGave'>): void {
    this.heard();
    this.#isMasterUnable = false;
    const { wanted } = this.#asks.get(event.loadId) ?? {};
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

  /**
   * `failure` null: it leads the device no more. Else it cannot get it, and the next in line, which may have a network,
   * an edge or a token that it has not, tries. The others wait for that one, as long as their player can.
   */
  failed(loadId: number, failure: FetchFailure | null): void {
    this.heard();
    const ask = this.#asks.get(loadId);
    if (!ask) return;
    this.#isMasterUnable = true;
    ask.isForgotten = true;
    // Who leads now the server is about to say; meanwhile it is asked again.
    if (failure === null) return;
    if (!this.#isNext && ownAtMs(ask, this.#isNext) > this.#context.nowMs) return;
    this.#try(ask);
  }

  /** This viewer cannot get what it is asked for, nor what it tried to get in place of its master. */
  unable(failure: FetchFailure): void {
    // What an edge answers and denies, the player is to be told.
    if (this.#masterId !== null && failure.reason !== 'status')
      for (const ask of this.#trials.end()) {
        ask.movedAtMs = this.#context.nowMs;
        ask.isForgotten = true;
        this.#asks.set(ask.wanted.loadId, ask);
      }
    this.#served.refuse(failure);
  }

  /** What this viewer gets while its master cannot, it or the next in line can bring to all. */
  edgeAnswered(): void {
    if (this.#isMasterUnable && this.#masterId) this.#succeed(this.#masterId);
  }

  get #isNext(): boolean {
    const [, next] = this.#line.filter((id) => !this.#lost.has(id));
    return next === this.#viewerId;
  }

  /** From now on another viewer gets what this one's player waits for, and what others have asked of it. */
  #yield(): void {
    const own = this.#listener.recall((loadId) => !this.#served.has(loadId));
    this.#served.refuse(null);
    for (const wanted of own) this.takes(wanted);
  }

  /** Gets it itself, and asks the master again where it cannot. */
  #try(ask: Ask): void {
    this.#asks.delete(ask.wanted.loadId);
    this.#trials.begin(ask);
  }

  /** Whom the server is to hear of now: of one that led before this viewer again and again, until that leads. */
  takeMissed(): string | undefined {
    const { nowMs } = this.#context;
    const missed = this.#missed;
    if (nowMs < this.#missedAtMs) return undefined;
    this.#missedAtMs = nowMs + timings.missedAgainMs;
    if (!this.isEarly) this.#missed = undefined;
    return missed;
  }

  tick(): void {
    this.#served.tick();
    if (this.#separation.isDue())
      this.#context.emit({ type: 'watchViewer', viewerId: this.#masterId });
    this.#hurry();
    this.#ping();
  }

  /** What the master has not got by then this viewer gets itself, first the next in line: its edge may be better. */
  #hurry(): void {
    if (this.#reach !== 'near') return;
    for (const ask of [...this.#asks.values()]) {
      const atMs = ownAtMs(ask, this.#isNext);
      if (atMs > this.#context.nowMs) {
        if (Number.isFinite(atMs)) this.#context.wakeAt(atMs);
        continue;
      }
      this.#context.emit({ type: 'dropAsk', loadId: ask.wanted.loadId });
      this.#try(ask);
    }
  }

  /** A master that hangs answers nobody, although its page is there. */
  #ping(): void {
    const [first, ...others] = this.#asks.values();
    if (!first || this.#reach !== 'near' || !this.#masterId) return;
    if (this.#context.nowMs < this.#pingAtMs) return this.#context.wakeAt(this.#pingAtMs);
    if (this.#unanswered >= timings.pingsMax) return this.#succeed(this.#masterId);
    for (const ask of [first, ...others.filter(({ isForgotten }) => isForgotten)]) this.#ask(ask);
  }

  #ask(ask: Ask): void {
    const { nowMs } = this.#context;
    const { wanted } = ask;
    ask.isForgotten = false;
    const versionHeld =
      wanted.type === 'playlistWanted' ? (this.#versions.get(wanted.playlistId) ?? -1) : undefined;
    this.#context.emit({ type: 'askMaster', wanted: { ...wanted, versionHeld } as Wanted });
    if (nowMs < this.#pingAtMs) return this.#context.wakeAt(this.#pingAtMs);
    // Counted once in a while, however much is asked for: an answer takes a moment.
    this.#unanswered += 1;
    this.#pingAtMs = nowMs + timings.pingMs;
    this.#context.wakeAt(this.#pingAtMs);
  }

  #succeed(lost: string): void {
    this.#lost.set(lost, this.#context.nowMs + timings.lostMs);
    this.#missed = lost;
    this.#missedAtMs = 0;
    this.#lead();
    this.#listener.missed();
    this.#listener.reachChanged();
  }

  /** Finds the first in line that is there. */
  #lead(): void {
    const first = this.#line.find((id) => !this.#lost.has(id)) ?? this.#viewerId;
    const masterId = first === this.#viewerId ? null : first;
    const wasFed = this.#masterId !== null;
    if (masterId !== this.#masterId) {
      this.#masterId = masterId;
      this.#isMasterUnable = false;
      // Whoever is linked to the others of a site stays so, unless the new master is in the same browser.
      const isLinked = wasFed && this.#context.options.isSite && this.#reach === 'far';
      this.#reach = isLinked ? 'far' : 'seeking';
      this.#separation.end();
      this.#context.emit({ type: 'watchViewer', viewerId: masterId });
    }
    if (masterId !== null && !wasFed) this.#yield();
    if (masterId !== null) return;
    if (wasFed) this.#listener.leads();
    this.#loadAll();
    this.#served.begin();
  }

  #loadAll(): void {
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    for (const { wanted } of asks) this.#listener.load(wanted);
  }
}
