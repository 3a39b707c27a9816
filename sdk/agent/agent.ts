import { serverErrorCodes } from '../../signaling/protocol/index.ts';
import { createEdgeReader } from '../adapters/edge-reader.ts';
import { createPeerLinks } from '../adapters/peer-link.ts';
import { createSignalingSocket } from '../adapters/signaling-socket.ts';
import { createTabs } from '../adapters/tabs.ts';
import { createSeals } from '../adapters/web-crypto.ts';
import type { CoreOptions } from '../core/core.ts';
import { retryable } from '../core/room/refusals.ts';
import type { SignalingSocket } from '../ports/signaling-socket.ts';
import { PlainLoads } from '../runtime/plain-loads.ts';
import { Runtime } from '../runtime/runtime.ts';
import type { OutwardEffect, RuntimePorts } from '../runtime/runtime-ports.ts';
import { SessionClock } from '../runtime/session-clock.ts';
import { Feeder, type FeederEffect, type FeederEvent } from './feeder.ts';
import type { AgentOptions } from './options.ts';

/** Viewers come and change rendition, and playlists fall due; within so long the agent follows. */
const lookEveryMs = 250;

export interface AgentStats {
  viewerId: string | null;
  status: string;
  deviceRole: string | null;
  edgeHealth: string;
  /** Viewers that are linked to it: of the site, and members of its group. */
  neighbours: number;
  /** Ids of the playlists that the site's viewers follow. */
  playlists: string[];
  bytesFromEdge: number;
  bytesFromPeers: number;
  bytesToPeers: number;
}

export interface Agent {
  stats(): AgentStats;
  close(): Promise<void>;
}

export interface AgentListener {
  /** A line for whoever runs it. */
  say(line: string): void;
  /** The room is closed to it for good. */
  refused(code: string): void;
}

/** Joins a room as the master of a site, and gets for the site's viewers what they play. WebRTC is there already. */
export function startAgent(options: AgentOptions, listener: AgentListener): Agent {
  return new SiteAgent(options, listener);
}

class SiteAgent implements Agent {
  #options: AgentOptions;
  #listener: AgentListener;
  #edge = createEdgeReader();
  #plain = new PlainLoads(this.#edge, () => performance.now());
  #feeder: Feeder;
  #runtime: Runtime;
  #viewerId: string | null = null;
  #status = 'joining';
  #deviceRole: string | null = null;
  #edgeHealth = 'healthy';
  /** How to abandon what is under way. */
  #loads = new Map<number, () => void>();
  #lastLoadId = 0;
  #isClosed = false;
  #looking: ReturnType<typeof setInterval>;

  constructor(options: AgentOptions, listener: AgentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#feeder = new Feeder(options.streamUrl);
    const core = coreOptions(options);
    this.#runtime = new Runtime(core, false, this.#ports(), (effect) => this.#tell(effect));
    this.#runtime.dispatch({ type: 'started' });
    this.#looking = setInterval(() => {
      this.#feed({ type: 'followed', playlistIds: this.#runtime.core.followedBySlaves() });
    }, lookEveryMs);
  }

  stats(): AgentStats {
    const { core, bytesFromEdge, bytesFromPeers, bytesToPeers } = this.#runtime;
    return {
      viewerId: this.#viewerId,
      status: this.#status,
      deviceRole: this.#deviceRole,
      edgeHealth: this.#edgeHealth,
      neighbours: core.peers.linkedCount,
      playlists: core.followedBySlaves(),
      bytesFromEdge: this.#plain.bytesFromEdge + bytesFromEdge,
      bytesFromPeers,
      bytesToPeers,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    // What the room has not brought would be read from the edge now, as for a player.
    for (const abandon of this.#loads.values()) abandon();
    await this.#runtime.close();
  }

  #ports(): RuntimePorts {
    return {
      links: createPeerLinks(),
      tabs: createTabs(),
      separate: () => {},
      signaling: this.#signaling(),
      edge: this.#edge,
      plain: this.#plain,
      watches: { close: () => {} },
      room: this.#options.room,
      publisherKey: null,
      seals: createSeals(),
      store: null,
      storageFailed: () => {},
      clock: new SessionClock(
        () => performance.now(),
        () => Date.now(),
        () => false,
      ),
    };
  }

  #signaling(): SignalingSocket {
    const { signalingUrl: url, room, site, token } = this.#options;
    return createSignalingSocket(
      { url, room, deviceId: () => site, token },
      {
        onFrame: (frame) => {
          if (frame.type === 'welcome') this.#viewerId = frame.viewerId;
          this.#runtime.receive(frame);
        },
        onInvalid: ({ code, message }) => {
          // Another version will not become readable by trying again.
          if (code !== 'version_unsupported') this.#say(`${code}: ${message}`);
          else this.#runtime.receive({ type: 'error', code, message, fatal: true });
        },
        onClose: () => this.#runtime.dispatch({ type: 'signalingClosed' }),
      },
    );
  }

  #tell(effect: OutwardEffect): void {
    if (effect.type === 'status') {
      const { status, reason } = effect;
      this.#status = status;
      this.#say(reason ? `${status}: ${reason}` : status);
      const isOver = serverErrorCodes.some((code) => code === reason && !retryable.has(code));
      if (reason && isOver) this.#listener.refused(reason);
    } else if (effect.type === 'role' && effect.deviceRole !== this.#deviceRole) {
      this.#deviceRole = effect.deviceRole;
      this.#say(`${effect.deviceRole} of the site ${this.#options.site}`);
    } else if (effect.type === 'edge') {
      this.#edgeHealth = effect.health;
      this.#say(`edge ${effect.health}: ${effect.reason}`);
    } else if (effect.type === 'error') this.#say(`${effect.code}: ${effect.message}`);
  }

  #say(line: string): void {
    this.#listener.say(line);
  }

  #feed(event: FeederEvent): void {
    if (this.#isClosed) return;
    for (const effect of this.#feeder.handle(event, this.#runtime.nowMs)) this.#perform(effect);
  }

  #perform(effect: FeederEffect): void {
    if (effect.type === 'loadPlaylist') {
      const { playlistId, url, multivariant } = effect;
      this.#load((over) =>
        this.#runtime.loadPlaylist(playlistId, url, multivariant, {
          done: (text) => over({ type: 'playlistLoaded', playlistId, text }),
          failed: () => over({ type: 'playlistFailed', playlistId }),
        }),
      );
    } else {
      // What it gets it holds for others; nobody plays it here.
      this.#load((over) =>
        this.#runtime.loadSegment(effect.request, effect.deadlineMs, {
          done: () => over(null),
          failed: () => over(null),
        }),
      );
    }
  }

  #load(start: (over: (event: FeederEvent | null) => void) => () => void): void {
    this.#lastLoadId += 1;
    const loadId = this.#lastLoadId;
    let isOver = false;
    const abandon = start((event) => {
      isOver = true;
      this.#loads.delete(loadId);
      if (event) this.#feed(event);
    });
    if (!isOver) this.#loads.set(loadId, abandon);
  }
}

function coreOptions(options: AgentOptions): CoreOptions {
  return {
    profile: {
      metered: false,
      saveData: false,
      uploadAllowed: true,
      peersAllowed: true,
      batteryLevel: null,
    },
    isSite: true,
    noPeersReason: 'webrtc_missing',
    iceServers: null,
    uploadBytesPerSecondMax: options.uploadBytesPerSecondMax,
    memoryBytesMax: options.memoryBytesMax,
    storageBytesMax: 0,
    slowdownMax: 0,
    integrityMin: 'none',
    random: Math.random,
  };
}
