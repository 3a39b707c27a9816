import type { HlsConfig } from 'hls.js';
import type { Message, MessageDraft, MessageSender } from '../signaling/protocol/index.ts';
import { createEdgeReader } from './adapters/edge-reader.ts';
import { createHlsLoaders } from './adapters/hls-loaders.ts';
import { Playback } from './adapters/playback.ts';
import { Emitter } from './emitter.ts';
import { HoldfastError } from './errors.ts';
import type { IntegrityMode, SessionEvents, SessionStats } from './events.ts';
import { type CheckedOptions, checkOptions, type RoomOptions } from './options.ts';
import { PlainLoads } from './runtime/plain-loads.ts';
import type { Runtime } from './runtime/runtime.ts';
import type { OutwardEffect } from './runtime/runtime-ports.ts';
import { SessionLoads } from './runtime/session-loads.ts';

/** The messages of a room; those of others come as `message` and `messageRemoved` events. */
export interface RoomMessages {
  /** Who this viewer is to others, by its token; null before joining. */
  readonly sender: MessageSender | null;
  /**
   * Sends a message to everybody in the room, the sender too; resolves when the server has taken it. When the connection
   * ends before that it is sent once more, and never taken twice.
   * @throws HoldfastError `message_invalid`, `message_too_large`, `message_not_allowed`, `message_rate_limited` with
   *   `retryAfterMs`, `messages_unavailable` while the room is not joined, or without an answer for 15 s
   */
  send(draft: MessageDraft): Promise<Message>;
  /**
   * Takes a message back for everybody: authors their own, moderators those of viewers and moderators, hosts all.
   * @throws HoldfastError as above, and `message_unknown` where it is not one of the last of the room
   */
  remove(id: string): Promise<void>;
}

/** A viewer's place in a live room. */
export interface Session {
  /**
   * Settings for `new Hls(...)`: the loaders that go through the room, over the app's own `config`.
   * Several players may use one session one after another; `recoverMediaError()` and re-attaching leave the room joined.
   */
  hls(config?: Partial<HlsConfig>): Partial<HlsConfig>;
  /** Listens to one event; returns the function that stops listening. */
  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void;
  /** A snapshot of what the session knows and has counted. */
  stats(): SessionStats;
  /** The element whose playhead gives deadlines, buffer and stalls. */
  media: HTMLMediaElement | null;
  /** Chat, announcements and reactions. */
  readonly messages: RoomMessages;
  /** Leaves the room; loads that are under way, and later ones, go on from the edge. */
  close(): Promise<void>;
}

/**
 * Joins a live room. Returns at once: playback starts from the edge while joining goes on beside it.
 * Nothing that happens to the room later stops playback; `status` and `error` events say what happened.
 * @throws HoldfastError `option_invalid` for options that cannot work.
 */
export function joinRoom(options: RoomOptions): Session {
  return new RoomSession(checkOptions(options));
}

class RoomSession implements Session {
  #emitter = new Emitter<SessionEvents>();
  #playback: Playback;
  #edge = createEdgeReader();
  #plain = new PlainLoads(this.#edge, () => performance.now());
  /** Null until its code is loaded. */
  #runtime: Runtime | null = null;
  #loads: SessionLoads;
  #stats: Pick<
    SessionStats,
    | 'status'
    | 'viewerId'
    | 'integrity'
    | 'deviceRole'
    | 'groupRole'
    | 'groupId'
    | 'withheld'
    | 'epoch'
    | 'edgeHealth'
  > = {
    status: 'joining',
    viewerId: null,
    integrity: null,
    deviceRole: null,
    groupRole: null,
    groupId: null,
    withheld: [],
    epoch: 0,
    edgeHealth: 'healthy',
  };
  #refusals: Record<string, number> = {};
  #hasStorageFailed = false;
  readonly messages: RoomMessages & { sender: MessageSender | null } = {
    sender: null,
    send: async (draft) => this.#calls.send(draft),
    remove: async (id) => this.#calls.remove(id),
  };

