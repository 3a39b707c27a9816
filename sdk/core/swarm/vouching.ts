import { descriptorsUrlOf, isNameable } from '../../../signaling/protocol/identity.ts';
import type { Integrity } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { CoreEvent } from '../events.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Assembly } from './assembly.ts';
import type { SwarmParts } from './parts.ts';
import type { SegmentState } from './segment.ts';
import type { IntegrityMode } from './trust.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;
type Message<Type extends PeerMessage['type']> = Extract<PeerMessage, { type: Type }>;

/** How segments come to be vouched for: by signed descriptors, or by what independent masters read. */
export class Vouching {
  #parts: SwarmParts;
  #assembly: Assembly;
  #plan: (segment: SegmentState) => void;
  #told: IntegrityMode | null = null;
  #readAtMs = 0;
  #askAtMs = 0;

  constructor(parts: SwarmParts, assembly: Assembly, plan: (segment: SegmentState) => void) {
    this.#parts = parts;
    this.#assembly = assembly;
    this.#plan = plan;
  }

  /** What the server offers now; null when it cannot be reached. */
  offered(mode: Integrity['mode'] | null): void {
    const { context, trust, memory, announcing } = this.#parts;
    // A server that vouches for nothing is of no more help than one that is gone.
    trust.isCutOff = mode === null || mode === 'none';
    trust.offered = mode ?? trust.offered;
    if (trust.mode !== this.#told) {
      this.#told = trust.mode;
      context.emit({ type: 'integrity', mode: trust.mode });
      if (!trust.checks) this.#offerAll();
      this.ask();
    }
    // From now on peers tell what they know of it.
    if (trust.isCutOff && trust.checks)
      for (const segment of memory.segments.values())
        if (segment.wanted && !segment.complete) announcing.wanted(segment);
  }

  /**
   * The server follows the live edge by itself. Of the rest it reads what this viewer plays, or peers want of it: one
   * after another, and again for as long as it is wanted.
   */
  ask(): void {
    const { context, trust, memory, room } = this.#parts;
    const { nowMs } = context;
    // Whoever says anything before it is welcome is turned away.
    if (trust.offered === 'none' || trust.isCutOff || !room.isJoined) return;
    if (nowMs < this.#askAtMs) return context.wakeAt(this.#askAtMs);
    let next: SegmentState | null = null;
    for (const segment of memory.segments.values()) {
      if (!this.#isWanting(segment)) continue;
      const againMs = segment.askedAtMs + limits.attestRetryMs;
      if (againMs > nowMs) context.wakeAt(againMs);
      else if (!next?.active) next = segment;
    }
    if (!next) return;
    const { segmentId } = next;
    next.askedAtMs = nowMs;
    context.emit({ type: 'sendFrame', frame: { type: 'attest', segmentId } });
    this.#askAtMs = nowMs + limits.attestEveryMs;
    context.wakeAt(this.#askAtMs);
  }

  #isWanting({ segmentId, isInit, active, held, peers }: SegmentState): boolean {
    const { trust, directory } = this.#parts;
    if (isInit || trust.sizeBytes(segmentId) !== null) return false;
    const isWanted = active || (held.size > 0 && [...peers.values()].some(({ wants }) => wants));
    return isWanted && !directory.place(segmentId).isNearEdge && isNameable(segmentId);
  }

  handle(event: Of<'segmentVouched' | 'partVouched' | 'segmentDigested'>): void {
    if (event.type === 'segmentVouched') this.#segmentVouched(event);
    else if (event.type === 'partVouched') this.#partVouched(event);
    else this.#digested(event);
  }

  /** What was replaced is no lie: the change reaches members at different times. Nor is what masters disagree on. */
  #segmentVouched(
    { segmentId, sizeBytes, replaces }: Omit<Of<'segmentVouched'>, 'type'>,
    isProof = !replaces,
  ): void {
    const { trust, memory, announcing } = this.#parts;
    trust.vouchedSize(segmentId, sizeBytes, isProof);
    const segment = memory.segments.get(segmentId);
    // An encoder that starts over uses numbers again: what is held may be the old media, and is looked at anew.
    segment?.vouched.clear();
    for (const [peer, { blind }] of segment?.peers ?? [])
      if (segment && blind) announcing.answer(peer, segment);
    // What the own edge gives goes before, if it gives any; a copy that differs is played and not passed on.
    if (!segment || segment.complete || (segment.fetch?.answeredAtMs ?? null) !== null) return;
    this.#assembly.setSize(segment, sizeBytes);
    if (segment.active) this.#plan(segment);
  }

  #partVouched({ segmentId, part }: Of<'partVouched'>): void {
    const segment = this.#parts.memory.segments.get(segmentId);
    if (segment?.held.has(part)) this.#assembly.vouch(segment, part);
  }

