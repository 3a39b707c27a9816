// The public API of the sdk, as an app sees it. Generated from sdk/index.ts by `npm run check -- --write`.
// A change in here is a change of what was promised: review it as such.

import { HlsConfig } from "hls.js";

/** Public half of a signing key, as JWK (P-256). */
interface VerificationKey {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}
/**
 * Media of peers is played only when a descriptor signed by one of `keys` vouches for it: in a `signed` room that of
 * the publisher, in an `attested` one that of the server. `none`: the room has no trusted reader.
 */
interface Integrity {
  mode: 'signed' | 'attested' | 'none';
  keys: VerificationKey[];
}
/**
 * What an app asks of edges and what edges offer, in base units. A KPI that is absent is not stated: neither met nor zero.
 * The names are those of 3GPP TS 24.558 `ACServiceKPIs`, TS 29.558 `EASServiceKPI` and CAMARA application profiles; see
 * `kpi-standards.ts` for the table.
 */
interface Kpis {
  bandwidthBitsPerSecond?: number | undefined;
  requestsPerSecond?: number | undefined;
  /** From the request to the first byte of the answer. */
  responseTimeMs?: number | undefined;
  /** 0 to 1. */
  availabilityShare?: number | undefined;
  computeCores?: number | undefined;
  /** Whole graphics processors, or shares of one. */
  graphicalComputeCores?: number | undefined;
  memoryBytes?: number | undefined;
  storageBytes?: number | undefined;
  jitterMs?: number | undefined;
  /** 0 to 1. */
  lossShare?: number | undefined;
}
type KpiName = 'bandwidth' | 'requestRate' | 'responseTime' | 'availability' | 'compute' | 'graphicalCompute' | 'memory' | 'storage' | 'jitter' | 'loss';
/** A KPI as an app writes it: a number and a unit, as `5 Mbps`, `150 ms`, `99.9 %`, `4 GB`, `2 cores`. */
type KpiTexts = { [Name in KpiName]?: string | undefined };
/** One edge as viewers are told of it. */
interface EdgeListing {
  edgeId: string;
  /** By which players know it: pathway in HLS, service location in DASH. A spare takes over that of the edge it replaces. */
  name: string;
  /** Ends with a slash; what follows it in a URL is the same on all edges. */
  baseUrl: string;
  region: string | null;
  /** What it says of itself. */
  kpis: Kpis;
  /** Share of its capacity that is in use, 0 to 1; null where it does not say. */
  load: number | null;
  /** What a GB costs the site; null where it does not say. */
  costPerGigabyte: number | null;
  /** What viewers of the same network measured; null before enough have. */
  prior: EdgePrior | null;
  /** Share of the viewers elsewhere that may move to it without need until the next change, 0 to 1: more would overload it. */
  admits: number;
  /** From `createdAtMs` on: what is left of its lease. */
  validForMs: number;
}
interface EdgePrior {
  firstByteMs: number;
  bytesPerMs: number;
}
/** Why an edge is not offered. */
type EdgeReason = 'kpi_unmet' | 'kpi_unknown' | 'spare' | 'draining' /** Those who are there stay; who comes goes elsewhere. */ | 'full' | 'other_room' /** More edges would do than are told of. */ | 'surplus';
interface EdgeExclusion {
  edgeId: string;
  /** A player whose URLs name it is moved away from it. */
  baseUrl: string;
  reason: EdgeReason;
  /** Of `kpi_unmet` and `kpi_unknown`. */
  kpi: KpiName | null;
}
/** What the token of the sender grants. A host runs the room, a moderator keeps order in it. */
type SenderRole = 'viewer' | 'moderator' | 'host';
type MessageKind = 'chat' | 'announcement' | 'reaction';
type MessagePriority = 'normal' | 'high';
/** What is known of a message without reading it. Times are Unix milliseconds of the server's clock. */
interface MessageHeader {
  /** Given by the server; at most 64 characters. */
  id: string;
  room: string;
  /** Who sent it: `sub` of its token. */
  from: string;
  /** As its token grants it. */
  role: SenderRole;
  kind: MessageKind;
  /** Whom it is addressed to, of those who are there: `from` of that one's messages. Everybody gets it all the same. */
  to?: string | undefined;
  /** Who else is named in it. */
  mentions?: string[] | undefined;
  /** Id of the message that it answers. */
  replyTo?: string | undefined;
  /** Id of the thread that it belongs to, where the app has threads. */
  thread?: string | undefined;
  /** In characters. */
  textLength?: number | undefined;
  sentAtMs: number;
  priority: MessagePriority;
  /** Nobody needs it after this. */
  expiresAtMs?: number | undefined;
}
/** What an app sends; all else of a header is the server's word. */
interface MessageDraft {
  /** 1 to 2,000 characters, not blank, no control characters but newline and tab. Of a reaction one emoji or its name, `:tada:`. */
  text: string;
  /** Default `chat`. Announcements are for hosts and moderators. A reaction needs `replyTo`, and is not kept for newcomers. */
  kind?: MessageKind | undefined;
  to?: string | undefined;
  mentions?: string[] | undefined;
  replyTo?: string | undefined;
  thread?: string | undefined;
  /** Default `normal`. `high` is for hosts and moderators. */
  priority?: MessagePriority | undefined;
  /** Nobody needs it after so long: 5 s to a day. Default: for ever. */
  lifetimeMs?: number | undefined;
}
/** Who somebody is to the others of the room, by its token. */
interface MessageSender {
  from: string;
  role: SenderRole;
  /** To show; absent where the token has none. */
  name?: string | undefined;
}
interface Message {
  header: MessageHeader;
  /** Of the sender, as its token has it. */
  name?: string | undefined;
  text: string;
}
/** Why a message, or the removal of one, was refused. Nothing has changed, and the connection stays. */
declare const messageRefusalCodes: readonly ['message_invalid', 'message_too_large', 'message_not_allowed', 'message_rate_limited', 'message_unknown'];
type MessageRefusalCode = (typeof messageRefusalCodes)[number];
/** `master` fetches for others, `secondary` stands by to take over, `slave` is fed. */
type Role = 'master' | 'secondary' | 'slave';
type EdgeHealth = 'healthy' | 'strained' | 'partial' | 'dark' | 'recovering';
declare const serverErrorCodes: readonly ['frame_too_large', 'frame_invalid', 'version_unsupported', 'token_missing', 'token_invalid', 'token_expired', 'token_room_mismatch', 'origin_refused', 'join_required', 'join_timeout', 'already_joined', 'rate_limited', 'room_full', 'server_full', 'member_unknown', 'removed', 'internal'];
type ServerErrorCode = (typeof serverErrorCodes)[number];
type ModelRefusal = 'model_too_large' | 'model_invalid' | 'model_feature_unknown' | 'model_outdated';
/**
 * Every way a session, or a classifier of messages, can fail. Codes of the signaling server come through unchanged.
 * None of them stops playback: the stream then plays from the edge alone.
 */
