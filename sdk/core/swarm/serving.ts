import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import type { Peers } from './peers.ts';
import type { SegmentState } from './segment.ts';
import type { Trust } from './trust.ts';
import { Uplink } from './uplink.ts';
import { UploadCap } from './upload-cap.ts';

type RequestMessage = Extract<PeerMessage, { type: 'request' }>;
type RefuseReason = Extract<PeerMessage, { type: 'refuse' }>['reason'];

interface Serve {
  peer: string;
  requestId: number;
  segment: SegmentState;
  segmentId: string;
  part: number;
  bytes: number;
  startedAtMs: number;
}

/** Parts being written at once, to peers of their own: where packets get lost a link carries less than the uplink. */
const sendsMax = 3;
/** A send that takes longer has a reader that is gone or nearly so: it holds nobody up any more. */
const sendStuckMs = 1_500;
/** What would wait longer for its turn comes sooner from somebody else. */
const queuedMs = 400;
/** With what is still to come here and then to be passed on. */
const promisedMs = 2_000;

/** Serves parts to peers: parked until held, then queued, then sent under the upload cap. */
export class Serving {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #trust: Trust;
  #parked = new Map<string, Serve[]>();
  #queue: Serve[] = [];
  #sending = new Map<string, Serve>();
  #uplink = new Uplink();
  #cap: UploadCap;

  constructor(context: Context, room: Room, peers: Peers, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#trust = trust;
    this.#cap = new UploadCap(context.options.uploadBytesPerSecondMax);
  }

