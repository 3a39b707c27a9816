/** Edges and the choice among them in plain words. Pure. */
import type { EdgeStats, SessionStats } from '../../sdk/index.ts';
import { type KpiName, type Kpis, kpiKinds } from '../../signaling/protocol/kpis.ts';
import type { EdgeName } from '../server/edge-offers.ts';
import { letterOf } from './servers.ts';

/** What one viewer knows of edges. */
export type EdgesSeen = Pick<SessionStats, 'edges' | 'edgesExcluded'>;

type Exclusion = SessionStats['edgesExcluded'][number];
type Reason = NonNullable<EdgeStats['reason']>;

const kpiWords: Record<KpiName, string> = {
  bandwidth: 'bandwidth',
  requestRate: 'request rate',
  responseTime: 'response time',
  availability: 'availability',
  compute: 'processors',
  graphicalCompute: 'graphics processors',
  memory: 'memory',
  storage: 'storage',
  jitter: 'jitter',
  loss: 'packet loss',
};

const reasonWords: Record<Reason, string> = {
  kpi_unmet: 'offers less than the minimum',
  kpi_unknown: 'does not say what it offers',
  spare: 'spare, for when another fails',
  draining: 'taken out of use by the server',
  full: 'full: takes no more viewers',
  other_room: 'for other rooms',
  surplus: 'not needed: there are enough',
  ejected: 'did not answer; left alone for a while',
  trial: 'left alone until it answers a trial',
  insecure: 'not over TLS, as the stream is',
};

export function exclusionWords({ reason, kpi }: Exclusion): string {
  if (kpi === null) return reasonWords[reason];
  if (reason === 'kpi_unknown') return `does not say its ${kpiWords[kpi]}`;
  return `${kpiKinds[kpi].isLowerBetter ? 'more' : 'less'} ${kpiWords[kpi]} than asked for`;
}

/** `kpi_unmet: bandwidth`, as the sdk names it. */
export function exclusionCode({ reason, kpi }: Exclusion): string {
  return kpi === null ? reason : `${reason}: ${kpi}`;
}

/** Empty where nothing is wrong with it. */
export function failureWords({ reason, failures }: EdgeStats): string {
  if (reason) return reasonWords[reason];
  return failures > 0 ? 'did not answer just now' : '';
}

export function kpiWordsOf({ bandwidthBitsPerSecond: bits, responseTimeMs }: Kpis): string {
  return [
    ...(bits === undefined ? [] : [megabits(bits)]),
    ...(responseTimeMs === undefined ? [] : [milliseconds(responseTimeMs)]),
  ].join(', ');
}

export function megabits(bitsPerSecond: number): string {
  const megabit = bitsPerSecond / 1e6;
  return `${megabit < 10 ? Number(megabit.toFixed(1)) : Math.round(megabit)} Mbit/s`;
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Of two times, the shorter one speaks for itself when it is less than this of the other. */
const clearShare = 0.9;

/** Why a viewer left one edge for another, of the one that it left or of both. */
export function whyMoved(from: EdgeName, to: EdgeName, seen: EdgesSeen): string {
  const left = letterOf(from);
  const before = seen.edges.find(({ listing }) => listing.edgeId === from);
  const after = seen.edges.find(({ listing }) => listing.edgeId === to);
  if (!before) {
    const exclusion = seen.edgesExcluded.find(({ edgeId }) => edgeId === from);
    if (!exclusion) return `${left} is gone`;
    if (exclusion.reason === 'draining') return `the server took ${left} out of use`;
    return `${left}: ${exclusionWords(exclusion)}`;
  }
  if (before.failures > 0 || before.reason) return `${left} did not answer`;
  if (!after || after.scoreMs >= before.scoreMs) return `${left} had become slow`;
  // Load, cost and who else reads from it count as well.
  if (after.predictedMs > before.predictedMs * clearShare)
    return `${letterOf(to)} has the better score, ${Math.round(after.scoreMs)} to ${Math.round(before.scoreMs)}`;
  const [slow, fast] = [milliseconds(before.predictedMs), milliseconds(after.predictedMs)];
  return `a segment is expected to take ${fast} there, and ${slow} from ${left}`;
}
