import { isNameable } from '../../../signaling/protocol/identity.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import type { Peers } from './peers.ts';
import type { SegmentState } from './segment.ts';
import type { Trust } from './trust.ts';

/** Parts that come within this time are told in one message. */
const announceEveryMs = 80;

interface Pending {
  segment: SegmentState;
  parts: number[];
  atMs: number;
}

/** Tells the peers that want a segment what this viewer holds of it. */
export class Announcing {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #trust: Trust;
  #pending = new Map<string, Pending>();

  constructor(context: Context, room: Room, peers: Peers, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#trust = trust;
  }

  wanted(segment: SegmentState): void {
    for (const peer of this.#peers.linked()) this.sendWant(peer, segment);
  }

  sendWant(peer: string, segment: SegmentState): void {
    if (!isShareable(segment)) return;
    const { segmentId } = segment;
    const blind = this.#trust.isBlind(segmentId) || undefined;
    this.#context.emit({
      type: 'sendPeer',
      peer,
      message: { type: 'want', segment: segmentId, blind },
    });
  }

  unwanted(segment: SegmentState): void {
    if (!isNameable(segment.segmentId)) return;
    for (const peer of this.#peers.linked()) {
      this.#context.emit({
        type: 'sendPeer',
        peer,
        message: { type: 'unwant', segment: segment.segmentId },
      });
    }
  }

  unable(segment: SegmentState): void {
    if (!isNameable(segment.segmentId)) return;
    for (const peer of this.#listeners(segment, true)) {
      this.#context.emit({
        type: 'sendPeer',
        peer,
        message: { type: 'unable', segment: segment.segmentId },
      });
    }
  }

  /** All that is held of it, to one peer that asked. */
  answer(peer: string, segment: SegmentState): void {
    const servable = [...segment.held].filter(
      (part) => part < limits.partsPerSegmentMax && this.#trust.isServable(segment, part),
    );
    this.#send(peer, segment, servable);
  }

  partHeld(segment: SegmentState, part: number): void {
    // Where the size is not known yet, it may be more than peers take.
    if (part >= limits.partsPerSegmentMax) return;
    const pending = this.#pending.get(segment.segmentId);
    if (pending) {
      pending.parts.push(part);
      return;
    }
    const atMs = this.#context.nowMs + announceEveryMs;
    this.#pending.set(segment.segmentId, { segment, parts: [part], atMs });
    this.#context.wakeAt(atMs);
  }

  /** Something that cannot wait: the fetch began or was left, the size is known, all is held. */
  now(segment: SegmentState, isFetcher = segment.isBeingFetched): void {
    const parts = this.#pending.get(segment.segmentId)?.parts ?? [];
    this.#pending.delete(segment.segmentId);
    for (const peer of this.#listeners(segment, isFetcher)) this.#send(peer, segment, parts);
  }

  /** Nothing that could be asked for yet: nobody need take over. */
  reading(segment: SegmentState, bytes: number): void {
    if (!isShareable(segment)) return;
    const { segmentId } = segment;
    for (const peer of this.#listeners(segment, true))
      this.#context.emit({
        type: 'sendPeer',
        peer,
        message: { type: 'reading', segment: segmentId, bytes },
      });
  }

  forget(segment: SegmentState): void {
    this.#pending.delete(segment.segmentId);
  }

  tick(): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.atMs <= this.#context.nowMs) this.now(pending.segment);
      else this.#context.wakeAt(pending.atMs);
    }
  }

  /**
   * Those who asked. Of an edge fetch all masters hear, or the next in rank would begin one too; and of the end those
   * that may read it for others, or they would think that this viewer still waits.
   */
  #listeners(segment: SegmentState, isFetcher: boolean): string[] {
    return this.#peers.linked().filter((peer) => {
      const view = segment.peers.get(peer);
      const isTold = isFetcher || (segment.complete && !view?.complete);
      return view?.wants || (isTold && this.#room.member(peer)?.role === 'master');
    });
  }

  #send(peer: string, segment: SegmentState, parts: number[]): void {
    if (!isShareable(segment)) return;
    const { segmentId, sizeBytes, digests } = segment;
    const complete = this.#trust.isServableWhole(segment);
    // What is here and not yet vouched for is about to be given, as what is being read is.
    const fetching = segment.isBeingFetched || (segment.complete && !complete);
    this.#context.emit({
      type: 'sendPeer',
      peer,
      message: {
        type: 'holding',
        segment: segmentId,
        sizeBytes,
        parts: complete ? [] : parts,
        complete,
        fetching,
        digests: (this.#trust.mode === 'agreement' && digests) || undefined,
      },
      // What it has once been told it knows.
      vouch: this.#trust.sizeBytes(segmentId) !== null && segment.view(peer).blind,
    });
  }
}
