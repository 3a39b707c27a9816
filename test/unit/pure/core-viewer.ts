import { Core, type CoreEvent, type CoreOptions, type Effect } from '../../../sdk/core/core.ts';
import type { PeerMessage } from '../../../sdk/core/peer-wire.ts';
import {
  limits,
  type Member,
  type Role,
  type ViewerProfile,
} from '../../../signaling/protocol/index.ts';

export const playlistId = 'high/playlist.m3u8';
export const playlistUrl = `https://edge.example/live/${playlistId}`;
export const self = 'v4';

export type EffectOf<Type extends Effect['type']> = Extract<Effect, { type: Type }>;
export type MessageOf<Type extends PeerMessage['type']> = Extract<PeerMessage, { type: Type }>;

const profile: ViewerProfile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

export interface PlaylistSpec {
  oldest: number;
  count?: number;
  targetSeconds?: number;
  uri?: (sequence: number) => string;
  ended?: boolean;
}

export function playlistText({ oldest, count = 3, targetSeconds = 2, uri, ended }: PlaylistSpec) {
  const segments = Array.from({ length: count }, (_, index) => {
    const sequence = oldest + index;
    return `#EXTINF:${targetSeconds},\n${uri?.(sequence) ?? `${sequence}.m4s`}\n`;
  });
  const end = ended ? '#EXT-X-ENDLIST\n' : '';
  return `#EXTM3U\n#EXT-X-TARGETDURATION:${targetSeconds}\n#EXT-X-MEDIA-SEQUENCE:${oldest}\n${segments.join('')}${end}`;
}

export function segmentOf(sequence: number): string {
  return `${playlistId}#${sequence}`;
}

/** One viewer's core, with a hand on everything around it. */
export class CoreViewer {
  nowMs = 1_000;
  /** Since they were last taken. */
  effects: Effect[] = [];
  #core: Core;
  #profile = profile;
  #wakeAtMs: number | null = null;
  #epoch = 0;
  #loadId = 0;

