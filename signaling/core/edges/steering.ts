/**
 * Content steering: the choice of edges for players that know nothing of the sdk. HLS (RFC 8216bis, section 7) and DASH (ETSI
 * TS 103 998) have the same manifest. It says in which order pathways are to be used; which of these the player's playlist
 * has, and what the player has measured, is in the URL, so that the server remembers nobody.
 */
import {
  type EdgeExclusion,
  type EdgesBody,
  hashToUnit,
  type Limits,
} from '../../protocol/index.ts';
import { type Order, orderOf } from './steering-order.ts';
import { reloadUri, type SteeringRequest } from './steering-request.ts';
import {
  cloneNameOf,
  leadsTo,
  type PathwayClone,
  type Route,
  routesOf,
} from './steering-routes.ts';

export { parseSteering } from './steering-request.ts';

/** What the directory knows of the edges of a room; there may be more of them than a viewer is told of. */
export type SteeringView = Pick<EdgesBody, 'edges' | 'excluded' | 'weights'> & {
  /** The server has just started: edges that are not there yet may be back soon. Default false. */
  isSettling?: boolean;
};

export interface SteeringManifest {
  VERSION: 1;
  /** Seconds. */
  TTL: number;
  'RELOAD-URI': string;
  'PATHWAY-PRIORITY': string[];
  /** The same, for DASH players that were made for a draft. */
  'SERVICE-LOCATION-PRIORITY'?: string[];
  'PATHWAY-CLONES'?: PathwayClone[];
}

/** Variants without a pathway are in this one. */
const defaultPathway = '.';
/** An edge with more than this in use is about to refuse. */
const fullLoad = 0.9;

/** Equal requests get equal answers while the directory is the same. */
export function steer(
  request: SteeringRequest,
  view: SteeringView,
  limits: Limits,
): SteeringManifest {
  const order = orderOf(request, routesOf(request, view.edges), view.weights);
  const routes = order.routes.filter(
    (route, index) =>
      index < limits.edgesPerRoomMax ||
      route === order.current ||
      request.pathways.some(({ name }) => name === route.name),
  );
  const held = view.isSettling ? unknownOf(request, view, order) : [];
  const priority = [...new Set([...held, ...priorityOf(request, routes)])];
  const clones = routes.flatMap(({ clone }) => clone ?? []);
  return {
    VERSION: 1,
    TTL: ttlSeconds(request, isUrgent(request, view, order), limits),
    'RELOAD-URI': reloadUri(request, order.slow),
    'PATHWAY-PRIORITY': priority,
    ...(request.isDash ? { 'SERVICE-LOCATION-PRIORITY': priority } : {}),
    ...(clones.length > 0 ? { 'PATHWAY-CLONES': clones } : {}),
  };
}

/**
 * Pathways whose edge is not offered come last: hls.js does not leave a failing pathway when it is told of no other, and a DASH
 * player ends where none of its own is named.
 */
function priorityOf(request: SteeringRequest, routes: readonly Route[]): string[] {
  const used = [...request.used.keys()];
  const known = request.pathways.map(({ name }) => name);
  // Without a word on the pathways, the one in use is known to exist, and nothing else is.
  const others =
    routes.length > 0 ? known : [...used.filter((name) => known.includes(name)), ...known];
  const priority = new Set([...routes.map(({ name }) => name), ...others]);
  if (priority.size > 0) return [...priority];
  return used.length > 0 ? used : [defaultPathway];
}

/** Pathways in use that the site names, and of whose edges nothing is known: all players would be sent to those that are. */
function unknownOf(request: SteeringRequest, view: SteeringView, { routes }: Order): string[] {
  return request.pathways
    .filter(({ name }) => request.used.has(name) && !routes.some((route) => route.name === name))
    .filter((pathway) => !view.excluded.some((edge) => leadsTo(pathway, edge)))
    .map(({ name }) => name);
}

/** An edge that the viewer uses, or might, is about to be of no use. */
function isUrgent(request: SteeringRequest, view: SteeringView, order: Order): boolean {
  const named = new Set(request.pathways.map(({ name }) => name));
  const others = [...request.used.keys()].filter((name) => !named.has(name));
  const isOwn = (edge: EdgeExclusion) =>
    request.pathways.some((pathway) => leadsTo(pathway, edge)) ||
    others.some((name) => name === cloneNameOf(edge.baseUrl) || name === edge.edgeId);
  if (view.excluded.some((edge) => edge.reason === 'draining' && isOwn(edge))) return true;
  const { current, slow, routes } = order;
  if (current === null) return routes.length > 0 && request.turn > 0 && request.used.size > 0;
  return (
    (current.edge.load ?? 0) >= fullLoad ||
    (slow.includes(current.name) && slow.length < routes.length)
  );
}

/** Viewers that came at once do not ask at once for ever. */
function ttlSeconds({ seed, turn }: SteeringRequest, urgent: boolean, limits: Limits): number {
  const part = hashToUnit(`${seed}|${turn}|ttl`);
  const ttlMs = urgent
    ? limits.steeringTtlUrgentMs * (0.5 + part)
    : limits.steeringTtlMs * (0.8 + 0.4 * part);
  const withinMs = Math.min(limits.edgesValidMsMax, Math.max(limits.edgesValidMsMin, ttlMs));
  return Math.round(withinMs / 1_000);
}