type HoldfastErrorCode = ServerErrorCode | MessageRefusalCode /** The room is not joined, was left meanwhile, or did not answer: the message may have reached it, or not. */ | 'messages_unavailable' | 'option_invalid' | 'room_code_failed' | 'signaling_unreachable' | 'signaling_frame_invalid' | 'webrtc_missing' | 'peers_not_allowed' | 'page_frozen' | 'source_foreign' | 'peer_message_invalid' | 'peer_version_unsupported' | 'peer_chunk_invalid' | 'peer_part_forged' | 'peer_playlist_contradicted' | 'crypto_missing' | 'peer_rate_limited' | 'storage_failed' | ModelRefusal | 'model_signature_invalid' | 'model_signature_unsupported' | 'classifier_busy' | 'classifier_closed';
/** The one error class of the sdk. */
declare class HoldfastError extends Error {
  readonly code: HoldfastErrorCode;
  /** True when the session cannot use the room any more; the stream still plays. */
  readonly fatal: boolean;
  /** Of `message_rate_limited`: when it may be sent again. */
  readonly retryAfterMs: number | undefined;
  constructor(code: HoldfastErrorCode, message: string, options?: {
    fatal?: boolean;
    cause?: unknown;
    retryAfterMs?: number | undefined;
  });
}
/** One edge as the choice sees it. */
interface EdgeStats {
  listing: EdgeListing;
  /** Expected time of the next segment, with pessimism; without weights, and with all that speaks for or against it. */
  predictedMs: number;
  scoreMs: number;
  /** Measured last; null before, the first byte also while its reads fail. */
  firstByteMs: number | null;
  bytesPerMs: number | null;
  /** Reads in a row that failed. */
  failures: number;
  isChosen: boolean;
  /** Why it is not considered; null where it is. */
  reason: EdgeReason | 'ejected' | 'trial' | 'insecure' | null;
}
/** A segment that this viewer holds, gets, or has heard of from a linked member. */
interface SegmentStats {
  segmentId: string;
  /** Share of its parts that is held here, 0 to 1. */
  heldShare: number;
  /** Bytes of it that came so far, by their source. */
  bytes: {
    edge: number;
    peers: number;
  };
  /** Where more of it is coming from right now: an edge that answers, or members that were asked. */
  pending: 'edge' | 'peers' | null;
  /** Linked members that say they hold all of it. */
  holders: number;
  /** In an outage: the server's plan says that this viewer keeps it, whether or not its own player needs it. */
  isKept: boolean;
}
/**
 * By what media of peers is measured before it is played: `signed` by the publisher, `attested` by the signaling
 * server, read alike by two masters at least (`agreement`), or believed (`none`).
 */