  constructor(options: Partial<CoreOptions> = {}) {
    this.#core = new Core({
      profile,
      isSite: false,
      noPeersReason: 'peers_not_allowed',
      iceServers: null,
      uploadBytesPerSecondMax: 12_500_000,
      memoryBytesMax: limits.memoryBytesMax,
      storageBytesMax: 0,
      slowdownMax: 0.05,
      integrityMin: 'none',
      random: () => 0.5,
      ...options,
    });
    this.tell({ type: 'started' });
  }

  tell(event: CoreEvent): void {
    for (const effect of this.#core.handle(event, this.nowMs)) {
      this.effects.push(effect);
      if (effect.type === 'wakeAt') this.#wakeAtMs = effect.atMs;
    }
  }

  /** Lets time pass, waking the core whenever it asked for it. */
  wait(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    while (this.#wakeAtMs !== null && this.#wakeAtMs <= untilMs) {
      this.nowMs = this.#wakeAtMs;
      this.#wakeAtMs = null;
      this.tell({ type: 'woke' });
    }
    this.nowMs = untilMs;
  }

  /** Joins a room of these members, itself included, and links to all others. */
  join(members: (Partial<Member> & { viewerId: string })[], resumed = false): void {
    this.#epoch += 1;
    const all = members.map((member) => ({
      role: 'slave' as const,
      uploads: true,
      weight: 1,
      ...member,
    }));
    this.tell({
      type: 'frameReceived',
      frame: {
        version: 1,
        type: 'welcome',
        viewerId: self,
        resumeKey: 'key',
        resumed,
        heartbeatIntervalMs: 5_000,
        iceServers: [],
        integrity: { mode: 'none', keys: [] },
        sender: { from: 'subject', role: 'viewer' },
        directive: {
          type: 'directive',
          epoch: this.#epoch,
          groupId: 'g1',
          deviceRole: 'master',
          groupRole: all.find(({ viewerId }) => viewerId === self)?.role ?? 'slave',
          members: all,
        },
      },
    });
    for (const { viewerId } of all) {
      if (viewerId === self) continue;
      this.tell({ type: 'linkOpened', peer: viewerId });
      this.says(viewerId, { type: 'hello', version: 1, follows: [] });
    }
  }

  /** A directive to a slave of a device; the first of the line is its master. */
  follow(line: readonly string[], deviceRole: Role = 'slave'): void {
    this.#epoch += 1;
    const roles: Role[] = ['master', 'secondary'];
    const members = line.map((viewerId, index) => ({
      viewerId,
      role: roles[index] ?? ('slave' as const),
      uploads: true,
      weight: 1,
    }));
    const common = { epoch: this.#epoch, groupId: 'g1', deviceRole, groupRole: 'slave' as const };
    this.tell({
      type: 'frameReceived',
      frame: { type: 'directive', ...common, members, withheld: [] },
    });
  }

  /** A directive to the master of a device, with the other viewers of that. */
  lead(group: readonly string[], siblings: readonly string[]): void {
    this.#epoch += 1;
    const member = (viewerId: string) => ({
      viewerId,
      role: 'slave' as const,
      uploads: true,
      weight: 1,
    });
    this.tell({
      type: 'frameReceived',
      frame: {
        type: 'directive',
        epoch: this.#epoch,
        groupId: 'g1',
        deviceRole: 'master',
        groupRole: 'slave',
        members: group.map(member),
        siblings: siblings.map(member),
      },
    });
  }

  /** What the server vouches for from now on. */
  offer(mode: 'signed' | 'attested' | 'none'): void {
    const integrity = { mode, keys: [] };
    this.tell({ type: 'frameReceived', frame: { type: 'integrity', integrity } });
  }

  says(peer: string, message: PeerMessage): void {
    this.tell({ type: 'peerMessage', peer, message });
  }

  changeProfile(change: Partial<ViewerProfile>): void {
    this.#profile = { ...this.#profile, ...change };
    this.tell({ type: 'profileChanged', profile: this.#profile });
  }

  wantPlaylist(): number {
    this.#loadId += 1;
    const loadId = this.#loadId;
    this.tell({
      type: 'playlistWanted',
      loadId,
      playlistId,
      url: playlistUrl,
      multivariant: false,
    });
    return loadId;
  }

  wantSegment(sequence: number, withinMs = 20_000): number {
    this.#loadId += 1;
    const url = `https://edge.example/live/high/${sequence}.m4s`;
    const request = { segmentId: segmentOf(sequence), url, byteRange: null, durationMs: 2_000 };
    const deadlineMs = this.nowMs + withinMs;
    this.tell({ type: 'segmentWanted', loadId: this.#loadId, request, deadlineMs });
    return this.#loadId;
  }

  /** The player has loaded it by itself, so that all of it is held. */
  bring(sequence: number, sizeBytes: number): void {
    const url = `https://edge.example/live/high/${sequence}.m4s`;
    const request = { segmentId: segmentOf(sequence), url, byteRange: null, durationMs: 2_000 };
    this.tell({ type: 'segmentBrought', request, sizeBytes, transferMs: 100 });
  }

  bringPlaylist(spec: PlaylistSpec): void {
    this.tell({
      type: 'playlistBrought',
      playlistId,
      url: playlistUrl,
      multivariant: false,
      text: playlistText(spec),
    });
  }

  /** What it tells of a segment. */
  segment(sequence: number) {
    const segmentId = segmentOf(sequence);
    return this.#core.swarm.segmentStats().find((stats) => stats.segmentId === segmentId);
  }

  /** Effects of a kind since they were last taken; takes only these. */
  take<Type extends Effect['type']>(type: Type): EffectOf<Type>[] {
    const taken = this.effects.filter((effect) => effect.type === type) as EffectOf<Type>[];
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return taken;
  }

  /** Messages of a kind that were sent to peers. */
  sent<Type extends PeerMessage['type']>(type: Type): (MessageOf<Type> & { peer: string })[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'sendPeer' && effect.message.type === type
        ? [{ ...(effect.message as MessageOf<Type>), peer: effect.peer }]
        : [],
    );
  }

  get refusedPeers(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'refused' ? [effect.peer] : []));
  }
}

/** A master in an attested room that holds a segment of its own edge, which v1 wants. */
export function holder(): CoreViewer {
  const viewer = new CoreViewer();
  viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
  viewer.offer('attested');
  viewer.bring(100, 2 * limits.partBytes);
  viewer.says('v1', { type: 'want', segment: segmentOf(100) });
  return viewer;
}
