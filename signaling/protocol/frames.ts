/**
 * The wire between sdk and signaling server: JSON text frames over one WebSocket.
 * The first frame of a client is `join`; everything else before it is refused. Until a first release, which 1 is kept
 * for, pages and servers are of the same state of this repository.
 */
export const protocolVersion = 1;

import type { Integrity, SignedDescriptor, VerificationKey } from './descriptors.ts';
import type { EdgeNeeds, EdgeOutcome, SignedEdges } from './edges.ts';
import type {
  MessageAcceptedFrame,
  MessageFrame,
  MessageRefusedFrame,
  MessageSender,
  MessagesFrame,
  MessagesRemovedFrame,
  RemoveMessageFrame,
} from './messages.ts';

/** `master` fetches for others, `secondary` stands by to take over, `slave` is fed. */
export type Role = 'master' | 'secondary' | 'slave';

export type EdgeHealth = 'healthy' | 'strained' | 'partial' | 'dark' | 'recovering';

/** What a viewer can and may do for others. */
export interface ViewerProfile {
  /** The network is metered (cellular, or the browser says so): nothing is uploaded. */
  metered: boolean;
  /** The user asked to save data: nothing is uploaded. */
  saveData: boolean;
  /** The app's consent flag and the session's policies allow upload. */
  uploadAllowed: boolean;
  /** False where the browser has no WebRTC or the app turned peers off. */
  peersAllowed: boolean;
  /** 0 to 1 while on battery, null when unknown or plugged in. */
  batteryLevel: number | null;
}

export interface JoinFrame {
  version: number;
  type: 'join';
  room: string;
  token: string;
  /** Random id of the proxy client (browser profile, app or site). */
  deviceId: string;
  profile: ViewerProfile;
  /** What the app asks of edges; absent where it asks nothing. */
  needs?: EdgeNeeds | undefined;
  /** Given by an earlier `welcome`: asks for the same viewer id, roles and group. */
  resumeKey?: string | undefined;
}

export interface LeaveFrame {
  type: 'leave';
}

/** A WebRTC offer, answer or candidate for another member of the group. */
export interface SignalFrame {
  type: 'signal';
  to: string;
  signal: Record<string, unknown>;
}

/** Sent every `heartbeatIntervalMs`, and at once when `edgeHealth`, the profile or who is lost or missed change. */
export interface ReportFrame {
  type: 'report';
  /** Epoch of the newest directive that the viewer follows. */
  epoch: number;
  profile: ViewerProfile;
  edgeHealth: EdgeHealth;
  /** Since an edge last answered; absent before it ever did. */
  edgeSeenMs?: number | undefined;
  /** Media ahead of the playhead; null before playback. */
  bufferMs: number | null;
  /** Measured while uploading; null when never measured. */
  uplinkBytesPerSecond: number | null;
  neighbourCount: number;
  /** Members whose link broke since the last report: the server stops waiting for them. */
  lostMembers: string[];
  /** The master of the viewer's device, where it cannot be reached inside the browser any more; else absent. */
  missedMaster?: string | undefined;
  /** Members that sent a part whose digest is not the attested one, since the last report. */
  accusedMembers: string[];
  /** Ids of the media playlists that the player uses now; the attestor reads those. */
  plays: string[];
  /** The edge that it reads from, of those that it was told of. */
  edgeId?: string | undefined;
  /** What became of its reads since the last report; absent where it has read nothing. */
  edgeOutcomes?: EdgeOutcome[] | undefined;
}

/** The viewer plays this segment, which is not at the live edge: it needs the descriptor. */
export interface AttestFrame {
  type: 'attest';
  segmentId: string;
}

/** While a portion says so: what a viewer holds whole, as it differs from what it has told on this connection. */
export interface HoldingsFrame {
  type: 'holdings';
  gained: string[];
  lost: string[];
  /** Segments that play now, one of each playlist that the player uses. */
  playing: string[];
}

export type ClientFrame =
  | JoinFrame
  | LeaveFrame
  | SignalFrame
  | ReportFrame
  | AttestFrame
  | HoldingsFrame
  | MessageFrame
  | RemoveMessageFrame;

