import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { PeerMessage } from '../peer-wire.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import type { SegmentState } from './segment.ts';

type RequestMessage = Extract<PeerMessage, { type: 'request' }>;
type RefuseReason = Extract<PeerMessage, { type: 'refuse' }>['reason'];

interface Serve {
  peer: string;
  requestId: number;
  segmentId: string;
  part: number;
  bytes: number;
}

/** Parts being written at once: more only makes each slower and cancelling dearer. */
const sendsMax = 4;
/** Upload saved up while idle. */
const burstMs = 500;

/** Serves parts to peers: parked until held, then queued, then sent under the upload cap. */
export class Serving {
  #context: Context;
  #room: Room;
  #peers: Peers;
  #parked = new Map<string, Serve[]>();
  #queue: Serve[] = [];
  #sending = new Map<string, Serve>();
  #tokens = 0;
  #tokensAtMs = 0;

  constructor(context: Context, room: Room, peers: Peers) {
    this.#context = context;
    this.#room = room;
    this.#peers = peers;
  }

  requested(peer: string, message: RequestMessage, segment: SegmentState | undefined): void {
    const refusal = this.#refusal(peer, message, segment);
    if (refusal || !segment) return this.#refuse(peer, message.requestId, refusal ?? 'missing');
    const { requestId, part } = message;
    const serve = {
      peer,
      requestId,
      segmentId: segment.segmentId,
      part,
      bytes: segment.partBytes(part),
    };
    if (segment.held.has(part) && segment.place === 'memory') this.#queue.push(serve);
    else
      this.#parked.set(segment.segmentId, [...(this.#parked.get(segment.segmentId) ?? []), serve]);
    this.pump();
  }

  /** A part came: whoever waits for it goes to the front, so that it travels on at once. */
  held(segment: SegmentState): void {
    const parked = this.#parked.get(segment.segmentId);
    if (!parked) return;
    const ready = parked.filter((serve) => segment.held.has(serve.part));
    const waiting = parked.filter((serve) => !segment.held.has(serve.part));
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

  /** What was held of the segment is gone too. */
  gone(segmentId: string): void {
    this.notComing(segmentId);
    const queued = this.#queue.filter((serve) => serve.segmentId === segmentId);
    this.#queue = this.#queue.filter((serve) => serve.segmentId !== segmentId);
    for (const serve of queued) this.#refuse(serve.peer, serve.requestId, 'missing');
  }

  isServing(segmentId: string): boolean {
    if (this.#parked.has(segmentId) || this.#queue.some((serve) => serve.segmentId === segmentId))
      return true;
    for (const serve of this.#sending.values()) if (serve.segmentId === segmentId) return true;
    return false;
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
    this.pump();
  }

  /** Starts as many sends as the cap allows. */
  pump(): void {
    const { nowMs, options } = this.#context;
    const bytesPerMs = options.uploadBytesPerSecondMax / 1_000;
    this.#tokens = Math.min(
      Math.max(bytesPerMs * burstMs, limits.partBytes),
      this.#tokens + (nowMs - this.#tokensAtMs) * bytesPerMs,
    );
    this.#tokensAtMs = nowMs;
    while (this.#queue.length > 0 && this.#sending.size < sendsMax) {
      const serve = this.#queue[0] as Serve;
      if (this.#tokens < serve.bytes) {
        return this.#context.wakeAt(nowMs + Math.max(5, (serve.bytes - this.#tokens) / bytesPerMs));
      }
      this.#queue.shift();
      this.#tokens -= serve.bytes;
      const { peer, requestId, segmentId, part } = serve;
      this.#sending.set(`${peer}|${requestId}`, serve);
      this.#context.emit({ type: 'sendPart', peer, requestId, segmentId, part });
    }
  }

  #refusal(
    peer: string,
    message: RequestMessage,
    segment: SegmentState | undefined,
  ): RefuseReason | null {
    if (!this.#room.uploads) return 'policy';
    if (!segment || (!segment.complete && !segment.active && !segment.held.has(message.part)))
      return 'missing';
    if (segment.sizeBytes !== null && message.part >= segment.partCount) return 'missing';
    // It waits for us and we for it: one of the two must look elsewhere.
    if (segment.requests.get(message.part)?.peer === peer) return 'cycle';
    return this.#waiting(peer) >= limits.requestsQueuedPerPeerMax ? 'busy' : null;
  }

  #waiting(peer: string): number {
    let count = this.#queue.filter((serve) => serve.peer === peer).length;
    for (const parked of this.#parked.values())
      count += parked.filter((serve) => serve.peer === peer).length;
    return count;
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
