import { overlaps } from '../core/index.ts';
import type { KpiTexts, Limits } from '../protocol/index.ts';
import {
  type EdgeRegistration,
  type EdgeRole,
  parseRegistration,
} from '../protocol/registration.ts';
import { SignalingError } from './errors.ts';

/** An edge that is always there. */
export interface StaticEdge {
  edgeId: string;
  /** Ends with a slash. */
  baseUrl: string;
  /** Default its id. */
  name?: string | undefined;
  /** Default all. */
  rooms?: string[] | undefined;
  region?: string | undefined;
  kpis?: KpiTexts | undefined;
  costPerGigabyte?: number | undefined;
  /** Default active. */
  role?: EdgeRole | undefined;
}

/**
 * @param from what the message names them by
 * @throws SignalingError `config_invalid` naming the edge
 */
export function readStaticEdges(
  edges: readonly StaticEdge[],
  { edgesMax, edgesOfRoomMax }: Pick<Limits, 'edgesMax' | 'edgesOfRoomMax'>,
  from = 'edges',
): EdgeRegistration[] {
  const invalid = (message: string) => new SignalingError('config_invalid', `${from}: ${message}`);
  const countMax = Math.min(edgesMax, edgesOfRoomMax);
  if (edges.length > countMax) throw invalid(`at most ${countMax}`);
  const ids = new Set<string>();
  const active: EdgeRegistration[] = [];
  return edges.map(({ edgeId, ...rest }) => {
    const said = Object.entries(rest).filter(([, value]) => value !== undefined);
    const parsed = parseRegistration(edgeId, Object.fromEntries(said));
    if (!parsed.ok) throw invalid(`${edgeId}: ${parsed.message}`);
    const { baseUrl, name, rooms, role } = parsed.value;
    if (!URL.canParse(baseUrl)) throw invalid(`${edgeId}: baseUrl: not a URL`);
    if (ids.has(edgeId)) throw invalid(`${edgeId}: there are two`);
    const isNamesake = (other: EdgeRegistration) =>
      other.name === name && overlaps(other.rooms, rooms);
    if (role === 'active' && active.some(isNamesake))
      throw invalid(`${edgeId}: another of its rooms is active as ${name}`);
    ids.add(edgeId);
    if (role === 'active') active.push(parsed.value);
    return parsed.value;
  });
}
