import type { EdgeHealth } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import { EdgeRoutes } from '../edges/routes.ts';
import type { FetchFailure } from '../events.ts';
import type { Room } from '../room/room.ts';
import { Drain } from './drain.ts';
import { EdgeNews } from './edge-news.ts';
import {
  answeredAtMs,
  type EdgeState,
  EdgeStates,
  firstByteTook,
  isProven,
  isRecovering,
  lanesOf,
  mediaTook,
  noteFailure,
  noteSuccess,
  openOnce,
  suspect,
} from './edge-state.ts';
import * as edgeThresholds from './edge-thresholds.ts';
import { isDoubtful, isDown, judge, type Lane, otherOf, type Resource } from './health.ts';
import { Hearsay } from './hearsay.ts';
import { OwnNetwork } from './own-network.ts';
import { Turns } from './turns.ts';

const never = Number.POSITIVE_INFINITY;

/**
 * What this viewer sees of each edge (by scheme and host), and when it may be asked again. What is asked before a read is
 * of the edge that would be read from, whichever the player's URL names; what is told after it, of the one that was.
 */
export class Edges {
  #context: Context;
  #room: Room;
  readonly routes: EdgeRoutes;
  #turns: Turns;
  #hearsay: Hearsay;
  readonly network: OwnNetwork;
  #drain = new Drain();
  #askedUrl = '';
  #states = new EdgeStates();
  #news: EdgeNews;

  constructor(context: Context, room: Room, changed: (health: EdgeHealth, reason: string) => void) {
    this.#context = context;
    this.#room = room;
    const moved = (chosenUrl: string | null) => this.#news.moved(chosenUrl ?? this.#askedUrl);
    this.routes = new EdgeRoutes(context, room, moved);
    this.#news = new EdgeNews(context, room, this.routes, this.#states, changed);
    this.#turns = new Turns(room);
    this.#hearsay = new Hearsay(room);
    this.network = new OwnNetwork(context, room);
  }

