import { overlaps } from '../core/index.ts';
import { type KpiTexts, limits } from '../protocol/index.ts';
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

/** @throws SignalingError `config_invalid` naming the edge */
export function readStaticEdges(edges: readonly StaticEdge[]): EdgeRegistration[] {
  if (edges.length > limits.edgesOfRoomMax) throw invalid(`at most ${limits.edgesOfRoomMax}`);
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

function invalid(message: string): SignalingError {
  return new SignalingError('config_invalid', `edges: ${message}`);
}
