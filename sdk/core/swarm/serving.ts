import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import { isShareable } from '../wire-bounds.ts';
import type { Peers } from './peers.ts';
import type { SegmentState } from './segment.ts';
import type { Trust } from './trust.ts';

type RequestMessage = Extract<PeerMessage, { type: 'request' }>;
type RefuseReason = Extract<PeerMessage, { type: 'refuse' }>['reason'];

interface Serve {
  peer: string;
  requestId: number;
  segmentId: string;
  part: number;
  bytes: number;
  startedAtMs: number;
}

/** Parts being written at once: more only makes each slower and cancelling dearer. */
const sendsMax = 4;
/** So that two slow readers do not keep everybody else waiting. */
const sendsPerPeerMax = 2;
/** A send that takes longer has a reader that is gone or nearly so: it holds nobody up any more. */
const sendStuckMs = 1_500;
/** Shorter bursts measure the buffers of the link rather than the uplink. */
const uplinkSampleBytesMin = 4 * limits.partBytes;
/** Of the best so far that each measurement keeps: one slow reader is not a slow uplink. */
const uplinkDecay = 0.9;
/** Upload saved up while idle. */
const burstMs = 500;

/** Serves parts to peers: parked until held, then queued, then sent under the upload cap. */
export class Serving {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #trust: Trust;
  #parked = new Map<string, Serve[]>();
  #queue: Serve[] = [];
  #sending = new Map<string, Serve>();
  #busySinceMs = 0;
  #busyBytes = 0;
  #tokens = 0;
  #tokensAtMs = 0;

  constructor(context: Context, room: Room, peers: Peers, trust: Trust) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
    this.#trust = trust;
  }

  /** Returns false for the id of a request that is still open: correct peers count on. */
  requested(peer: string, message: RequestMessage, segment: SegmentState | undefined): boolean {
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
      segmentId: segment.segmentId,
      part,
      bytes: segment.partBytes(part),
      startedAtMs: 0,
    };
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

  /** Starts as many sends as the cap allows. */
  pump(): void {
    if (!this.#room.uploads) return this.#stop();
    const { nowMs, options } = this.#context;
    const bytesPerMs = options.uploadBytesPerSecondMax / 1_000;
    this.#tokens = Math.min(
      Math.max(bytesPerMs * burstMs, limits.partBytes),
      this.#tokens + (nowMs - this.#tokensAtMs) * bytesPerMs,
    );
    this.#tokensAtMs = nowMs;
    for (let serve = this.#next(); serve; serve = this.#next()) {
      if (this.#tokens < serve.bytes) {
        return this.#context.wakeAt(nowMs + Math.max(5, (serve.bytes - this.#tokens) / bytesPerMs));
      }
      this.#queue.splice(this.#queue.indexOf(serve), 1);
      this.#tokens -= serve.bytes;
      if (this.#sending.size === 0) {
        this.#busySinceMs = nowMs;
        this.#busyBytes = 0;
      }
      serve.startedAtMs = nowMs;
      const { peer, requestId, segmentId, part } = serve;
      this.#sending.set(`${peer}|${requestId}`, serve);
      this.#context.emit({ type: 'sendPart', peer, requestId, segmentId, part });
    }
    if (this.#queue.length > 0) this.#context.wakeAt(nowMs + sendStuckMs);
  }

  /** The first in the queue whose peer may be sent to now. */
  #next(): Serve | undefined {
    if (this.#queue.length === 0) return undefined;
    let moving = 0;
    const byPeer = new Map<string, number>();
    for (const { peer, startedAtMs } of this.#sending.values()) {
      if (this.#context.nowMs - startedAtMs < sendStuckMs) moving += 1;
      byPeer.set(peer, (byPeer.get(peer) ?? 0) + 1);
    }
    if (moving >= sendsMax) return undefined;
    return this.#queue.find(({ peer }) => (byPeer.get(peer) ?? 0) < sendsPerPeerMax);
  }

  /** Learns the uplink from times in which there was always something to send. */
  #measure(bytes: number): void {
    this.#busyBytes += bytes;
    const tookMs = this.#context.nowMs - this.#busySinceMs;
    if (this.#busyBytes < uplinkSampleBytesMin || tookMs <= 0) return;
    const sample = (this.#busyBytes / tookMs) * 1_000;
    const before = this.#room.uplinkBytesPerSecond ?? 0;
    this.#room.uplinkBytesPerSecond = Math.max(sample, before * uplinkDecay);
    this.#busySinceMs = this.#context.nowMs;
    this.#busyBytes = 0;
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
    return this.#waiting(peer) >= limits.requestsQueuedPerPeerMax ? 'busy' : null;
  }

  #waiting(peer: string): number {
    let count = 0;
    for (const serve of this.#waitingAll()) if (serve.peer === peer) count += 1;
    return count;
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
