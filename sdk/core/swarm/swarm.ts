import type { Integrity } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import type { CoreEvent } from '../events.ts';
import type { Edges } from '../outage/edges.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import { Ahead } from './ahead.ts';
import { Announcing } from './announcing.ts';
import { Assembly } from './assembly.ts';
import { Conversation } from './conversation.ts';
import { EdgeAnswers } from './edge-answers.ts';
import { Fetching } from './fetching.ts';
import { Memory } from './memory.ts';
import { Offering } from './offering.ts';
import type { SegmentDirectory, SwarmParts } from './parts.ts';
import type { Peers } from './peers.ts';
import { Portions } from './portions.ts';
import { Requesting } from './requesting.ts';
import type { SegmentState, SegmentStats } from './segment.ts';
import { Serving } from './serving.ts';
import { Trust } from './trust.ts';
import { Vouching } from './vouching.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

/** Gets the segments that the player wants, from peers or the edge, and passes them on. */
export class Swarm {
  /** What the edge answers to reads of segments. */
  readonly edge: EdgeAnswers;
  readonly vouching: Vouching;
  readonly portions: Portions;
  #parts: SwarmParts;
  #assembly: Assembly;
  #conversation: Conversation;
  #ahead: Ahead;

  constructor(
    context: Context,
    room: Room,
    peers: Peers,
    edges: Edges,
    directory: SegmentDirectory,
  ) {
    const trust = new Trust(context.options.integrityMin);
    const serving = new Serving(context, room, peers, trust);
    const announcing = new Announcing(context, room, peers, trust);
    const parts = {
      context,
      room,
      peers,
      directory,
      serving,
      announcing,
      edges,
      trust,
      fetching: new Fetching(context, room, peers, edges, trust),
      requesting: new Requesting(context, room, peers, trust),
      memory: new Memory(context, {
        left: ({ segmentId }) => serving.gone(segmentId, 'busy'),
        forgotten: (segment) => {
          serving.gone(segment.segmentId);
          announcing.forget(segment);
        },
      }),
    };
    this.#parts = { ...parts, offering: new Offering(parts) };
    const plan = (segment: SegmentState): void => this.#plan(segment);
    this.#assembly = new Assembly(this.#parts, (segment) => this.vouching.completed(segment));
    this.vouching = new Vouching(this.#parts, this.#assembly, plan);
    this.#conversation = new Conversation(this.#parts, this.#assembly, this.vouching, plan);
    this.edge = new EdgeAnswers(this.#parts, this.#assembly, this.#conversation, plan);
    this.#ahead = new Ahead(this.#parts, this.#conversation, plan);
    this.portions = new Portions(this.#parts, this.#ahead);
  }

  // --- the player ---

  wanted({ loadId, request, deadlineMs, onBehalf = false }: Of<'segmentWanted'>): void {
    const { context, memory, announcing, directory } = this.#parts;
    const segment = this.#conversation.segment(request.segmentId, null);
    // The URL of another viewer may carry its own token.
    const own = onBehalf ? (segment.source ?? directory.resolve(request.segmentId)) : null;
    segment.source = own ?? { url: request.url, byteRange: request.byteRange };
    segment.durationMs = request.durationMs;
    memory.use(segment);
    const isFirst = !segment.wanted;
    segment.loads.set(loadId, deadlineMs);
    segment.aheadDeadlineMs = null;
    if (!onBehalf) this.#ahead.playerWants(segment);
    if (segment.complete) {
      if (segment.place === 'memory') this.#assembly.deliver(segment);
      else this.#assembly.restore(segment);
      return;
    }
    if (isFirst) {
      if (!segment.onBehalf) segment.wantedAtMs = context.nowMs;
      announcing.wanted(segment);
      this.vouching.ask();
    }
    this.#plan(segment);
  }

  waiting(): Of<'segmentWanted'>[] {
    return this.#parts.memory.waiting();
  }

  /** Whether it is here whole. */
  holds(segmentId: string): boolean {
    return this.#parts.memory.segments.get(segmentId)?.complete === true;
  }

  abandoned({ loadId, segmentId }: Omit<Of<'segmentAbandoned'>, 'type'>): boolean {
    const segment = this.#parts.memory.segments.get(segmentId);
    if (!segment?.loads.delete(loadId)) return false;
    if (!segment.wanted && !segment.complete) this.#conversation.unwanted(segment);
    return true;
  }

  /** A newer copy of a playlist came. */
  published(playlistId: string, newestSequence: number, mediaSequence: number): void {
    this.edge.left(playlistId, mediaSequence);
    this.#ahead.published(playlistId, newestSequence);
  }

  // --- peers ---

  linked(peer: string): void {
    for (const segment of this.#parts.memory.segments.values()) {
      if (segment.wanted && !segment.complete) this.#parts.announcing.sendWant(peer, segment);
    }
  }

  unlinked(peer: string): void {
    const { memory, serving, requesting } = this.#parts;
    serving.peerClosed(peer);
    this.#parts.offering.peerClosed(peer);
    for (const segment of memory.segments.values()) {
      segment.peers.delete(peer);
      // Of those that left or were banned nobody is convinced.
      segment.votes.delete(peer);
      for (const [part, request] of [...segment.requests]) {
        if (request.peer === peer) requesting.settled(segment, part);
      }
      this.#conversation.settleBehalf(segment);
    }
    memory.peerClosed(peer);
    this.#planActive();
  }

  membersChanged(): void {
    // Who may be uploaded to, and whether at all, may have changed with them.
    this.#parts.serving.pump();
    this.#planActive();
  }

  /** Returns false when no correct peer would have sent the message. */
  message(peer: string, message: PeerMessage): boolean {
    const isRight = this.#conversation.message(peer, message);
    this.#parts.offering.consider();
    return isRight;
  }

  partProgress({ peer, requestId }: Of<'partProgress'>): void {
    const { nowMs } = this.#parts.context;
    const known = this.#parts.peers.all.get(peer);
    if (known) known.bytesAtMs = nowMs;
    const found = this.#request(peer, requestId);
    if (!found) return;
    found.request.progressAtMs = nowMs;
    found.request.firstByteAtMs ||= nowMs;
    found.segment.bytesAtMs = nowMs;
    found.segment.firstByteAtMs ||= nowMs;
  }

  partReceived({ peer, requestId, bytes }: Of<'partReceived'>): void {
    const found = this.#request(peer, requestId);
    if (!found) return;
    const { context, peers, requesting } = this.#parts;
    const { segment, part, request } = found;
    peers.sampled(peer, bytes, context.nowMs - (request.firstByteAtMs || request.askedAtMs));
    requesting.settled(segment, part);
    segment.firstByteAtMs ||= context.nowMs;
    segment.bytesByPeer.set(peer, (segment.bytesByPeer.get(peer) ?? 0) + bytes);
    // The runtime has checked it. What is merely believed must not be passed on once peers are checked again.
    if (this.#parts.trust.checks) segment.vouched.add(part);
    this.#assembly.hold(segment, part);
    // The peer has room for another.
    if (segment.active) this.#plan(segment);
    this.#parts.offering.consider();
  }

  partSent({ peer, requestId, bytes }: Of<'partSent'>): void {
    this.#parts.serving.sent(peer, requestId, bytes);
    this.#parts.offering.consider();
  }

  /** It is not what was vouched for. Where that proves no lie the peer is only left alone. */
  partForged({ peer, requestId }: Of<'partForged'>): boolean {
    const found = this.#request(peer, requestId);
    if (!found || this.#parts.trust.isProof(found.segment.segmentId)) return true;
    this.#conversation.message(peer, { type: 'refuse', requestId, reason: 'missing' });
    return false;
  }

  get checks(): boolean {
    return this.#parts.trust.checks;
  }

  offered(mode: Integrity['mode'] | null): void {
    this.vouching.offered(mode);
    this.#planActive();
  }

  // --- storage ---

  restored(segmentId: string, found: boolean): void {
    const { memory, serving } = this.#parts;
    const segment = memory.segments.get(segmentId);
    if (!segment || (segment.place === 'memory' && (found || !segment.complete))) return;
    const wasRefused = segment.place === 'storage';
    segment.place = 'memory';
    if (found) {
      segment.inMemory = true;
      // Else it would be the first to go again.
      memory.use(segment);
      if (segment.loads.size > 0) this.#assembly.deliver(segment);
      serving.held(segment);
      memory.trim();
      return;
    }
    segment.complete = false;
    segment.held.clear();
    segment.heldFromEdge.clear();
    segment.vouched.clear();
    serving.gone(segmentId);
    if (wasRefused) memory.storeFailed();
    if (segment.active) this.#plan(segment);
  }

  tick(): void {
    this.#parts.announcing.tick();
    this.vouching.tick();
    this.#parts.serving.pump();
    this.#parts.offering.consider();
    this.#planActive();
  }

  /** Of all that anything is known of, least recently used first. */
  segmentStats(): SegmentStats[] {
    return [...this.#parts.memory.segments.values()].map((each) => each.stats(this.portions.keeps));
  }

  /** Ids of all that is held whole, least recently used first. */
  heldSegments(): string[] {
    const segments = [...this.#parts.memory.segments.values()];
    return segments.filter(({ complete }) => complete).map(({ segmentId }) => segmentId);
  }

  #planActive(): void {
    const active: SegmentState[] = [];
    for (const segment of this.#parts.memory.segments.values())
      if (segment.active) active.push(segment);
    for (const segment of active) this.#plan(segment);
  }

  #plan(segment: SegmentState): void {
    const { context, fetching, requesting, announcing, directory } = this.#parts;
    this.#ahead.expire(segment);
    if (!segment.active) return;
    const fetch = fetching.consider(segment, directory.place(segment.segmentId));
    if (fetch.started) requesting.cancelFetched(segment);
    if (segment.isBeingFetched ? fetch.started : fetch.left) announcing.now(segment, true);
    else if (fetch.barred && !segment.edgeFailed) {
      // The others need not wait to find out.
      segment.edgeFailed = true;
      segment.edgeFailedAtMs = context.nowMs;
      announcing.unable(segment);
    }
    // What is read only for others comes from the edge alone: asking peers for it would be a detour.
    const askAgainMs = segment.wanted ? requesting.consider(segment) : Number.POSITIVE_INFINITY;
    if (segment.fetch || segment.requests.size > 0) segment.startedAtMs ||= context.nowMs;
    const nextMs = Math.min(fetch.nextMs, askAgainMs);
    if (Number.isFinite(nextMs)) context.wakeAt(Math.max(nextMs, context.nowMs + 1));
  }

  #request(peer: string, requestId: number) {
    const asked = this.#parts.peers.all.get(peer)?.requests.get(requestId);
    const segment = asked && this.#parts.memory.segments.get(asked.segmentId);
    const request = segment?.requests.get(asked?.part ?? -1);
    if (!asked || !segment || request?.requestId !== requestId) return null;
    return { segment, part: asked.part, request };
  }
}
