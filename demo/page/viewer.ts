/** One viewer: a video element with its own hls.js and its own session. */
import Hls, { ErrorTypes, Events, type Fragment } from 'hls.js';
import {
  type BytesBySource,
  type HoldfastErrorCode,
  joinRoom,
  type RoomMessages,
  type Session,
  type SessionEvents,
  type SessionStats,
} from '../../sdk/index.ts';
import type { Role } from '../../signaling/protocol/index.ts';
import { type EdgeName, edgeNames } from '../server/edge-offers.ts';
import { Inbox, type InboxChange } from './chat/inbox.ts';
import type { Person } from './chat/people.ts';
import { edgeNeeds } from './edge-needs.ts';
import type { ViewerReading } from './holdings.ts';
import { randomId } from './page-id.ts';
import { fetchToken } from './servers.ts';
import { edgeNews } from './text.ts';

export interface ViewerOptions {
  /** Shown to the user; counts from 1. */
  number: number;
  /** Who it is to the others of the room. */
  person: Person;
  /** Names its own way to the edges. */
  line: string;
  /** That of `playlistUrl`. */
  firstEdge: EdgeName;
  playlistUrl: string;
  room: string;
  signalingUrl: string;
  /** It shares a device with the other tabs of this browser, instead of standing for one of its own. */
  isTab?: boolean;
  onSegment: (viewer: Viewer, event: SessionEvents['segment']) => void;
  /** Something that the user should know. */
  onNews: (viewer: Viewer, text: string, grave?: boolean) => void;
  onRole: (viewer: Viewer, event: SessionEvents['role']) => void;
}

/** A master reads a segment or a playlist more often than this. */
const edgeReadWithinMs = 4_000;

/** Pause between attempts to go on after hls.js has given up. */
const recoverAfterMs = 1_000;

