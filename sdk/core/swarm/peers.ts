import * as limits from '../../../signaling/protocol/limits.ts';

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
  /** Requests that it takes at once: more with each part that comes, half with each refusal for lack of room. */
  window: number;
  /** When bytes last came from it. */
  bytesAtMs: number;
  /** Refused for lack of room, until then. */
  busyUntilMs: number;
  /** Times in a row that it let a request wait too long. */
  timeouts: number;
  bytesReceived: number;
  bytesSent: number;
  greeted: boolean;
  /** Of a master, the edge that it reads from; null before it has said. */
  edgeId: string | null;
  /** Its copies of playlists are not taken before that. */
  mutedUntilMs: number;
}

const sampleWeight = 0.3;
/** Before the first part came: 4 Mbit/s. */
const bytesPerMsUnknown = 500;

/** Most of a segment at a usual bitrate is asked for at once. */
const windowInitial = 8;
/** A peer without room is asked again after this. */
const busyMs = 300;
const timeoutPauseMs = 500;
const timeoutPauseMsMax = 8_000;
/** One that has let so many requests wait and never given anything is hardly asked any more. */
const barrenTimeouts = 3;
const barrenPauseMsMax = 60_000;

export class Peers {
  readonly all = new Map<string, Peer>();
  /** Playlists that the own player follows, as all peers were told: by that they know who comes first. */
  ownFollows: ReadonlySet<string> = new Set();
  #linked: readonly string[] | null = null;

  open(id: string): void {
    this.#linked = null;
    this.all.set(id, {
      requests: new Map(),
      bytesPerMs: null,
      follows: new Set(),
      playlistsSent: new Map(),
      window: windowInitial,
      bytesAtMs: 0,
      busyUntilMs: 0,
      timeouts: 0,
      bytesReceived: 0,
      bytesSent: 0,
      greeted: false,
      edgeId: null,
      mutedUntilMs: 0,
    });
  }

  close(id: string): Peer | undefined {
    const peer = this.all.get(id);
    this.#linked = null;
    this.all.delete(id);
    return peer;
  }

  /** It said hello. */
  greet(peer: Peer): void {
    peer.greeted = true;
    this.#linked = null;
  }

  /** Ids of peers that said hello. */
  linked(): readonly string[] {
    this.#linked ??= [...this.all.keys()].filter((id) => this.isLinked(id));
    return this.#linked;
  }

  get linkedCount(): number {
    return this.linked().length;
  }

  isLinked(id: string): boolean {
    return this.all.get(id)?.greeted === true;
  }

  follows(id: string, playlistId: string): boolean {
    return this.all.get(id)?.follows.has(playlistId) === true;
  }

  /** Ids of all playlists that some of the linked peers follow. */
  followedBy(isOne: (id: string) => boolean): string[] {
    const ids = this.linked().filter(isOne);
    return [...new Set(ids.flatMap((id) => [...(this.all.get(id)?.follows ?? [])]))];
  }

  /** Bytes exchanged with each. */
  traffic(): {
    viewerId: string;
    bytesReceived: number;
    bytesSent: number;
    edgeId: string | null;
  }[] {
    return [...this.all].map(([viewerId, { bytesReceived, bytesSent, edgeId }]) => ({
      viewerId,
      bytesReceived,
      bytesSent,
      edgeId,
    }));
  }

  hasRoom(id: string, nowMs: number): boolean {
    const peer = this.all.get(id);
    return (
      peer !== undefined &&
      // One that was asked and has never given anything is tried with a single part.
      peer.requests.size < (isBarren(peer) ? 1 : Math.floor(peer.window)) &&
      peer.busyUntilMs <= nowMs
    );
  }

  /** It says that it has room: then it has, unless it has let requests wait before. */
  takesOffer(id: string, nowMs: number): boolean {
    const peer = this.all.get(id);
    if (peer?.timeouts === 0) peer.busyUntilMs = 0;
    return this.hasRoom(id, nowMs);
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

  /** It has no room for more at this time. */
  busy(id: string, nowMs: number): void {
    const peer = this.all.get(id);
    if (!peer) return;
    // Requests that were on their way together are refused together.
    if (peer.busyUntilMs <= nowMs) peer.window = Math.max(1, peer.window / 2);
    peer.busyUntilMs = nowMs + busyMs;
  }

  /** It gave nothing in time: it is left alone for a while, longer each time. */
  timedOut(id: string, nowMs: number): void {
    const peer = this.all.get(id);
    if (!peer) return;
    const pauseMsMax = isBarren(peer) ? barrenPauseMsMax : timeoutPauseMsMax;
    peer.busyUntilMs = nowMs + Math.min(pauseMsMax, timeoutPauseMs * 2 ** peer.timeouts);
    peer.timeouts += 1;
  }

  sampled(id: string, bytes: number, tookMs: number): void {
    const peer = this.all.get(id);
    if (!peer) return;
    peer.bytesReceived += bytes;
    peer.timeouts = 0;
    peer.window = Math.min(limits.requestsPerPeerMax, peer.window + 1 / peer.window);
    const sample = bytes / Math.max(1, tookMs);
    peer.bytesPerMs =
      peer.bytesPerMs === null
        ? sample
        : peer.bytesPerMs + (sample - peer.bytesPerMs) * sampleWeight;
  }
}

function isBarren({ timeouts, bytesReceived }: Peer): boolean {
  return timeouts >= barrenTimeouts && bytesReceived === 0;
}
