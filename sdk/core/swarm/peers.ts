import { limits } from '../../../signaling/protocol/limits.ts';

/** What this viewer measured of one linked peer. */
export interface Peer {
  /** Requests under way, by id. */
  readonly requests: Map<number, { segmentId: string; part: number }>;
  /** Smoothed bytes per millisecond of parts it sent; null before the first. */
  bytesPerMs: number | null;
  /** Playlists that its player follows. */
  readonly follows: Set<string>;
  /** Newest version of each playlist that it was sent. */
  readonly playlistsSent: Map<string, number>;
  /** Refused for lack of room, until then. */
  busyUntilMs: number;
  /** Times in a row that it let a request wait too long. */
  timeouts: number;
  bytesReceived: number;
  bytesSent: number;
  greeted: boolean;
}

const sampleWeight = 0.3;
/** Before the first part came: 4 Mbit/s. */
const bytesPerMsUnknown = 500;

const timeoutPauseMs = 500;
const timeoutPauseMsMax = 8_000;

export class Peers {
  readonly all = new Map<string, Peer>();

  open(id: string): void {
    this.all.set(id, {
      requests: new Map(),
      bytesPerMs: null,
      follows: new Set(),
      playlistsSent: new Map(),
      busyUntilMs: 0,
      timeouts: 0,
      bytesReceived: 0,
      bytesSent: 0,
      greeted: false,
    });
  }

  close(id: string): Peer | undefined {
    const peer = this.all.get(id);
    this.all.delete(id);
    return peer;
  }

  /** Ids of peers that said hello. */
  *linked(): Generator<string> {
    for (const [id, peer] of this.all) if (peer.greeted) yield id;
  }

  get linkedCount(): number {
    let count = 0;
    for (const peer of this.all.values()) if (peer.greeted) count += 1;
    return count;
  }

  isLinked(id: string): boolean {
    return this.all.get(id)?.greeted === true;
  }

  follows(id: string, playlistId: string): boolean {
    return this.all.get(id)?.follows.has(playlistId) === true;
  }

  hasRoom(id: string, nowMs: number): boolean {
    const peer = this.all.get(id);
    return (
      peer !== undefined &&
      peer.requests.size < limits.requestsPerPeerMax &&
      peer.busyUntilMs <= nowMs
    );
  }

  /** Time until one more part would have come from it. */
  expectedMs(id: string): number {
    const peer = this.all.get(id);
    if (!peer) return Number.POSITIVE_INFINITY;
    return ((peer.requests.size + 1) * limits.partBytes) / (peer.bytesPerMs ?? bytesPerMsUnknown);
  }

  /** Relative share of requests that it can take; speeds beyond a factor of two either way are chance. */
  capacity(id: string): number {
    const peer = this.all.get(id);
    if (!peer) return 0;
    const speed = (peer.bytesPerMs ?? bytesPerMsUnknown) / bytesPerMsUnknown;
    return Math.min(2, Math.max(0.5, speed)) / (1 + peer.requests.size);
  }

  /** It gave nothing in time: it is left alone for a while, longer each time. */
  timedOut(id: string, nowMs: number): void {
    const peer = this.all.get(id);
    if (!peer) return;
    peer.busyUntilMs = nowMs + Math.min(timeoutPauseMsMax, timeoutPauseMs * 2 ** peer.timeouts);
    peer.timeouts += 1;
  }

  sampled(id: string, bytes: number, tookMs: number): void {
    const peer = this.all.get(id);
    if (!peer) return;
    peer.bytesReceived += bytes;
    peer.timeouts = 0;
    const sample = bytes / Math.max(1, tookMs);
    peer.bytesPerMs =
      peer.bytesPerMs === null
        ? sample
        : peer.bytesPerMs + (sample - peer.bytesPerMs) * sampleWeight;
  }
}
