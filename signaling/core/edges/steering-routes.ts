/** Which edges a player can be sent to by content steering, and under which names. */
import type { EdgeListing } from '../../protocol/index.ts';
import type { Pathway, SteeringRequest } from './steering-request.ts';

/** As RFC 8216bis and ETSI TS 103 998 spell it. */
export interface PathwayClone {
  'BASE-ID': string;
  ID: string;
  'URI-REPLACEMENT': { HOST: string };
}

/** A pathway by which a player reaches an edge. */
export interface Route {
  name: string;
  edge: EdgeListing;
  /** Where the playlist does not have it. */
  clone: PathwayClone | null;
}

interface Location {
  host: string;
  isDefaultPort: boolean;
  /** Scheme, port and path: what a player keeps when it replaces the host. */
  rest: string;
}

/**
 * A pathway of the playlist leads to the edge with its base URL, or, where the site does not say any, with its name. Other
 * edges are given as clones of the first pathway that differs from them in nothing but the host, and are not offered where
 * there is none: a clone replaces a host, and leaves scheme, port and path. (HLS could give whole URLs as PER-VARIANT-URIS, by
 * the STABLE-VARIANT-ID of each variant, but these only the playlist knows.)
 */
export function routesOf(request: SteeringRequest, edges: readonly EdgeListing[]): Route[] {
  const routes = new Map<string, Route>();
  const add = (route: Route) => {
    if (!routes.has(route.name)) routes.set(route.name, route);
  };
  if (request.pathways.length === 0) {
    for (const edge of edges) add({ name: edge.name, edge, clone: null });
    return [...routes.values()];
  }
  const left = new Map(edges.map((edge) => [edge, locate(edge.baseUrl)]));
  const bases: [string, Location][] = [];
  for (const pathway of request.pathways) {
    const own = pathway.baseUrl === null ? null : locate(pathway.baseUrl);
    const leadsTo = ([edge, location]: [EdgeListing, Location | null]) =>
      pathway.baseUrl === null
        ? edge.name === pathway.name
        : own !== null && own.host === location?.host && own.rest === location.rest;
    const [edge, location = null] = [...left].find(leadsTo) ?? [];
    const place = own ?? location;
    if (place) bases.push([pathway.name, place]);
    if (!edge) continue;
    left.delete(edge);
    add({ name: pathway.name, edge, clone: null });
  }
  for (const [edge, location] of left) {
    const clone = location && cloneOf(location, bases, request);
    if (clone) add({ name: clone.ID, edge, clone });
  }
  return [...routes.values()];
}

/** Of an edge that is not offered its name is not known: where the site gives no URL it is taken for the id. */
export function leadsTo(
  { name, baseUrl }: Pathway,
  edge: Pick<EdgeListing, 'edgeId' | 'baseUrl'>,
): boolean {
  if (baseUrl === null) return name === edge.edgeId;
  const [own, other] = [locate(baseUrl), locate(edge.baseUrl)];
  return own !== null && own.host === other?.host && own.rest === other.rest;
}

/** By which players know the edge where it was a clone. */
export function cloneNameOf(baseUrl: string): string | null {
  const location = locate(baseUrl);
  return location && nameOf(location.host);
}

function nameOf(host: string): string {
  return host.replace(/[^\w.-]/g, '_');
}

/** Named by its host: a player keeps a clone for as long as it plays, so that another host needs another name. */
function cloneOf(
  { host, rest, isDefaultPort }: Location,
  bases: readonly [string, Location][],
  request: SteeringRequest,
): PathwayClone | null {
  const base = bases.find(([, each]) => each.rest === rest);
  const name = nameOf(host);
  if (!base || name.length > 80 || request.pathways.some((each) => each.name === name)) return null;
  // dash.js replaces host and port by the host, hls.js does nothing where HOST has a port.
  if (request.isDash && !isDefaultPort) return null;
  return { 'BASE-ID': base[0], ID: name, 'URI-REPLACEMENT': { HOST: host } };
}

/** Null for what is no base URL. The core has no `URL`. */
function locate(baseUrl: string): Location | null {
  const parts = /^(https?):\/\/(\[[\da-f:.]+\]|[^/?#@:[\]]+)(?::(\d{1,5}))?(\/.*)$/i.exec(baseUrl);
  const [, scheme = '', host = '', port = '', path = ''] = parts ?? [];
  if (!parts) return null;
  const usual = scheme.toLowerCase() === 'https' ? '443' : '80';
  const number = port || usual;
  return {
    host: host.toLowerCase(),
    isDefaultPort: number === usual,
    rest: `${scheme.toLowerCase()}:${number}${path}`,
  };
}
