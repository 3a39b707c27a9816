import type { EdgeOptions } from '../../sdk/index.ts';
import { type Kpis, parseKpis, unmetKpi } from '../../signaling/protocol/kpis.ts';
import type { EdgeState } from './servers.ts';

/** What the viewers of this page ask of edges, as an app states it. */
export const edgeNeeds = {
  minimum: { bandwidth: '2 Mbps', responseTime: '500 ms' },
  expected: { bandwidth: '40 Mbps', responseTime: '20 ms' },
} satisfies EdgeOptions;

export const minimum = parseKpis(edgeNeeds.minimum) as Kpis;
export const expected = parseKpis(edgeNeeds.expected) as Kpis;

/** The server sends viewers of this page there. */
export function isOffered({ offers, place }: EdgeState): boolean {
  return place !== null && unmetKpi(offers, minimum, false) === null;
}
