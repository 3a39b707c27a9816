/**
 * What goes into the core and what comes out of it. `handle(event, nowMs) -> effects`:
 * the page, the simulator and the tests run the same object. Ids and sizes only, never media bytes.
 */

import type { ByteRange } from '../../signaling/protocol/identity.ts';
import type {
  ClientFrame,
  EdgeHealth,
  EdgesBody,
  IceServer,
  Message,
  MessageFrame,
  MessageRefusalCode,
  RemoveMessageFrame,
  Role,
  ServerErrorCode,
  ServerFrame,
  SignedDescriptor,
  ViewerProfile,
} from '../../signaling/protocol/index.ts';
import type { Hedge } from './edges/routes.ts';
import type { PeerMessage, PeerRefusal } from './peer-wire.ts';
import type { IntegrityMode } from './swarm/trust.ts';

/** A segment as the player names it. */
export interface SegmentRequest {
  segmentId: string;
  url: string;
  byteRange: ByteRange | null;
  durationMs: number;
}

export type AloneReason =
  | 'signaling_unreachable'
  | 'webrtc_missing'
  | 'peers_not_allowed'
  | AwayReason
  | ServerErrorCode;

/** Why a viewer is out of the room for a while: its page stands still, or its player plays another stream. */
export type AwayReason = 'page_frozen' | 'source_foreign';

/** What a player loads; `onBehalf` that of another viewer of the device, which this one feeds. */
export type Wanted =
  | {
      type: 'segmentWanted';
      loadId: number;
      request: SegmentRequest;
      deadlineMs: number;
      onBehalf?: boolean | undefined;
    }
  | {
      type: 'playlistWanted';
      loadId: number;
      playlistId: string;
      url: string;
      multivariant: boolean;
      onBehalf?: boolean | undefined;
      /** Of a live playlist, what that viewer has: it waits for what is newer. */
      versionHeld?: number | undefined;
    };

export type CoreEvent =
  | { type: 'started' }
  // signaling socket
  | { type: 'signalingClosed' }
  | { type: 'frameReceived'; frame: ServerFrame }
  | { type: 'profileChanged'; profile: ViewerProfile }
  /** What the server says of edges; its signature has been checked. */
  | { type: 'edgesListed'; body: EdgesBody }
  // messages of the room
  /** Ends in `messageSettled` or `messageFailed` of the same reference, which is never used again. */
  | { type: 'messageAsked'; frame: MessageFrame | RemoveMessageFrame }
  // the page
  | { type: 'away'; reason: AwayReason }
  /** The reason holds no more; the room is joined again when no other does. */
  | { type: 'back'; reason: AwayReason }
  /** The page stood still for so long without having said so, or (0) its network has changed. */
  | { type: 'disturbed'; awayMs: number }
  // peer links
  | { type: 'linkOpened'; peer: string }
  | { type: 'linkClosed'; peer: string }
  | { type: 'linkSignal'; peer: string; signal: Record<string, unknown> }
  | { type: 'peerMessage'; peer: string; message: PeerMessage }
  | { type: 'peerRefused'; peer: string; code: PeerRefusal }
  | { type: 'partProgress'; peer: string; requestId: number; bytes: number }
  /** Checked against its descriptor where peers are checked. */
  | { type: 'partReceived'; peer: string; requestId: number; bytes: number }
  /** It is not what its descriptor says: the peer lied. */
  | { type: 'partForged'; peer: string; requestId: number }
  // signed descriptors, their signatures checked
  /** `replaces`: other media had this name before. */
  | { type: 'segmentVouched'; segmentId: string; sizeBytes: number; replaces?: boolean }
  /** A part that the own edge gave is what its descriptor says. */
  | { type: 'partVouched'; segmentId: string; part: number }
  /** Answer to `digestSegment`. */
  | { type: 'segmentDigested'; segmentId: string; digests: string[] }
  | { type: 'partSent'; peer: string; requestId: number; bytes: number }
  // the player
  | Wanted
  | { type: 'segmentAbandoned'; loadId: number; segmentId: string }
  | { type: 'playlistAbandoned'; loadId: number; playlistId: string }
  // the master of the device, inside the browser
  /** It is a viewer of this browser profile. */
  | { type: 'masterNear'; viewerId: string }
  /** It is no viewer of this browser profile, or none any more. */
  | { type: 'masterGone'; viewerId: string }
  /** It works on what it was asked for, and has more of this load (null: nothing new of any). */
  | { type: 'masterHeard'; loadId: number | null }
  | {
      type: 'masterGave';
      loadId: number;
      /** Of a playlist. */
      text: string;
      version?: number | undefined;
      /** Of a segment. */
      sizeBytes: number;
      transferMs: number;
      firstByteMs: number;
    }
  /** Null: it leads the device no more. */
  | { type: 'masterFailed'; loadId: number; failure: FetchFailure | null }
  // what the player loaded by itself before the room was there
  /** `given`: by this viewer, the master of the device, and not by an edge. */
  | {
      type: 'segmentBrought';
      request: SegmentRequest;
      sizeBytes: number;
      transferMs: number;
      given?: string;
    }
  | {
      type: 'playlistBrought';
      playlistId: string;
      url: string;
      multivariant: boolean;
      text: string;
    }
  | { type: 'bufferMeasured'; bufferMs: number | null }
  // edge fetches of segments: `headers`, then parts, then `ended` or `failed`; while a part takes long, how much of it came
  /** `hedge`: the second request was sent, too, or has won. */
  | { type: 'fetchHeaders'; fetchId: number; sizeBytes: number | null; hedge?: 'sent' | 'won' }
  | { type: 'fetchPart'; fetchId: number; part: number; bytes: number }
  | { type: 'fetchProgress'; fetchId: number; bytes: number }
  | { type: 'fetchEnded'; fetchId: number; sizeBytes: number | null }
  | { type: 'fetchFailed'; fetchId: number; failure: FetchFailure }
  // edge fetches of playlists
  | { type: 'playlistFetched'; fetchId: number; text: string }
  | { type: 'playlistFailed'; fetchId: number; failure: FetchFailure }
  // storage behind memory
  | { type: 'segmentRestored'; segmentId: string }
  | { type: 'segmentLost'; segmentId: string }
  | { type: 'woke' };

