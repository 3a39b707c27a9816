import type { HlsConfig } from 'hls.js';
import { loadDeviceId } from './adapters/device-id.ts';
import { createEdgeReader } from './adapters/edge-reader.ts';
import { createHlsLoaders } from './adapters/hls-loaders.ts';
import { watchNetworkProfile } from './adapters/network-profile.ts';
import { createPeerLinks } from './adapters/peer-link.ts';
import { Playback } from './adapters/playback.ts';
import { createSegmentStore } from './adapters/segment-store.ts';
import { createSignalingSocket } from './adapters/signaling-socket.ts';
import { Emitter } from './emitter.ts';
import { HoldfastError } from './errors.ts';
import type { SessionEvents, SessionStats } from './events.ts';
import { type CheckedOptions, checkOptions, type RoomOptions } from './options.ts';
import { type OutwardEffect, Runtime } from './runtime/runtime.ts';

/** A viewer's place in a live room. */
export interface Session {
  /**
   * Settings for `new Hls(...)`: the loaders that go through the room, over the app's own `config`.
   * Several players may use one session one after another; `recoverMediaError()` and re-attaching leave the room joined.
   */
  hls(config?: Partial<HlsConfig>): Partial<HlsConfig>;
  /** Listens to one event; returns the function that stops listening. */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void;
  /** A snapshot of what the session knows and has counted. */
  stats(): SessionStats;
  /** The element whose playhead gives deadlines, buffer and stalls. */
  media: HTMLMediaElement | null;
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
  #runtime: Runtime;
  #playback: Playback;
  #network: { close(): void };
  #stats: Pick<
    SessionStats,
    'status' | 'viewerId' | 'deviceRole' | 'groupRole' | 'groupId' | 'epoch' | 'edgeHealth'
  > = {
    status: 'joining',
    viewerId: null,
    deviceRole: null,
    groupRole: null,
    groupId: null,
    epoch: 0,
    edgeHealth: 'healthy',
  };
  #refusals: Record<string, number> = {};

  constructor(options: CheckedOptions) {
    const links = createPeerLinks();
    const network = watchNetworkProfile(
      { uploadAllowed: options.upload, peersAllowed: options.peers && links.available },
      (profile) => this.#runtime.changeProfile(profile),
    );
    this.#network = network;
    const { url, room, token, deviceId = loadDeviceId() } = options;
    const signaling = createSignalingSocket(
      { url, room, token, deviceId },
      {
        onFrame: (frame) => {
          if (frame.type === 'welcome') this.#stats.viewerId = frame.viewerId;
          this.#runtime.dispatch({ type: 'frameReceived', frame });
        },
        onInvalid: (message) => this.#error(new HoldfastError('signaling_frame_invalid', message)),
        onClose: () => this.#runtime.dispatch({ type: 'signalingClosed' }),
      },
    );
    const { uploadBytesPerSecondMax, memoryBytesMax, storageBytesMax, iceServers } = options;
    this.#runtime = new Runtime(
      {
        profile: network.profile,
        noPeersReason: links.available ? 'peers_not_allowed' : 'webrtc_missing',
        uploadBytesPerSecondMax,
        memoryBytesMax,
        storageBytesMax,
        iceServers,
        random: Math.random,
      },
      options.relayOnly,
      {
        links,
        signaling,
        edge: createEdgeReader(),
        store: storageBytesMax > 0 ? createSegmentStore({ room }) : null,
        nowMs: () => performance.now(),
      },
      (effect) => this.#tell(effect),
    );
    this.#playback = new Playback({
      onStall: (stall) => this.#emitter.emit('stall', stall),
      onBuffer: (bufferMs) => this.#runtime.dispatch({ type: 'bufferMeasured', bufferMs }),
    });
    this.#playback.media = options.media;
    // The app gets its session, and can listen, before anything happens.
    queueMicrotask(() => this.#runtime.dispatch({ type: 'started' }));
  }

  get media(): HTMLMediaElement | null {
    return this.#playback.media;
  }

  set media(media: HTMLMediaElement | null) {
    this.#playback.media = media;
  }

  hls(config: Partial<HlsConfig> = {}): Partial<HlsConfig> {
    const loaders = createHlsLoaders({
      loadSegment: (request, startSeconds, load) => {
        const deadlineMs = performance.now() + this.#playback.untilMs(startSeconds);
        return this.#runtime.loadSegment(request, deadlineMs, load);
      },
      loadPlaylist: (...args) => this.#runtime.loadPlaylist(...args),
    });
    return { ...config, ...loaders };
  }

  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  stats(): SessionStats {
    const { bytesFromEdge, bytesFromPeers, bytesToPeers, bytesWasted, core } = this.#runtime;
    const { stallCount, stallMs, bufferMs } = this.#playback;
    return {
      ...this.#stats,
      bytesFromEdge,
      bytesFromPeers,
      bytesToPeers,
      bytesWasted,
      stallCount,
      stallMs,
      bufferMs,
      neighbours: core.neighbours(),
      segmentsHeld: core.heldSegments(),
      refusals: { ...this.#refusals },
    };
  }

  async close(): Promise<void> {
    if (this.#stats.status === 'closed') return;
    this.#stats.status = 'closed';
    this.#network.close();
    this.#playback.close();
    this.#emitter.emit('status', { status: 'closed', reason: null });
    this.#emitter.clear();
    await this.#runtime.close();
  }

  #tell(effect: OutwardEffect): void {
    switch (effect.type) {
      case 'status': {
        const { status, reason } = effect;
        this.#stats.status = status;
        return this.#emitter.emit('status', { status, reason });
      }
      case 'role': {
        const { epoch, deviceRole, groupRole, groupId } = effect;
        Object.assign(this.#stats, { epoch, deviceRole, groupRole, groupId });
        return this.#emitter.emit('role', { epoch, deviceRole, groupRole, groupId });
      }
      case 'neighbours':
        return this.#emitter.emit('neighbours', { viewerIds: effect.viewerIds });
      case 'edge': {
        const { health, reason } = effect;
        this.#stats.edgeHealth = health;
        return this.#emitter.emit('edge', { health, reason });
      }
      case 'refused':
        this.#refusals[effect.code] = (this.#refusals[effect.code] ?? 0) + 1;
        return this.#error(new HoldfastError(effect.code, `member ${effect.peer} was refused`));
      case 'error':
        return this.#error(new HoldfastError(effect.code, effect.message, { fatal: effect.fatal }));
      case 'deliverSegment': {
        const { segmentId, bytesFromEdge, bytesByPeer } = effect;
        const peers = Object.values(bytesByPeer).reduce((sum, bytes) => sum + bytes, 0);
        const bytes = { edge: bytesFromEdge, peers };
        return this.#emitter.emit('segment', { segmentId, bytes, bytesByViewer: bytesByPeer });
      }
    }
  }

  #error(error: HoldfastError): void {
    this.#emitter.emit('error', error);
  }
}