  /** Returns false for the id of a request that is still open: correct peers count on. */
  requested(
    peer: string,
    message: RequestMessage,
    segment: SegmentState | undefined,
    isOffered: boolean,
  ): boolean {
    if (this.#isOpen(peer, message.requestId)) return false;
    const refusal = this.#refusal(peer, message, segment);
    if (refusal || !segment) {
      this.#refuse(peer, message.requestId, refusal ?? 'missing');
      return true;
    }
    const { requestId, part } = message;
    const serve = {
      peer,
      requestId,
      segment,
      segmentId: segment.segmentId,
      part,
      bytes: segment.partBytes(part),
      startedAtMs: 0,
    };
    if (!isOffered && !this.#makesRoom(serve)) {
      this.#refuse(peer, requestId, 'busy');
      return true;
    }
    const isReady = this.#trust.isServable(segment, part) && segment.place === 'memory';
    if (isReady) this.#queue.push(serve);
    else
      this.#parked.set(segment.segmentId, [...(this.#parked.get(segment.segmentId) ?? []), serve]);
    this.pump();
    return true;
  }

  /** The size is known now: parts beyond it will never come. */
  sized(segment: SegmentState): void {
    const parked = this.#parked.get(segment.segmentId) ?? [];
    const beyond = parked.filter(({ part }) => part >= segment.partCount);
    if (beyond.length === 0) return;
    this.#remove((serve) => beyond.includes(serve));
    for (const { peer, requestId } of beyond) this.#refuse(peer, requestId, 'missing');
  }

  /** A part came: whoever waits for it goes to the front, so that it travels on at once. */
  held(segment: SegmentState): void {
    const parked = this.#parked.get(segment.segmentId);
    if (!parked) return;
    const ready = parked.filter((serve) => this.#trust.isServable(segment, serve.part));
    const waiting = parked.filter((serve) => !this.#trust.isServable(segment, serve.part));
    if (waiting.length > 0) this.#parked.set(segment.segmentId, waiting);
    else this.#parked.delete(segment.segmentId);
    // The size may have become known only now.
    for (const serve of ready) serve.bytes = segment.partBytes(serve.part);
    this.#queue.unshift(...ready);
    this.pump();
  }

  /** No more of the segment will come here: those who wait must ask elsewhere. */
  notComing(segmentId: string): void {
    for (const serve of this.#parked.get(segmentId) ?? [])
      this.#refuse(serve.peer, serve.requestId, 'missing');
    this.#parked.delete(segmentId);
  }

  /**
   * What was held of the segment is gone from memory too. The parts being sent go on: the link has their bytes.
   * `busy` where it may be asked for again.
   */
  gone(segmentId: string, reason: 'missing' | 'busy' = 'missing'): void {
    const waiting = [...(this.#parked.get(segmentId) ?? []), ...this.#queue].filter(
      (serve) => serve.segmentId === segmentId,
    );
    this.#parked.delete(segmentId);
    this.#queue = this.#queue.filter((serve) => serve.segmentId !== segmentId);
    for (const { peer, requestId } of waiting) this.#refuse(peer, requestId, reason);
  }

  cancelled(peer: string, requestId: number): void {
    this.#remove((serve) => serve.peer === peer && serve.requestId === requestId);
    this.pump();
  }

  peerClosed(peer: string): void {
    this.#remove((serve) => serve.peer === peer);
    this.pump();
  }

  sent(peer: string, requestId: number, bytes: number): void {
    if (!this.#sending.delete(`${peer}|${requestId}`)) return;
    const state = this.#peers.all.get(peer);
    if (state) state.bytesSent += bytes;
    this.#measure(bytes);
    this.pump();
  }

  #measure(bytes: number): void {
    this.#uplink.sent(bytes, this.#sending.size > 0 || this.#queue.length > 0, this.#context.nowMs);
    this.#room.uplinkBytesPerSecond = this.#uplink.bytesPerSecond;
  }

  /** Starts as many sends as the cap allows. */
  pump(): void {
    if (!this.#room.uploads) return this.#stop();
    const { nowMs } = this.#context;
    for (let serve = this.#next(); serve; serve = this.#next()) {
      const waitMs = this.#cap.take(serve.bytes, nowMs);
      if (waitMs > 0) return this.#context.wakeAt(nowMs + waitMs);
      this.#queue.splice(this.#queue.indexOf(serve), 1);
      serve.startedAtMs = nowMs;
      const { peer, requestId, segmentId, part } = serve;
      this.#sending.set(`${peer}|${requestId}`, serve);
      this.#context.emit({ type: 'sendPart', peer, requestId, segmentId, part });
    }
    if (this.#queue.length > 0) this.#context.wakeAt(nowMs + sendStuckMs);
  }

  /** The rarest in the queue, and of equals the first, whose peer may be sent to now. */
  #next(): Serve | undefined {
    if (this.#queue.length === 0) return undefined;
    let moving = 0;
    const busy = new Set<string>();
    for (const { peer, startedAtMs } of this.#sending.values()) {
      if (this.#context.nowMs - startedAtMs < sendStuckMs) moving += 1;
      busy.add(peer);
    }
    if (moving >= sendsMax) return undefined;
    let next: Serve | undefined;
    for (const serve of this.#queue) {
      if (busy.has(serve.peer)) continue;
      if (!next || serve.segment.holderCount(serve.part) < next.segment.holderCount(next.part))
        next = serve;
    }
    return next;
  }

  /** Uploading is not allowed any more: nothing that waits is sent, what is under way ends, and all hear of it. */
  #stop(): void {
    const waiting = [...this.#all()];
    this.#remove(() => true);
    for (const { peer, requestId } of waiting) this.#refuse(peer, requestId, 'policy');
  }

  #refusal(
    peer: string,
    message: RequestMessage,
    segment: SegmentState | undefined,
  ): RefuseReason | null {
    if (!this.#room.uploads) return 'policy';
    if (!segment || !isShareable(segment)) return 'missing';
    if (!segment.complete && !segment.active && !segment.held.has(message.part)) return 'missing';
    if (segment.sizeBytes !== null && message.part >= segment.partCount) return 'missing';
    // It waits for us and we for it: one of the two must look elsewhere.
    if (segment.requests.get(message.part)?.peer === peer) return 'cycle';
    return null;
  }

  /** Where more would wait longer here than elsewhere, what others hold already gives way to what few hold. */
  #makesRoom(serve: Serve): boolean {
    if (this.#hasRoom()) return true;
    let commonest = serve;
    for (const other of this.#waitingAll())
      if (other.segment.holderCount(other.part) > commonest.segment.holderCount(commonest.part))
        commonest = other;
    if (commonest === serve) return false;
    const { peer, requestId } = commonest;
    this.#remove((other) => other === commonest);
    this.#refuse(peer, requestId, 'busy');
    return true;
  }

  #hasRoom(): boolean {
    const { uploadBytesPerSecondMax } = this.#context.options;
    return (
      this.isIdle(0, queuedMs) &&
      this.#uplink.hasRoom(bytesOf(this.#all()), promisedMs, uploadBytesPerSecondMax)
    );
  }

  /** Whether the uplink will have nothing to send before that, with what is promised besides. */
  isIdle(promisedBytes: number, withinMs: number): boolean {
    const { uploadBytesPerSecondMax } = this.#context.options;
    const waiting = [...this.#queue, ...this.#sending.values()];
    return this.#uplink.hasRoom(
      bytesOf(waiting) + promisedBytes,
      withinMs,
      uploadBytesPerSecondMax,
    );
  }

  /** Parts of a segment that wait for this peer here, or are on their way to it. */
  promised(peer: string, segmentId: string): ReadonlySet<number> {
    const parts = new Set<number>();
    for (const serve of this.#all())
      if (serve.peer === peer && serve.segmentId === segmentId) parts.add(serve.part);
    return parts;
  }

  #isOpen(peer: string, requestId: number): boolean {
    for (const serve of this.#all())
      if (serve.peer === peer && serve.requestId === requestId) return true;
    return false;
  }

  *#waitingAll(): Generator<Serve> {
    yield* this.#queue;
    for (const parked of this.#parked.values()) yield* parked;
  }

  *#all(): Generator<Serve> {
    yield* this.#waitingAll();
    yield* this.#sending.values();
  }

  #remove(matches: (serve: Serve) => boolean): void {
    this.#queue = this.#queue.filter((serve) => !matches(serve));
    for (const [segmentId, parked] of this.#parked) {
      const left = parked.filter((serve) => !matches(serve));
      if (left.length > 0) this.#parked.set(segmentId, left);
      else this.#parked.delete(segmentId);
    }
    for (const [key, serve] of this.#sending) {
      if (!matches(serve)) continue;
      this.#sending.delete(key);
      this.#context.emit({ type: 'dropSend', peer: serve.peer, requestId: serve.requestId });
      // Half of it has gone, on average. Not to count it would leave an uplink unmeasured that is too slow for all who ask.
      this.#measure(serve.bytes / 2);
    }
  }

  #refuse(peer: string, requestId: number, reason: RefuseReason): void {
    if (this.#peers.all.has(peer)) {
      this.#context.emit({
        type: 'sendPeer',
        peer,
        message: { type: 'refuse', requestId, reason },
      });
    }
  }
}

function bytesOf(serves: Iterable<Serve>): number {
  let bytes = 0;
  for (const serve of serves) bytes += Math.min(serve.bytes, limits.partBytes);
  return bytes;
}