/** A read from the edge that is under way. */
export interface EdgeProgress {
  bytes: number;
  /** Null while the edge has not said. */
  sizeBytes: number | null;
  /** Since the request, and from there to the answer. */
  tookMs: number;
  firstByteMs: number;
}

export interface FetchFailure {
  /** HTTP status, or null when no answer came. */
  status: number | null;
  /** `offline`: the viewer's own network is gone, which says nothing about the edge. */
  reason: 'status' | 'network' | 'first_byte_timeout' | 'stalled' | 'truncated' | 'offline';
}

export type Effect =
  // signaling socket
  | { type: 'connectSignaling'; resumeKey: string | null; profile: ViewerProfile }
  | { type: 'disconnectSignaling' }
  | { type: 'sendFrame'; frame: ClientFrame }
  // peer links
  | { type: 'openLink'; peer: string; initiator: boolean; iceServers: IceServer[] }
  | { type: 'closeLink'; peer: string }
  | { type: 'signalLink'; peer: string; signal: Record<string, unknown> }
  /** `vouch`: with the descriptor of the segment that it speaks of. */
  | { type: 'sendPeer'; peer: string; message: PeerMessage; vouch?: boolean }
  | {
      type: 'expectPart';
      peer: string;
      requestId: number;
      segmentId: string;
      part: number;
      bytes: number;
    }
  | { type: 'forgetPart'; peer: string; requestId: number }
  | { type: 'sendPart'; peer: string; requestId: number; segmentId: string; part: number }
  | { type: 'dropSend'; peer: string; requestId: number }
  // integrity
  /** By what media of peers is measured from now on. */
  | { type: 'integrity'; mode: IntegrityMode }
  /** Compute the digests of a segment that is held whole. */
  | { type: 'digestSegment'; segmentId: string }
  /** A peer has passed this on as the descriptor of the segment. */
  | { type: 'lookAtDescriptor'; segmentId: string; signed: SignedDescriptor }
  /** Read the publisher's descriptors of these from the edge. */
  | { type: 'readDescriptors'; url: string; segmentIds: string[] }
  /** Check the segment against these, as if a descriptor had said so. */
  | { type: 'trustDigests'; segmentId: string; sizeBytes: number; digests: string[] }
  // the device
  /** Follow what becomes of this viewer of the browser profile, and of no other. */
  | { type: 'watchViewer'; viewerId: string | null }
  /** Ask it, or ask it again. */
  | { type: 'askMaster'; wanted: Wanted }
  | { type: 'dropAsk'; loadId: number }
  /** Keep what the master gave, too. */
  | { type: 'keepGiven'; loadId: number; segmentId: string }
  /** Another viewer asked, and this one leads nobody (null) or has lost its network. */
  | { type: 'refuseLoad'; loadId: number; failure: FetchFailure | null }
  /** Be a device of its own from the next connection on. */
  | { type: 'separateDevice' }
  // edge
  | {
      type: 'fetchSegment';
      fetchId: number;
      segmentId: string;
      url: string;
      /** Range of the resource that is the segment; null for the whole resource. */
      byteRange: ByteRange | null;
      /** Parts to read, counted from 0; `partTo` null reads to the end. */
      partFrom: number;
      partTo: number | null;
      firstByteWithinMs: number;
      /** Longest pause within the answer. Default `limits.edgeStallMs`. */
      stalledAfterMs?: number | undefined;
      hedge?: Hedge | undefined;
    }
  | { type: 'abortFetch'; fetchId: number }
  | { type: 'fetchPlaylist'; fetchId: number; url: string; firstByteWithinMs: number }
  // the player
  | {
      type: 'deliverSegment';
      loadIds: number[];
      segmentId: string;
      /** How long the bytes took to come, and the first of them, for honest bandwidth estimates. */
      transferMs: number;
      firstByteMs: number;
      bytesFromEdge: number;
      bytesByPeer: Record<string, number>;
      /** The master of the device gave all of it; absent where it did not. */
      bytesFromDevice?: number;
    }
  /** The edge is bringing all of it. */
  | { type: 'progressSegment'; loadIds: number[]; progress: EdgeProgress }
  | { type: 'failSegment'; loadIds: number[]; segmentId: string; failure: FetchFailure }
  | {
      type: 'deliverPlaylist';
      loadId: number;
      playlistId: string;
      text: string;
      fromPeer: boolean;
      /** Of a live one that another viewer of the device asked for: what it holds then. */
      version?: number | undefined;
    }
  | { type: 'failPlaylist'; loadId: number; playlistId: string; failure: FetchFailure }
  // memory and storage
  | { type: 'dropSegment'; segmentId: string }
  /** Parts that were wrong; the rest of the segment stays. */
  | { type: 'dropParts'; segmentId: string; parts: number[] }
  | { type: 'storeSegment'; segmentId: string }
  | { type: 'restoreSegment'; segmentId: string }
  | { type: 'dropStored'; segmentId: string }
  // to the app
  | {
      type: 'status';
      status: 'joining' | 'joined' | 'reconnecting' | 'alone';
      reason: AloneReason | null;
    }
  | {
      type: 'role';
      epoch: number;
      deviceRole: Role;
      groupRole: Role;
      groupId: string;
      /** Media playlists that the master of the device gets for this viewer. */
      withheld: string[];
    }
  | { type: 'neighbours'; viewerIds: string[] }
  | { type: 'edge'; health: EdgeHealth; reason: string; edgeId: string | null }
  | { type: 'refused'; code: PeerRefusal; peer: string }
  | { type: 'error'; code: ServerErrorCode; message: string; fatal: boolean }
  | { type: 'message'; message: Message; isHistory: boolean }
  | { type: 'messageRemoved'; id: string }
  /** The server has taken it; `message` where one was sent. */
  | { type: 'messageSettled'; reference: string; message?: Message | undefined }
  | {
      type: 'messageFailed';
      reference: string;
      code: MessageRefusalCode | 'messages_unavailable';
      retryAfterMs: number | undefined;
    }
  /** 1 is as usual. */
  | { type: 'setPlaybackRate'; rate: number }
  | { type: 'wakeAt'; atMs: number };
