import type { EdgeNeeds, EdgeOutcome, EdgesBody, Limits } from '../../protocol/index.ts';
import type { EdgeHeartbeat, EdgeRegistration, EdgeRole } from '../../protocol/registration.ts';
import type { SampleLearning } from './state.ts';

/** What the world tells the directory. Registrations are parsed, tokens checked. */
export type EdgesEvent =
  | { type: 'registered'; registration: EdgeRegistration }
  | { type: 'heartbeat'; edgeId: string; heartbeat: EdgeHeartbeat }
  | { type: 'deregistered'; edgeId: string }
  | ViewerJoined
  /** Unknown connections are ignored. */
  | { type: 'viewerLeft'; connectionId: string }
  /** Of a report. Unknown connections are ignored. */
  | {
      type: 'outcomes';
      connectionId: string;
      /** The edge that it reads from. */
      edgeId: string | null;
      outcomes: readonly EdgeOutcome[];
    }
  /** The instant of the last `wakeAt` has come. Early or late is harmless. */
  | { type: 'woke' };

export interface ViewerJoined {
  type: 'viewerJoined';
  /** Never used before. */
  connectionId: string;
  room: string;
  deviceId: string;
  /** `sub` of the token. */
  subject: string;
  /** Names the network without telling its address; null where it is not known. */
  network: string | null;
  needs: EdgeNeeds | null;
  /** It has been told before, by a server that may have known more. Default false. */
  isReturning?: boolean | undefined;
}

/** What the directory wants done, in this order. */
export type EdgesEffect =
  /** To the edge that the event was of. */
  | { type: 'answer'; answer: EdgeAnswer }
  /** One body for all of them: to be signed once. */
  | { type: 'tell'; connectionIds: string[]; body: string }
  /** Send `woke` then; replaces every earlier one. At least `edgesIntervalMs` later than the event's `nowMs`. */
  | { type: 'wakeAt'; atMs: number }
  | { type: 'count'; metric: EdgesMetric; value: number };

export type EdgeRefusalCode =
  /** No lease in force: register first, again after an outage of either side. */
  | 'edge_unknown'
  /** The configuration has an edge of this id. */
  | 'edge_static'
  | 'edges_full'
  /** One of its rooms has as many edges as it may have. */
  | 'room_edges_full';

export type EdgeAnswer =
  | {
      ok: true;
      edgeId: string;
      /** May differ from what was asked for: a name has one active edge, and whoever fails is drained. */
      role: EdgeRole;
      /** By which viewers know it now; null while they are not sent there. */
      name: string | null;
      leaseMs: number;
      heartbeatIntervalMs: number;
    }
  | { ok: false; code: EdgeRefusalCode; message: string };

export type EdgesMetric =
  | 'registered'
  | 'heartbeat'
  | 'deregistered'
  | 'expired'
  | 'drained'
  | 'promoted'
  | 'recovered'
  | 'told'
  /** Of an edge that is not one of the viewer's room. */
  | 'outcomeUnknown';

export interface EdgesOptions {
  /** Overrides of the project's limits, for tests and simulations. */
  limits?: Partial<Limits>;
  /** Edges of the configuration: always there. Default none. */
  edges?: readonly EdgeRegistration[];
  /** Learns weights from what viewers measured. Default: those that the sdk comes with. */
  learning?: SampleLearning;
}

/** Whose edges, and what is known of who asks. */
export interface EdgesRequest {
  room: string;
  needs: EdgeNeeds | null;
  /** Null where it does not say. */
  deviceId: string | null;
  network: string | null;
}

export interface SurveyRequest {
  room: string;
  network: string | null;
  /** Full edges are kept from those that come. */
  isNew: boolean;
}

export interface Survey extends EdgesBody {
  /** Edges that were there before a restart may be missing. */
  isSettling: boolean;
}

export interface EdgesStats extends Record<EdgeRole, number> {
  viewers: number;
}

export interface EdgeDirectory {
  /** `nowMs` is milliseconds of any clock that does not jump; with one that goes on over restarts versions do so too. */
  handle(event: EdgesEvent, nowMs: number): EdgesEffect[];
  /** What somebody who comes now is told. Changes nothing. */
  discover(request: EdgesRequest, nowMs: number): EdgesBody;
  /** All that a player is steered by, which knows the edges of its playlist, whichever these are. Changes nothing. */
  survey(request: SurveyRequest, nowMs: number): Survey;
  stats(): EdgesStats;
}