export interface Member {
  viewerId: string;
  /** Role inside the group. */
  role: Role;
  /** Whether this member may upload to others. */
  uploads: boolean;
  /** Weight in fetcher election, from measured uplink; at least 1. */
  weight: number;
}

/** The server's instruction: who is in the group and does what. Older epochs are ignored. */
export interface DirectiveFrame {
  type: 'directive';
  epoch: number;
  groupId: string;
  deviceRole: Role;
  groupRole: Role;
  /**
   * Includes the viewer itself. Of the group, for who is master of its device; else the viewers of the device, its
   * master first: they are to the viewer what a group is to others, whose master is the first that is connected and
   * uploads.
   */
  members: Member[];
  /** The other viewers of the device, all slaves: for its master. Absent where there are none. */
  siblings?: Member[] | undefined;
  /** Media playlists whose stream is not sent to this viewer, since the master of its device gets it: for its slaves. */
  withheld?: string[] | undefined;
  /** Of other groups, in an outage: masters feed this viewer, slaves are fed by it. */
  bridges?: Member[] | undefined;
}

/**
 * In an outage: what this viewer is to keep, or to get from others and keep, for whom, and that it is to tell what it
 * holds. Older epochs than of the newest portion or directive are ignored.
 */
export interface PortionFrame {
  type: 'portion';
  epoch: number;
  /** Null when the outage is over: nothing need be kept or told. */
  keeps: string[] | null;
  /** Members that would get what few hold from this one, or this one from them: they are to be linked. */
  links: string[];
}

/** As `RTCIceServer`. */
export interface IceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

export interface WelcomeFrame {
  version: number;
  type: 'welcome';
  viewerId: string;
  resumeKey: string;
  /** True when the earlier viewer id, roles and group were kept. */
  resumed: boolean;
  heartbeatIntervalMs: number;
  /** Signs what this viewer is told of edges; absent where it is told nothing. */
  edgesKey?: VerificationKey | undefined;
  iceServers: IceServer[];
  integrity: Integrity;
  /** What others see of this viewer with its messages. */
  sender: MessageSender;
  directive: DirectiveFrame;
}

/** The room's attestor has lost sight of the stream (`none`), or has it again. */
export interface IntegrityFrame {
  type: 'integrity';
  integrity: Integrity;
}

/** What the room's attestor found; newcomers get the newest of each playlist at once. */
export interface DescriptorsFrame {
  type: 'descriptors';
  descriptors: SignedDescriptor[];
}

/** The edges that a viewer may choose from, after each change; of a newcomer soon after its welcome. */
export interface EdgesFrame {
  type: 'edges';
  signed: SignedEdges;
}

export interface RelayedSignalFrame {
  type: 'signal';
  from: string;
  signal: Record<string, unknown>;
}

/** Answer to every report: a client that misses two of them reconnects. */
export interface HeartbeatFrame {
  type: 'heartbeat';
}

export const serverErrorCodes = [
  'frame_too_large',
  'frame_invalid',
  'version_unsupported',
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_room_mismatch',
  'origin_refused',
  'join_required',
  'join_timeout',
  'already_joined',
  'rate_limited',
  'room_full',
  'server_full',
  'member_unknown',
  'removed',
  'internal',
] as const;
export type ServerErrorCode = (typeof serverErrorCodes)[number];

export interface ErrorFrame {
  type: 'error';
  code: ServerErrorCode;
  message: string;
  /** True when the socket is closed after this frame. */
  fatal: boolean;
  /** When trying again can help. */
  retryAfterMs?: number | undefined;
}

/** The server goes away on purpose: keep the peers, come back later. */
export interface ByeFrame {
  type: 'bye';
  reason: 'shutdown' | 'replaced';
  reconnectAfterMs: number;
}

export type ServerFrame =
  | WelcomeFrame
  | DirectiveFrame
  | PortionFrame
  | RelayedSignalFrame
  | HeartbeatFrame
  | DescriptorsFrame
  | IntegrityFrame
  | EdgesFrame
  | MessagesFrame
  | MessageAcceptedFrame
  | MessageRefusedFrame
  | MessagesRemovedFrame
  | ErrorFrame
  | ByeFrame;
