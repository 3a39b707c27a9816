import { limits } from '../../../signaling/protocol/limits.ts';
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
import type { SegmentDirectory, SwarmParts } from './parts.ts';
import type { Peers } from './peers.ts';
import { Requesting } from './requesting.ts';
import type { SegmentState } from './segment.ts';
import { Serving } from './serving.ts';
import { Trust } from './trust.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

/** Gets the segments that the player wants, from peers or the edge, and passes them on. */
export class Swarm {
  /** What the edge answers to reads of segments. */
  readonly edge: EdgeAnswers;
  #trust = new Trust();
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
    const trust = this.#trust;
    const serving = new Serving(context, room, peers, trust);
    const announcing = new Announcing(context, room, peers, trust);
    this.#parts = {
      context,
      room,
      peers,
      directory,
      serving,
      announcing,
      edges,
      trust,
      fetching: new Fetching(context, room, peers, edges),
      requesting: new Requesting(context, room, peers, trust),
      memory: new Memory(context, {
        left: ({ segmentId }) => serving.gone(segmentId, 'busy'),
        forgotten: (segment) => {
          serving.gone(segment.segmentId);
          announcing.forget(segment);
        },
      }),
    };
    this.#assembly = new Assembly(this.#parts);
    this.#conversation = new Conversation(this.#parts, this.#assembly, (segment) =>
      this.#plan(segment),
    );
    this.edge = new EdgeAnswers(this.#parts, this.#assembly, this.#conversation, (segment) =>
      this.#plan(segment),
    );
    this.#ahead = new Ahead(this.#parts, this.#conversation, (segment) => this.#plan(segment));
  }

  // --- the player ---

  wanted({ loadId, request, deadlineMs }: Of<'segmentWanted'>): void {
    const { context, memory, announcing } = this.#parts;
    const segment = this.#conversation.segment(request.segmentId, null);
    segment.source = { url: request.url, byteRange: request.byteRange };
    segment.durationMs = request.durationMs;
    memory.use(segment);
    const isFirst = !segment.wanted;
    segment.loads.set(loadId, deadlineMs);
    segment.aheadDeadlineMs = null;
    this.#ahead.playerWants(segment);
    if (segment.complete) {
      if (segment.place === 'memory') this.#assembly.deliver(segment);
      else this.#assembly.restore(segment);
      return;
    }
    if (isFirst) {
      if (!segment.onBehalf) segment.wantedAtMs = context.nowMs;
      announcing.wanted(segment);
    }
    this.#plan(segment);
  }

  brought({ request, sizeBytes, transferMs }: Of<'segmentBrought'>): void {
    const segment = this.#conversation.segment(request.segmentId, null);
    if (segment.complete) return;
    segment.source = { url: request.url, byteRange: request.byteRange };
    segment.durationMs = request.durationMs;
    segment.bytesFromEdge = sizeBytes;
    this.#parts.edges.succeeded(request.url, sizeBytes, transferMs);
    // The bytes in memory are the player's by now.
    for (const part of segment.held)
      if (part * limits.partBytes < sizeBytes) segment.heldFromEdge.add(part);
    this.#assembly.setSize(segment, sizeBytes);
    for (const part of segment.missingParts()) {
      segment.heldFromEdge.add(part);
      this.#assembly.hold(segment, part);
    }
  }

  abandoned({ loadId, segmentId }: Of<'segmentAbandoned'>): void {
    const segment = this.#parts.memory.segments.get(segmentId);
    if (!segment?.loads.delete(loadId) || segment.wanted || segment.complete) return;
    this.#conversation.unwanted(segment);
  }

  /** A newer copy of a playlist came. */
  published(playlistId: string, newestSequence: number): void {
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
    for (const segment of memory.segments.values()) {
      segment.peers.delete(peer);
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
    return this.#conversation.message(peer, message);
  }

  partProgress({ peer, requestId }: Of<'partProgress'>): void {
    const found = this.#request(peer, requestId);
    if (!found) return;
    const { nowMs } = this.#parts.context;
    found.request.progressAtMs = nowMs;
    found.request.firstByteAtMs ||= nowMs;
    found.segment.bytesAtMs = nowMs;
  }

  partReceived({ peer, requestId, bytes }: Of<'partReceived'>): void {
    const found = this.#request(peer, requestId);
    if (!found) return;
    const { context, peers, requesting } = this.#parts;
    const { segment, part, request } = found;
    peers.sampled(peer, bytes, context.nowMs - (request.firstByteAtMs || request.askedAtMs));
    requesting.settled(segment, part);
    segment.bytesByPeer.set(peer, (segment.bytesByPeer.get(peer) ?? 0) + bytes);
    // The runtime has checked it against the descriptor, where there is one.
    segment.vouched.add(part);
    this.#assembly.hold(segment, part);
    // The peer has room for another.
    if (segment.active) this.#plan(segment);
  }

  partSent({ peer, requestId, bytes }: Of<'partSent'>): void {
    this.#parts.serving.sent(peer, requestId, bytes);
  }

  // --- descriptors ---

  /** Whether the room has an attestor. */
  set attested(attested: boolean) {
    const wasAttested = this.#trust.attested;
    this.#trust.attested = attested;
    if (wasAttested && !attested) this.#offerAll();
    this.#planActive();
  }

  /** What waited for a descriptor that will not come may now be passed on, and taken. */
  #offerAll(): void {
    const { memory, serving, announcing } = this.#parts;
    for (const segment of memory.segments.values()) {
      if (segment.held.size > 0) {
        for (const part of segment.held) if (!segment.complete) announcing.partHeld(segment, part);
        serving.held(segment);
        announcing.now(segment);
      }
      if (segment.active) this.#assembly.peerSize(segment);
    }
  }

  segmentVouched({ segmentId, sizeBytes }: Of<'segmentVouched'>): void {
    this.#trust.vouchedSize(segmentId, sizeBytes);
    const segment = this.#parts.memory.segments.get(segmentId);
    // What the own edge gives goes before; a copy that differs is played and not passed on.
    if (!segment || segment.complete || segment.fetch) return;
    this.#assembly.setSize(segment, sizeBytes);
    if (segment.active) this.#plan(segment);
  }

  partVouched({ segmentId, part }: Of<'partVouched'>): void {
    const segment = this.#parts.memory.segments.get(segmentId);
    if (segment?.held.has(part)) this.#assembly.vouch(segment, part);
  }

  // --- storage ---

  restored(segmentId: string, found: boolean): void {
    const { memory, serving } = this.#parts;
    const segment = memory.segments.get(segmentId);
    if (!segment || (segment.place === 'memory' && (found || !segment.complete))) return;
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
    if (segment.active) this.#plan(segment);
  }

  tick(): void {
    this.#parts.announcing.tick();
    this.#parts.serving.pump();
    this.#planActive();
  }

  /** Ids of all that is held whole, least recently used first. */
  heldSegments(): string[] {
    const held: string[] = [];
    for (const segment of this.#parts.memory.segments.values())
      if (segment.complete) held.push(segment.segmentId);
    return held;
  }

  #planActive(): void {
    for (const segment of [...this.#parts.memory.segments.values()]) {
      if (segment.active) this.#plan(segment);
    }
  }

  #plan(segment: SegmentState): void {
    const { context, fetching, requesting, announcing, directory } = this.#parts;
    this.#ahead.expire(segment);
    if (!segment.active) return;
    const fetch = fetching.consider(segment, directory.isFresh(segment.segmentId));
    if (fetch.started) {
      requesting.cancelFetched(segment);
      announcing.now(segment);
    } else if (fetch.barred && !segment.edgeFailed) {
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
