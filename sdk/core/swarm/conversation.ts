import type { PeerMessage } from '../peer-wire.ts';
import type { Assembly } from './assembly.ts';
import type { SwarmParts } from './parts.ts';
import { peerHolds, SegmentState } from './segment.ts';
import { agrees } from './sizes.ts';
import type { Vouching } from './vouching.ts';

type Message<Type extends PeerMessage['type']> = Extract<PeerMessage, { type: Type }>;

/** What one peer can have read for it at once: what its player needs to start. */
const behalfPerPeerMax = 4;

/** What peers say about segments, and what this viewer does for them. */
export class Conversation {
  #parts: SwarmParts;
  #assembly: Assembly;
  #vouching: Vouching;
  #plan: (segment: SegmentState) => void;

  constructor(
    parts: SwarmParts,
    assembly: Assembly,
    vouching: Vouching,
    plan: (segment: SegmentState) => void,
  ) {
    this.#parts = parts;
    this.#assembly = assembly;
    this.#vouching = vouching;
    this.#plan = plan;
  }

  /** Returns false when no correct peer would have sent the message. */
  message(peer: string, message: PeerMessage): boolean {
    if (message.type === 'request') return this.#request(peer, message);
    this.#tell(peer, message);
    return true;
  }

  #tell(peer: string, message: PeerMessage): void {
    switch (message.type) {
      case 'want':
        return this.#want(peer, message);
      case 'unwant':
        return this.#unwant(peer, message.segment);
      case 'holding':
        return this.#holding(peer, message);
      case 'reading':
        return this.#reading(peer, message);
      case 'unable':
        return this.#unable(peer, message.segment);
      case 'refuse':
        return this.#refuse(peer, message);
      case 'offer':
        return this.#offer(peer, message);
      case 'decline':
        return this.#parts.offering.declined(peer, message.segment);
      case 'cancel':
        return this.#parts.serving.cancelled(peer, message.requestId);
    }
  }

  /** `causedBy`: the peer that speaks of it, or null for the own player. */
  segment(segmentId: string, causedBy: string | null): SegmentState {
    const { memory, trust } = this.#parts;
    let segment = memory.segments.get(segmentId);
    if (segment && causedBy === null) segment.causedBy = null;
    if (!segment) {
      segment = new SegmentState(segmentId);
      segment.causedBy = causedBy;
      segment.sizeBytes = trust.sizeBytes(segmentId);
      segment.sizeFromEdge = segment.sizeBytes !== null;
      memory.segments.set(segmentId, segment);
      memory.trim();
    }
    return segment;
  }

  /** Stops reading for others when nobody wants it any more, or another master can give it. */
  settleBehalf(segment: SegmentState): void {
    if (!segment.onBehalf || (this.isWantedByPeers(segment) && !this.#isServed(segment))) return;
    segment.onBehalf = false;
    if (!segment.wanted) this.#parts.fetching.abort(segment);
  }

  /** The own player does not want it any more, or never came for it. */
  unwanted(segment: SegmentState): void {
    const { announcing, requesting, fetching, serving } = this.#parts;
    announcing.unwanted(segment);
    requesting.cancelAll(segment);
    // What others already wait for is read to the end; nothing new is begun.
    if (segment.fetch && this.isWantedByPeers(segment)) {
      segment.onBehalf = true;
      segment.behalfOf = null;
    } else if (!segment.onBehalf) {
      fetching.abort(segment);
      serving.notComing(segment.segmentId);
    }
  }

  isWantedByPeers(segment: SegmentState): boolean {
    for (const [peer, view] of segment.peers) {
      if (view.wants && this.#parts.peers.isLinked(peer)) return true;
    }
    return false;
  }

  /** Masters are linked to all, so one that holds the segment can feed whoever wants it. */
  #isServed(segment: SegmentState): boolean {
    const { peers, room } = this.#parts;
    for (const [peer, view] of segment.peers) {
      const isHolder = view.complete && agrees(segment, view) && peers.isLinked(peer);
      const member = isHolder ? room.member(peer) : undefined;
      if (member?.role === 'master' && member.uploads) return true;
    }
    return false;
  }

  #want(peer: string, { segment: segmentId, blind = false }: Message<'want'>): void {
    const { context, directory, announcing } = this.#parts;
    const segment = this.segment(segmentId, peer);
    const view = segment.view(peer);
    view.wants = true;
    view.blind = blind;
    view.wantedAtMs ||= context.nowMs;
    view.complete = false;
    // An own `want` has told the peer already that nothing is held here.
    const hasNews = segment.held.size > 0 || segment.isBeingFetched || segment.sizeBytes !== null;
    if (hasNews || !segment.wanted) announcing.answer(peer, segment);
    this.#vouching.ask();
    if (segment.complete) return;
    if (!segment.active && this.#readsFor(peer, segment)) {
      const found = directory.resolve(segmentId);
      if (found) {
        segment.source ??= found;
        segment.durationMs = found.durationMs;
        segment.onBehalf = true;
        segment.behalfOf = peer;
        segment.wantedAtMs = context.nowMs;
      }
    }
    if (segment.active) this.#plan(segment);
  }

  /** A master reads what the room plays now; a peer cannot have it read a whole recording, or in vain. */
  #readsFor(peer: string, segment: SegmentState): boolean {
    const { room, directory, memory } = this.#parts;
    const isMaster = room.viewerId !== null && room.member(room.viewerId)?.role === 'master';
    if (!isMaster || !room.uploads || !directory.place(segment.segmentId).isNearEdge) return false;
    let count = 0;
    for (const { active, onBehalf, behalfOf } of memory.segments.values())
      if (active && onBehalf && behalfOf === peer) count += 1;
    return count < behalfPerPeerMax && !this.#isServed(segment);
  }

  #unwant(peer: string, segmentId: string): void {
    this.#parts.offering.declined(peer, segmentId);
    const segment = this.#parts.memory.segments.get(segmentId);
    const view = segment?.peers.get(peer);
    if (!segment || !view) return;
    view.wants = false;
    this.settleBehalf(segment);
  }

  #holding(peer: string, message: Message<'holding'>): void {
    const { context, trust } = this.#parts;
    const segment = this.segment(message.segment, peer);
    const view = segment.view(peer);
    const { sizeBytes, descriptor } = message;
    // The server, where it is there, knows better. Else of several that peers have kept the latest counts.
    const concerns = segment.active || segment.held.size > 0;
    if (descriptor && concerns && trust.isCutOff && trust.checks)
      context.emit({ type: 'lookAtDescriptor', segmentId: segment.segmentId, signed: descriptor });
    // Whoever has all of it knows how much that is.
    const complete = message.complete && sizeBytes !== null;
    const isNews =
      (complete && !view.complete) ||
      (message.fetching && view.fetchingSinceMs === 0) ||
      message.parts.some((part) => !view.parts.has(part));
    if (message.fetching && !view.fetching) view.fetchingSinceMs = context.nowMs;
    view.fetching = message.fetching;
    if (isNews || !message.fetching) view.partialBytes = 0;
    view.unable &&= !isNews;
    view.complete = complete;
    const isSized = segment.sizeBytes === sizeBytes && view.sizeBytes === sizeBytes;
    view.sizeBytes = sizeBytes;
    if (complete) view.wants = false;
    if (segment.sizeFromEdge)
      view.wrongSize ||= sizeBytes !== null && sizeBytes !== segment.sizeBytes;
    else if (sizeBytes !== null && !isSized && !trust.checks) this.#assembly.peerSize(segment);
    for (const part of message.parts) {
      if (segment.sizeBytes !== null && part >= segment.partCount) continue;
      view.parts.add(part);
      segment.excluded.get(part)?.delete(peer);
    }
    if (complete) for (const excluded of segment.excluded.values()) excluded.delete(peer);
    // What is held here already brings it no further.
    const isProgress =
      isNews &&
      (message.parts.length === 0 || message.parts.some((part) => !segment.held.has(part)));
    if (isProgress) segment.progressAtMs = context.nowMs;
    this.#vouching.heard(peer, segment, message);
    this.#parts.requesting.holds(segment, peer);
    this.settleBehalf(segment);
    if (segment.active) this.#plan(segment);
  }

  #unable(peer: string, segmentId: string): void {
    const segment = this.segment(segmentId, peer);
    const view = segment.view(peer);
    view.unable = true;
    this.#parts.edges.heardUnable(peer);
    view.fetching = false;
    if (segment.active) this.#plan(segment);
  }

  #reading(peer: string, { segment: segmentId, bytes }: Message<'reading'>): void {
    const segment = this.#parts.memory.segments.get(segmentId);
    const view = segment?.peers.get(peer);
    if (!segment || !view?.fetching || bytes <= view.partialBytes) return;
    view.partialBytes = bytes;
    segment.progressAtMs = this.#parts.context.nowMs;
  }

  /** It has room: what this viewer needs most of what it holds is asked of it. */
  #offer(peer: string, { segment: segmentId, parts }: Message<'offer'>): void {
    const { context, memory, requesting } = this.#parts;
    const segment = memory.segments.get(segmentId);
    if (segment?.wanted && segment.sizeBytes !== null) {
      const view = segment.view(peer);
      for (const part of parts) if (part < segment.partCount) view.parts.add(part);
      if (requesting.offered(segment, peer)) return;
    }
    // What is not wanted any more need not be offered by anybody else either.
    const type = segment?.wanted ? 'decline' : 'unwant';
    context.emit({ type: 'sendPeer', peer, message: { type, segment: segmentId } });
  }

  #request(peer: string, message: Message<'request'>): boolean {
    const { memory, serving, offering } = this.#parts;
    const segment = memory.segments.get(message.segment);
    if (segment?.place === 'storage') this.#assembly.restore(segment);
    return serving.requested(peer, message, segment, offering.settled(peer, segment));
  }

  #refuse(peer: string, message: Message<'refuse'>): void {
    const { context, peers, memory, requesting } = this.#parts;
    const asked = peers.all.get(peer)?.requests.get(message.requestId);
    const segment = asked && memory.segments.get(asked.segmentId);
    if (!asked || !segment) return;
    const { requestId } = message;
    requesting.settled(segment, asked.part);
    context.emit({ type: 'forgetPart', peer, requestId });
    // A peer that is busy now may be the only one to hold it.
    if (message.reason === 'busy') peers.busy(peer, context.nowMs);
    else {
      segment.exclude(asked.part, peer);
      // It says that it holds what it does not give.
      const view = segment.peers.get(peer);
      if (message.reason === 'missing' && peerHolds(view, asked.part))
        peers.timedOut(peer, context.nowMs);
    }
    if (segment.active) this.#plan(segment);
  }
}
