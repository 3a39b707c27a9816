import type {
  ClientFrame,
  IceServer,
  Integrity,
  Limits,
  SenderRole,
  ServerErrorCode,
  ServerFrame,
  VerificationKey,
  ViewerProfile,
} from '../protocol/index.ts';

/** What the world tells the rooms. */
export type RoomsEvent =
  | JoinAccepted
  /** The socket of a connection is gone. Unknown connections are ignored. */
  | { type: 'disconnected'; connectionId: string }
  /** A frame of a connection that has joined. Unknown connections are ignored. */
  | { type: 'frame'; connectionId: string; frame: ClientFrame }
  /** The instant of the last `wakeAt` has come. Early or late is harmless. */
  | { type: 'woke' }
  /** Says goodbye to everybody; later joins are sent away. */
  | { type: 'shutdown' };

/** A join whose token was checked. Ids and keys are made outside, where randomness and secrets live. */
export interface JoinAccepted {
  type: 'joinAccepted';
  /** Never used before. */
  connectionId: string;
  room: string;
  /** `sub` of the token. */
  subject: string;
  /** What its token grants for messages. Default `viewer`. */
  role?: SenderRole | undefined;
  /** By which its token has others know it. Default none. */
  name?: string | undefined;
  deviceId: string;
  profile: ViewerProfile;
  /** From a valid resume key of this room and subject, else fresh and unguessable. */
  viewerId: string;
  /** Put into the welcome; names this room, subject and viewer id. */
  resumeKey: string;
  /** Its token makes it the master of its device as long as it is there. Default false. */
  leads?: boolean | undefined;
  /** Who vouches for the media of this room. Default that of the options. */
  integrity?: Integrity | undefined;
}

/** `left`, `replaced` and `shutdown` are polite; `silent` is a dead socket; the rest are refusals. */
export type CloseReason = 'left' | 'replaced' | 'shutdown' | 'silent' | ServerErrorCode;

export type CountedMetric =
  | 'joined'
  | 'resumed'
  | 'left'
  | 'disconnected'
  | 'silent'
  | 'replaced'
  | 'expired'
  | 'lost'
  | 'evicted'
  | 'moved'
  | 'groupSplit'
  | 'groupMerged'
  | 'roleChanged'
  | 'bridged'
  | 'signalRelayed'
  | 'accused'
  | 'suspended'
  | 'removed';

/** What the rooms want done, in this order. */
export type RoomsEffect =
  /** Frames of one directive share their `members` array: do not change it. */
  | { type: 'send'; connectionId: string; frame: ServerFrame }
  /** The rooms have forgotten the connection already; a later `disconnected` is not needed. */
  | { type: 'close'; connectionId: string; reason: CloseReason }
  /** Send `woke` then; replaces every earlier one. Always later than the event's `nowMs`. */
  | { type: 'wakeAt'; atMs: number }
  | { type: 'count'; metric: CountedMetric; value: number };

export interface RoomsOptions {
  /** Overrides of the project's limits, for tests and simulations. */
  limits?: Partial<Limits>;
  /** Uniform in [0, 1): spreads the reconnects after a shutdown. */
  random: () => number;
  /** Named to every viewer in its welcome: signs what it is told of edges. Default none. */
  edgesKey?: VerificationKey;
  /** Named to every viewer in its welcome. Default none. */
  iceServers?: IceServer[];
  /** Of rooms whose joins name none. Default: nobody vouches for anything. */
  integrity?: Integrity;
}

export interface RoomsStats {
  rooms: number;
  groups: number;
  /** With those who dropped and may still resume. */
  viewers: number;
  connected: number;
}

export interface Rooms {
  /**
   * Tells what happened at `nowMs` and returns what to do. `nowMs` is milliseconds of any clock that does not
   * jump; with one that goes on over restarts (wall clock at start plus monotonic) epochs do so too.
   */
  handle(event: RoomsEvent, nowMs: number): RoomsEffect[];
  /** What the viewers of a room hold, by viewer id, as far as they have been asked to tell: in an outage. */
  holdings(room: string): Map<string, ReadonlySet<string>>;
  stats(): RoomsStats;
}