  tick(): void {
    this.ask();
    this.#read();
  }

  /**
   * Where the server is out of reach, masters read the publisher's word on what they have read too, and pass it on to
   * those that ask: it is signed, so anybody may. Others do where no master has.
   */
  #read(): void {
    const { context, room, trust, memory, directory, edges } = this.#parts;
    const { rootUrl } = directory;
    const { nowMs } = context;
    if (!trust.isCutOff || trust.mode !== 'signed' || rootUrl === null) return;
    const segmentIds = [...memory.segments.values()]
      .filter(({ segmentId, complete, bytesAtMs }) => {
        const dueMs = bytesAtMs + (room.isMaster ? 0 : limits.descriptorsRelayMs);
        const isRecent = nowMs >= dueMs && nowMs < bytesAtMs + limits.descriptorsWithinMs;
        return complete && isRecent && trust.sizeBytes(segmentId) === null;
      })
      .map(({ segmentId }) => segmentId);
    if (segmentIds.length === 0) return;
    if (nowMs >= this.#readAtMs) {
      this.#readAtMs = nowMs + limits.descriptorsRetryMs;
      const url = descriptorsUrlOf(edges.routes.at(rootUrl));
      context.emit({ type: 'readDescriptors', url, segmentIds });
    }
    context.wakeAt(this.#readAtMs);
  }

  // --- agreement ---

  /** All of it is here: a master that has read every byte itself has a say. */
  completed(segment: SegmentState): void {
    const { context, room, trust } = this.#parts;
    const { segmentId, heldFromEdge, partCount, digests } = segment;
    const isReader = room.isMaster && heldFromEdge.size >= partCount && digests === null;
    if (isReader && trust.needsReaders(segmentId))
      context.emit({ type: 'digestSegment', segmentId });
    this.#read();
  }

  #digested({ segmentId, digests }: Of<'segmentDigested'>): void {
    const segment = this.#parts.memory.segments.get(segmentId);
    if (segment?.partCount !== digests.length) return;
    segment.digests = digests;
    this.#parts.announcing.now(segment);
    this.#count(segment);
  }

  /** A peer says what it read of the segment. */
  heard(peer: string, segment: SegmentState, { sizeBytes, digests }: Message<'holding'>): void {
    if (!digests || digests.length !== Math.ceil((sizeBytes ?? 0) / limits.partBytes)) return;
    segment.votes.set(peer, JSON.stringify({ sizeBytes, digests }));
    this.#count(segment);
  }

  /** Masters are on devices of their own, so that two of them are two that can be wrong. */
  #count(segment: SegmentState): void {
    const { context, room, trust } = this.#parts;
    const { segmentId, sizeBytes, digests, votes } = segment;
    if (!trust.needsReaders(segmentId)) return;
    if (digests) votes.set(room.viewerId ?? '', JSON.stringify({ sizeBytes, digests }));
    const counts = new Map<string, number>();
    for (const [id, vote] of votes)
      if (room.member(id)?.role === 'master') counts.set(vote, (counts.get(vote) ?? 0) + 1);
    const [best, second] = [...counts].sort(([, a], [, b]) => b - a);
    if (!best || best[1] < limits.agreementDevicesMin || best[1] === second?.[1]) return;
    const agreed = JSON.parse(best[0]) as { sizeBytes: number; digests: string[] };
    segment.votes.clear();
    context.emit({ type: 'trustDigests', segmentId, ...agreed });
    this.#segmentVouched({ segmentId, ...agreed }, false);
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
}
