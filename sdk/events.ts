import type {
  EdgeExclusion,
  EdgeHealth,
  KpiName,
  Message,
  Role,
} from '../signaling/protocol/index.ts';
import type { EdgeStats } from './core/edges/selector.ts';
import type { SegmentStats } from './core/swarm/segment.ts';
import type { IntegrityMode } from './core/swarm/trust.ts';
import type { HoldfastError, HoldfastErrorCode } from './errors.ts';

export type { EdgeStats, IntegrityMode, SegmentStats };

/**
 * `joining`: playing from the edge while the room is being joined. `joined`: in the room.
 * `reconnecting`: the signaling socket dropped; peers keep feeding. `alone`: plays as plain hls.js, see `reason`.
 */
export type SessionStatus = 'joining' | 'joined' | 'reconnecting' | 'alone' | 'closed';

/** Where the bytes of a delivered segment came from. */
export interface BytesBySource {
  edge: number;
  peers: number;
  /** The viewer of the same device that feeds this one, inside the browser. */
  device: number;
}

/** What a session tells the app. Outward only: nothing inside listens to these. */
export interface SessionEvents {
  status: { status: SessionStatus; reason: HoldfastErrorCode | null };
  role: {
    epoch: number;
    deviceRole: Role;
    groupRole: Role;
    groupId: string;
    /** Ids of the media playlists whose stream is not sent to this viewer: the master of its device gets it. */
    withheld: string[];
  };
  /** Media of peers is measured otherwise from now on. */
  integrity: { mode: IntegrityMode };
  /** Linked members changed. */
  neighbours: { viewerIds: string[] };
  /** A segment reached the player. */
  segment: {
    segmentId: string;
    bytes: BytesBySource;
    /** Bytes by the member that sent them. */
    bytesByViewer: Record<string, number>;
  };
  /** What this viewer sees of the edge that it reads from, and why; `edgeId` where the server named it. */
  edge: { health: EdgeHealth; reason: string; edgeId: string | null };
  /** Playback stopped for want of media (`startedAtMs`), or went on (`durationMs` set). Times as `performance.now()`. */
  stall: { startedAtMs: number; durationMs: number | null };
  /**
   * A message of the room, once each, the own ones too; `isHistory` where it was sent before this viewer came or while
   * its connection was away.
   */
  message: { message: Message; isHistory: boolean };
  /** It is to be shown no more. */
  messageRemoved: { id: string };
  error: HoldfastError;
}

export interface NeighbourStats {
  viewerId: string;
  bytesReceived: number;
  bytesSent: number;
  /** The edge that it reads from, where it is a master and has said so. */
  edgeId: string | null;
}

/** A snapshot; counters grow from the start of the session. */
export interface SessionStats {
  status: SessionStatus;
  viewerId: string | null;
  /** What holds now; null before joining. */
  integrity: IntegrityMode | null;
  deviceRole: Role | null;
  groupRole: Role | null;
  groupId: string | null;
  /** Ids of the media playlists whose stream is not sent to this viewer: the master of its device gets it. */
  withheld: string[];
  epoch: number;
  /** Media, init segment and playlist bytes read from edges. */
  bytesFromEdge: number;
  bytesFromPeers: number;
  bytesToPeers: number;
  /** Media that the master of the device gave inside the browser; no network carries it. */
  bytesFromDevice: number;
  bytesToDevice: number;
  /** Bytes received twice or thrown away. */
  bytesWasted: number;
  stallCount: number;
  stallMs: number;
  /** Media ahead of the playhead; null before playback. */
  bufferMs: number | null;
  edgeHealth: EdgeHealth;
  /** The edge that it reads from; null where the server named none. */
  edgeId: string | null;
  /** Those that the server named, the best first. */
  edges: EdgeStats[];
  /** Those that it did not offer, and why. */
  edgesExcluded: EdgeExclusion[];
  /** Where no edge meets the minimum, the KPI by which most do not. */
  edgesFailing: KpiName | null;
  neighbours: NeighbourStats[];
  /** Ids of held segments, oldest first. */
  segmentsHeld: string[];
  /**
   * All segments that this viewer holds, gets, or has heard of, in no order of the stream. The newest that it or any
   * other holds is the horizon: what can be played if nothing new comes.
   */
  segments: SegmentStats[];
  /** Refused peer messages and chunks, by code. */
  refusals: Record<string, number>;
}