export class Viewer {
  readonly number: number;
  readonly person: Person;
  readonly line: string;
  /** What it has heard of the room. */
  readonly inbox = new Inbox();
  /** Is told of every change of the inbox. */
  onChat: ((change: InboxChange) => void) | null = null;
  readonly video: HTMLVideoElement;
  /** Media that reached the player since the start. */
  readonly media: BytesBySource = { edge: 0, peers: 0, device: 0 };
  reason: HoldfastErrorCode | null = null;
  /** Role in the group when it was last told. */
  role: Role | null = null;
  edgeReason = '';
  /** `performance.now()` of a stall that still lasts. */
  stalledSinceMs: number | null = null;
  /** True when the browser wants a click before it plays. */
  blocked = false;
  readonly #session: Session;
  readonly #hls: Hls;
  readonly #options: ViewerOptions;
  /** The one that is on the screen. */
  #fragment: Fragment | null = null;
  #edgeRead = { bytes: 0, atMs: Number.NEGATIVE_INFINITY };
  #recovering: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.number = options.number;
    this.person = options.person;
    this.line = options.line;
    this.video = document.createElement('video');
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true });
    this.video.setAttribute('aria-label', `Live stream of viewer ${options.number}`);
    this.#session = joinRoom({
      room: options.room,
      signaling: options.signalingUrl,
      token: () => fetchToken(options.room, options.person),
      media: this.video,
      upload: true,
      edges: edgeNeeds,
      // Else all viewers of this page would be one device.
      ...(options.isTab ? {} : { deviceId: `demo-${randomId()}` }),
    });
    this.#listen();
    // One worker per viewer costs more than it saves on a stream that needs no remuxing.
    const config = { enableWorker: false, liveSyncDurationCount: 4, abrEwmaDefaultEstimate: 4e6 };
    this.#hls = new Hls(this.#session.hls(config));
    this.#play();
  }

  get messages(): RoomMessages {
    return this.#session.messages;
  }

  get stats(): SessionStats {
    return this.#session.stats();
  }

  /** The one that it reads from; before it knows of any, that of its playlist. */
  get edge(): EdgeName {
    const { edgeId } = this.stats;
    return edgeNames.find((name) => name === edgeId) ?? this.#options.firstEdge;
  }

  /** For the map of what is held where. */
  reading(nowMs: number): ViewerReading {
    const { stats, video } = this;
    const bytes = stats.bytesFromEdge;
    if (bytes !== this.#edgeRead.bytes) this.#edgeRead = { bytes, atMs: nowMs };
    return {
      number: this.number,
      role: stats.groupRole,
      edge: this.edge,
      health: stats.edgeHealth,
      reason: this.edgeReason,
      readsEdge: nowMs - this.#edgeRead.atMs < edgeReadWithinMs,
      playhead: this.#playhead(),
      playbackRate: video.playbackRate,
      isStalled: this.stalledSinceMs !== null,
      segments: stats.segments,
    };
  }

  /** Of the stream; null before the first frame. */
  get segmentMs(): number | null {
    return this.#fragment ? this.#fragment.duration * 1_000 : null;
  }

  /** In segments, by their sequence numbers. */
  #playhead(): number | null {
    if (!this.#fragment || typeof this.#fragment.sn !== 'number') return null;
    const { sn, start, duration } = this.#fragment;
    return sn + Math.max(0, this.video.currentTime - start) / duration;
  }

  play(): void {
    this.video.play().then(
      () => {
        this.blocked = false;
      },
      (error: unknown) => {
        this.blocked = error instanceof DOMException && error.name === 'NotAllowedError';
      },
    );
  }

  async close(): Promise<void> {
    clearTimeout(this.#recovering);
    this.#hls.destroy();
    await this.#session.close();
  }

  #play(): void {
    this.#hls.on(Events.MANIFEST_PARSED, () => this.play());
    this.#hls.on(Events.FRAG_CHANGED, (_event, { frag }) => {
      this.#fragment = frag;
    });
    this.#hls.on(Events.ERROR, (_event, { fatal, type, details }) => {
      if (!fatal) return;
      this.#options.onNews(this, `playback failed (${details}); trying again`, true);
      this.#recovering = setTimeout(() => {
        if (type === ErrorTypes.MEDIA_ERROR) this.#hls.recoverMediaError();
        else if (this.#hls.levels.length > 0) this.#hls.startLoad();
        else this.#hls.loadSource(this.#options.playlistUrl);
      }, recoverAfterMs);
    });
    this.#hls.loadSource(this.#options.playlistUrl);
    this.#hls.attachMedia(this.video);
  }

  #tell(change: InboxChange | null): void {
    if (change) this.onChat?.(change);
  }

  #listen(): void {
    const { onNews, onRole, onSegment } = this.#options;
    const session = this.#session;
    session.on('status', ({ reason }) => {
      this.reason = reason;
    });
    session.on('role', (event) => onRole(this, event));
    session.on('message', ({ message, isHistory }) =>
      this.#tell(this.inbox.add(message, isHistory)),
    );
    session.on('messageRemoved', ({ id }) => this.#tell(this.inbox.remove(id)));
    session.on('segment', (event) => {
      this.media.edge += event.bytes.edge;
      this.media.peers += event.bytes.peers;
      onSegment(this, event);
    });
    session.on('edge', ({ health, reason }) => {
      // Why it has another is told beside the table of edges.
      const isAnother = reason === 'another edge';
      this.edgeReason = isAnother ? '' : reason;
      if (!isAnother) onNews(this, edgeNews(health, reason));
    });
    session.on('stall', ({ startedAtMs, durationMs }) => {
      this.stalledSinceMs = durationMs === null ? startedAtMs : null;
      if (durationMs === null) onNews(this, 'ran out of media and stands still', true);
      else onNews(this, `plays again after ${(durationMs / 1_000).toFixed(1)} s`);
    });
    session.on('error', ({ message, fatal }) => {
      if (fatal) onNews(this, `cannot use the room: ${message}`, true);
    });
  }
}