  /** The last attempt failed, or it is the last resort of one whose other edges have failed: others go first. */
  isDoubtful(url: string, resource: Resource = 'segments'): boolean {
    return isDoubtful(this.#chosen(url), resource) || this.routes.failingCount > 1;
  }

  /** Nothing but probes is sent to it. */
  isDown(url: string, resource: Resource = 'segments'): boolean {
    return isDown(this.#chosen(url), resource);
  }

  /** Earliest time for a further attempt; the past when nothing is wrong. */
  nextAttemptAtMs(url: string, resource: Resource = 'segments'): number {
    const state = this.#chosen(url);
    const lane = state[resource];
    // Who has reason to doubt it looks once before counting on it.
    if (!isDown(state, resource) && resource === 'segments' && state.checkAtMs !== null)
      return Math.max(lane.nextAttemptAtMs, state.checkAtMs);
    if (!isDown(state, resource) || lane.halfOpen) return lane.nextAttemptAtMs;
    // Where both are down, one of them asks for both.
    const isShared =
      isDown(state, otherOf(resource)) &&
      (resource === 'playlists' || state.playlists.failures > 0);
    const turn = Math.max(state.turn, this.#turns.at(this.#context.nowMs));
    return this.#turns.probeAtMs(turn, isShared ? resource : null);
  }

  /** When this playlist's edge is to be looked at although peers bring the playlist; infinite where it need not. */
  lookAtMs(url: string, targetMs: number): number {
    const state = this.#chosen(url);
    if (isDown(state, 'playlists')) return this.nextAttemptAtMs(url, 'playlists');
    if (state.checkAtMs !== null) return state.checkAtMs;
    return this.#room.isMaster
      ? answeredAtMs(state) + targetMs * edgeThresholds.heardFactor
      : never;
  }

  /** How long after the last try an edge that is about to be well again is looked at; null when all is well. */
  recheckMs(url: string): number | null {
    return isRecovering(this.#chosen(url)) ? edgeThresholds.recheckMs : null;
  }

  /** The network may be back: what seemed to be the edge's fault is tried at once. */
  disturbed(): void {
    for (const state of this.#states.all()) openOnce(state);
  }

  /** A request goes out: the next probe has to wait for the next turn. */
  attempted(url: string, resource: Resource = 'segments'): void {
    const state = this.#state(url);
    if (resource === 'playlists') state.checkAtMs = null;
    if (!isDown(state, resource)) return;
    state[resource].halfOpen = false;
    const turn = this.#turns.at(this.#context.nowMs) + 1;
    state.turn = turn;
    // A turn is for one of those that could give the same.
    for (const other of this.routes.othersOf(url)) this.#state(other).turn = turn;
  }

  /** It answers here while those that read for the group get nothing. */
  isProven(url: string): boolean {
    return isProven(this.#chosen(url), this.#context.nowMs);
  }

  /** A peer could not read what it tried: whoever has not looked lately does so, not all at the same time. */
  heardUnable(peer: string): void {
    const { nowMs } = this.#context;
    const isTold = this.#hearsay.isTold(peer, nowMs);
    // Those that the group counts on find out for it whether it is an outage.
    const isNeeded = isTold || this.#room.isMaster;
    const provenMs = isNeeded ? edgeThresholds.provenMs : edgeThresholds.evidenceMs;
    for (const state of this.#states.all()) {
      if (isTold) suspect(state, nowMs);
      const withinMs = this.#room.isMaster ? 0 : edgeThresholds.spreadMs(this.#room.members.length);
      this.#check(state, provenMs, withinMs * this.#context.options.random());
    }
  }

  /** What it gives; null before it was measured, and while it fails. */
  pace(url: string): { bytesPerMs: number; firstByteMs: number } | null {
    const { segments, pace } = this.#chosen(url);
    return pace.isSampled && segments.failures === 0 ? pace : null;
  }

  /** Predicted time to read so many bytes. */
  estimateMs(url: string, bytes: number): number {
    return this.#chosen(url).pace.estimateMs(bytes);
  }

  /** How long to wait for the answer of this very edge; `alone` when no peer could help meanwhile. */
  firstByteWithinMs(url: string, alone: boolean): number {
    const deadlineMs = this.routes.deadlineMs(url);
    if (deadlineMs !== null) return deadlineMs;
    const { firstByteWithinMs } = this.#state(url).pace;
    if (!alone) return firstByteWithinMs;
    // One that is only slow is better than none.
    return this.routes.othersOf(url).length === 0
      ? edgeThresholds.firstByteAloneMs
      : Math.max(firstByteWithinMs, edgeThresholds.firstByteLastMs);
  }

  /** How long its answer may pause. */
  stalledAfterMs(url: string): number {
    return this.routes.hasOther(url) ? edgeThresholds.stalledWithOthersMs : limits.edgeStallMs;
  }

  /** The same playlist on the edge that it should be read from: on the chosen one where that is to be looked at itself. */
  look(url: string, targetMs: number): string {
    const isCheck = this.lookAtMs(url, targetMs) <= this.#context.nowMs;
    // What answers again is asked until it is well: who is fed by others asks for nothing else.
    const isOwn = isCheck || isRecovering(this.#chosen(url));
    return isOwn ? this.routes.route(url, 0) : this.routes.look(url);
  }

  firstByte(url: string, tookMs: number): void {
    this.routes.answered(url, tookMs);
    firstByteTook(this.#state(url), tookMs);
  }

  /** `mediaMs`: how much media the bytes are, where that says how fast is fast enough. */
  succeeded(
    url: string,
    bytes: number,
    tookMs: number,
    mediaMs: number | null = null,
    resource: Resource = 'segments',
  ): void {
    const state = this.#state(url);
    this.routes.gave(url, bytes, tookMs);
    if (bytes >= edgeThresholds.sampleBytesMin || tookMs >= edgeThresholds.sampleMsMin)
      state.pace.sample(bytes, tookMs);
    if (mediaMs !== null) mediaTook(state, tookMs, mediaMs);
    const wasDark = state.health === 'dark';
    const wasProven = isProven(state, this.#context.nowMs);
    state.pace.answered();
    const lane = state[resource];
    noteSuccess(state, lane, this.#context.nowMs);
    this.#room.edgeSeenAtMs = this.#context.nowMs;
    this.#outcome(state, lane, false);
    if (!wasProven && isProven(state, this.#context.nowMs)) this.#room.changed(true);
    // The other kind is worth a try now.
    if (wasDark) openOnce(state);
  }

  /** A read was left because peers were faster: what it had brought by then says how fast the edge is. */
  left(url: string, bytes: number, tookMs: number): void {
    // Without a byte so far, it may be that one chunk is about to come.
    if (tookMs < (bytes > 0 ? edgeThresholds.leftAfterMsMin : edgeThresholds.leftEmptyMsMin))
      return;
    this.#state(url).pace.sample(bytes || limits.chunkBytes, tookMs);
    this.routes.gave(url, bytes, tookMs);
  }

  /**
   * `isGone`: no wonder that it is not there, which says nothing of the edge. Returns whether another edge may give what
   * this one did not, and can be asked at once.
   */
  failed(
    url: string,
    failure: FetchFailure,
    resource: Resource = 'segments',
    isGone = false,
  ): boolean {
    const state = this.#state(url);
    const { nowMs, options } = this.#context;
    if (isGone) {
      // But an edge that did not even answer is there again; one that answers no to everything is as it was.
      if (isDown(state, resource) && !state.isAnswered) this.succeeded(url, 0, 0, null, resource);
      return false;
    }
    const lane = state[resource];
    if (failure.reason === 'offline' || (failure.status === null && this.network.isLost())) {
      lane.nextAttemptAtMs = this.#turns.next(this.#turns.at(nowMs) + 1).atMs;
      this.#news.ownNetwork(state);
      return false;
    }
    this.routes.failed(url, resource);
    // Who reads from another one by now is not told how this one does.
    this.routes.route(url, 0);
    noteFailure(state, lane, failure, nowMs);
    const backoffMs = (limits.edgeProbeIntervalMs / 4) * lane.failures;
    lane.nextAttemptAtMs = nowMs + backoffMs * (0.8 + 0.4 * options.random());
    this.#outcome(state, lane, true);
    // While others feed this viewer nothing else would tell chance from an outage.
    if (!isDown(state, resource)) this.#checkAt(state, lane.nextAttemptAtMs);
    return this.routes.hasOther(url);
  }

  /** `bufferMs`: media ahead of the playhead. */
  buffered(bufferMs: number | null): void {
    const { nowMs } = this.#context;
    const isDraining = this.#drain.measured(bufferMs, nowMs);
    for (const state of this.#states.all()) {
      const isNews = isDraining ? state.strain === null : state.strain === 'buffer';
      if (isNews) state.strain = isDraining ? 'buffer' : null;
      if (isNews && isDraining) this.#check(state, edgeThresholds.provenMs);
      // Doubts go by themselves, with time.
      if (isNews || state.health === 'strained') this.#judge(state);
    }
  }

  /** Looks at the edge itself after a while, unless it has been there so lately or is known to be gone. */
  #check(state: EdgeState, provenMs: number, afterMs = 0): void {
    const { nowMs } = this.#context;
    if (state.health === 'dark' || state.checkAtMs !== null) return;
    if (nowMs - answeredAtMs(state) >= provenMs) this.#checkAt(state, nowMs + afterMs);
  }

  #checkAt(state: EdgeState, atMs: number): void {
    state.checkAtMs = atMs;
    this.#context.wakeAt(Math.max(this.#context.nowMs + 1, atMs));
  }

  #outcome(state: EdgeState, { outcomes }: Lane, failed: boolean): void {
    outcomes.push(failed);
    if (outcomes.length > edgeThresholds.outcomesMax) outcomes.shift();
    this.#judge(state);
  }

  #judge(state: EdgeState): void {
    const [health, reason] = judge(state, this.#context.nowMs);
    if (state.health === health) return;
    // What was before does not count against an edge that is back.
    if (health === 'healthy' && state.health === 'recovering')
      for (const lane of lanesOf(state)) lane.outcomes = [];
    state.health = health;
    this.#news.judged(state, reason);
  }

  /** Of the edge that would be read from. */
  #chosen(url: string): EdgeState {
    this.#askedUrl = url;
    return this.#state(this.routes.at(url));
  }

  #state(url: string): EdgeState {
    return this.#states.of(url, this.#context.nowMs);
  }
}