  constructor(options: CheckedOptions) {
    this.#playback = new Playback({
      onStall: (stall) => this.#emitter.emit('stall', stall),
      onBuffer: (bufferMs) => this.#runtime?.dispatch({ type: 'bufferMeasured', bufferMs }),
    });
    this.#playback.media = options.media;
    this.#loads = new SessionLoads(
      this.#plain,
      (mediaSeconds) => this.#playback.untilMs(mediaSeconds),
      options.isStream,
    );
    void this.#connect(options);
  }

  get #calls(): Runtime['messages'] {
    if (this.#runtime) return this.#runtime.messages;
    throw new HoldfastError('messages_unavailable', 'the room is not joined');
  }

  get media(): HTMLMediaElement | null {
    return this.#playback.media;
  }

  set media(media: HTMLMediaElement | null) {
    this.#playback.media = media;
  }

  hls(config: Partial<HlsConfig> = {}): Partial<HlsConfig> {
    const loaders = createHlsLoaders(this.#loads);
    return { ...config, ...loaders };
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  stats(): SessionStats {
    const runtime = this.#runtime;
    const { stallCount, stallMs, bufferMs } = this.#playback;
    return {
      ...this.#stats,
      bytesFromEdge: this.#plain.bytesFromEdge + (runtime?.bytesFromEdge ?? 0),
      bytesFromPeers: runtime?.bytesFromPeers ?? 0,
      bytesToPeers: runtime?.bytesToPeers ?? 0,
      bytesFromDevice: runtime?.bytesFromDevice ?? 0,
      bytesToDevice: runtime?.bytesToDevice ?? 0,
      bytesWasted: runtime?.bytesWasted ?? 0,
      stallCount,
      stallMs,
      bufferMs,
      edgeId: runtime?.core.edges.edgeId ?? null,
      edges: runtime?.core.edges.stats() ?? [],
      edgesExcluded: runtime?.core.edges.excluded ?? [],
      edgesFailing: runtime?.core.edges.failing ?? null,
      neighbours: runtime?.core.peers.traffic() ?? [],
      segmentsHeld: runtime?.core.swarm.heldSegments() ?? [],
      segments: runtime?.core.swarm.segmentStats() ?? [],
      refusals: { ...this.#refusals },
    };
  }

  async close(): Promise<void> {
    if (this.#stats.status === 'closed') return;
    this.#stats.status = 'closed';
    this.#playback.close();
    this.#emitter.emit('status', { status: 'closed', reason: null });
    this.#emitter.clear();
    await this.#runtime?.close();
  }

  /** Loads the code of the room beside playback and joins. */
  async #connect(options: CheckedOptions): Promise<void> {
    try {
      const { connectRoom } = await import('./runtime/connect.ts');
      if (this.#stats.status === 'closed') return this.#loads.settle(null);
      const runtime = connectRoom(options, this.#edge, this.#plain, {
        onEffect: (effect) => this.#tell(effect),
        onWelcome: ({ viewerId, sender }) => {
          this.#stats.viewerId = viewerId;
          this.messages.sender = sender;
        },
        onInvalidFrame: (message) =>
          this.#error(new HoldfastError('signaling_frame_invalid', message)),
        onStorageFailed: (cause) => this.#storageFailed(cause),
      });
      this.#runtime = runtime;
      this.#loads.settle(runtime);
    } catch (cause) {
      this.#loads.settle(null);
      if (this.#stats.status === 'closed') return;
      const reason = 'room_code_failed';
      this.#stats.status = 'alone';
      this.#emitter.emit('status', { status: 'alone', reason });
      this.#error(
        new HoldfastError(reason, 'the code of the room could not be loaded', {
          fatal: true,
          cause,
        }),
      );
    }
  }

  #judge(integrity: IntegrityMode): void {
    this.#stats.integrity = integrity;
    this.#emitter.emit('integrity', { mode: integrity });
    if (integrity === 'none' || globalThis.crypto?.subtle) return;
    const message = 'a page that is no secure context cannot check media of peers';
    this.#error(new HoldfastError('crypto_missing', message));
  }

  /** Told once: a full disk would else be told with every segment. */
  #storageFailed(cause: unknown): void {
    if (this.#hasStorageFailed) return;
    this.#hasStorageFailed = true;
    const message = 'media cannot be kept behind memory';
    this.#error(
      cause instanceof HoldfastError
        ? cause
        : new HoldfastError('storage_failed', message, { cause }),
    );
  }

  #tell(effect: OutwardEffect): void {
    switch (effect.type) {
      case 'status': {
        const { status, reason } = effect;
        this.#stats.status = status;
        return this.#emitter.emit('status', { status, reason });
      }
      case 'integrity':
        return this.#judge(effect.mode);
      case 'role': {
        const { type, ...role } = effect;
        Object.assign(this.#stats, role);
        return this.#emitter.emit(type, role);
      }
      case 'neighbours':
        return this.#emitter.emit('neighbours', { viewerIds: effect.viewerIds });
      case 'edge': {
        const { health, reason, edgeId } = effect;
        this.#stats.edgeHealth = health;
        return this.#emitter.emit('edge', { health, reason, edgeId });
      }
      case 'refused':
        this.#refusals[effect.code] = (this.#refusals[effect.code] ?? 0) + 1;
        return this.#error(new HoldfastError(effect.code, `member ${effect.peer} was refused`));
      case 'error':
        return this.#error(new HoldfastError(effect.code, effect.message, { fatal: effect.fatal }));
      case 'message': {
        const { message, isHistory } = effect;
        return this.#emitter.emit('message', { message, isHistory });
      }
      case 'messageRemoved':
        return this.#emitter.emit('messageRemoved', { id: effect.id });
      case 'setPlaybackRate':
        return this.#playback.setRate(effect.rate);
      case 'deliverSegment': {
        const { segmentId, bytesFromEdge, bytesByPeer, bytesFromDevice: device = 0 } = effect;
        const peers = Object.values(bytesByPeer).reduce((sum, bytes) => sum + bytes, 0);
        const bytes = { edge: bytesFromEdge, peers, device };
        return this.#emitter.emit('segment', { segmentId, bytes, bytesByViewer: bytesByPeer });
      }
    }
  }

  #error(error: HoldfastError): void {
    this.#emitter.emit('error', error);
  }
}