type IntegrityMode = Integrity['mode'] | 'agreement';
/**
 * `joining`: playing from the edge while the room is being joined. `joined`: in the room.
 * `reconnecting`: the signaling socket dropped; peers keep feeding. `alone`: plays as plain hls.js, see `reason`.
 */
type SessionStatus = 'joining' | 'joined' | 'reconnecting' | 'alone' | 'closed';
/** Where the bytes of a delivered segment came from. */
interface BytesBySource {
  edge: number;
  peers: number;
  /** The viewer of the same device that feeds this one, inside the browser. */
  device: number;
}
/** What a session tells the app. Outward only: nothing inside listens to these. */
interface SessionEvents {
  status: {
    status: SessionStatus;
    reason: HoldfastErrorCode | null;
  };
  role: {
    epoch: number;
    deviceRole: Role;
    groupRole: Role;
    groupId: string; /** Ids of the media playlists whose stream is not sent to this viewer: the master of its device gets it. */
    withheld: string[];
  };
  /** Media of peers is measured otherwise from now on. */
  integrity: {
    mode: IntegrityMode;
  };
  /** Linked members changed. */
  neighbours: {
    viewerIds: string[];
  };
  /** A segment reached the player. */
  segment: {
    segmentId: string;
    bytes: BytesBySource; /** Bytes by the member that sent them. */
    bytesByViewer: Record<string, number>;
  };
  /** What this viewer sees of the edge that it reads from, and why; `edgeId` where the server named it. */
  edge: {
    health: EdgeHealth;
    reason: string;
    edgeId: string | null;
  };
  /** Playback stopped for want of media (`startedAtMs`), or went on (`durationMs` set). Times as `performance.now()`. */
  stall: {
    startedAtMs: number;
    durationMs: number | null;
  };
  /**
   * A message of the room, once each, the own ones too; `isHistory` where it was sent before this viewer came or while
   * its connection was away.
   */
  message: {
    message: Message;
    isHistory: boolean;
  };
  /** It is to be shown no more. */
  messageRemoved: {
    id: string;
  };
  error: HoldfastError;
}
interface NeighbourStats {
  viewerId: string;
  bytesReceived: number;
  bytesSent: number;
  /** The edge that it reads from, where it is a master and has said so. */
  edgeId: string | null;
}
/** A snapshot; counters grow from the start of the session. */
interface SessionStats {
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
/** What an app passes to `joinRoom`. */
interface RoomOptions {
  /** Name of the live room; at most 128 characters. One room is one multivariant playlist. */
  room: string;
  /** WebSocket URL of the signaling server, `ws:` or `wss:`. */
  signaling: string;
  /**
   * Room token (JWT) issued by the app for this room and viewer, or a function that fetches one.
   * The function is called again before every (re)connect, so short-lived tokens keep working.
   */
  token: string | (() => string | Promise<string>);
  /**
   * The element that plays the stream: gives deadlines, stalls and buffer. Can be set later with `session.media`.
   * Without it every segment is treated as wanted soon.
   */
  media?: HTMLMediaElement | null;
  /** The user consented to upload to other viewers. Default false: the viewer is only fed. */
  upload?: boolean;
  /**
   * Says that the connection is metered where the browser cannot (all but Chromium): nothing is uploaded then.
   * Default: what the browser says, and false where it says nothing.
   */
  metered?: boolean;
  /** False keeps the viewer out of peer connections altogether. Default true. */
  peers?: boolean;
  /** True connects through TURN servers only, so that members never see each other's address. Default false. */
  relayOnly?: boolean;
  /** STUN and TURN servers; default are those that the signaling server names. */
  iceServers?: RTCIceServer[];
  /** Cap on upload in bytes per second. Default 1 250 000 (10 Mbit/s). */
  uploadBytesPerSecondMax?: number;
  /** Memory for media. Default 64 MiB. */
  memoryBytesMax?: number;
  /**
   * Whether the URL of a multivariant playlist is the room's stream; while the player plays another, the room is left.
   * Default: any URL with the path of the first that the player loads, whatever host and query string. Where the query
   * says which stream it is, as in `/playlist.m3u8?channel=2`, another channel would be taken for the same stream.
   */
  isStream?: (url: string) => boolean;
  /** Depth behind memory, kept in IndexedDB. Default 0: memory only. */
  storageBytesMax?: number;
  /**
   * Media of peers is measured by no less than this; what does not reach it comes from the edge. Default `none`: by the
   * strongest that the room has. `agreement` costs the edge a second copy of everything.
   */
  integrityMin?: IntegrityMode;
  /** The publisher's public key, as `holdfast-sign` prints it: only what it signed is taken from peers. */
  publisherKey?: JsonWebKey;
  /**
   * Share by which playback may slow while no edge answers and the room's media runs out, 0 to 0.05; it is made up for
   * afterwards, and a rate that the page or the user has set is left alone. Default 0.05.
   */
  slowdownMax?: number;
  /**
   * What the page needs of edges, where the server knows of several. Those that do not meet the minimum are not read from
   * while another does; a response time or bandwidth beyond the expected is no advantage. Default: nothing is asked, and
   * the quickest is best.
   */
  edges?: EdgeOptions;
  /**
   * Names a site: its viewers are one device in whatever browsers they are, and are linked to one another over WebRTC.
   * Default is a random id kept in the browser profile, whose tabs are fed inside the browser.
   */
  deviceId?: string;
}
/** KPIs are a number with a unit, such as `5 Mbps`, `150 ms`, `99.9 %`, `20 /s`, `4 GB` or `2 cores`. */
interface EdgeOptions {
  minimum?: KpiTexts;
  expected?: KpiTexts;
  /** Whether an edge that does not state a KPI of the minimum is refused. Default false: it is given the benefit of the doubt. */
  strict?: boolean;
}
/** The messages of a room; those of others come as `message` and `messageRemoved` events. */
interface RoomMessages {
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
interface Session {
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
declare function joinRoom(options: RoomOptions): Session;
export { type BytesBySource, type EdgeOptions, type EdgeStats, HoldfastError, type HoldfastErrorCode, type IntegrityMode, type Message, type MessageDraft, type MessageHeader, type MessageSender, type NeighbourStats, type RoomMessages, type RoomOptions, type SegmentStats, type Session, type SessionEvents, type SessionStats, type SessionStatus, joinRoom };