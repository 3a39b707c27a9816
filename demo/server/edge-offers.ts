/** The edges of the demo: what each says of itself, and how it is in truth. */
import type { KpiTexts } from '../../signaling/protocol/index.ts';

export const edgeNames = ['edge-a', 'edge-b', 'edge-c', 'edge-d'] as const;
export type EdgeName = (typeof edgeNames)[number];

export const edgeTitles: Record<EdgeName, string> = {
  'edge-a': 'edge A',
  'edge-b': 'edge B',
  'edge-c': 'edge C',
  'edge-d': 'edge D',
};

export interface EdgeOffer {
  role: 'active' | 'spare';
  /** What it registers with; its line is as wide as the bandwidth. */
  kpis: KpiTexts & { bandwidth: string };
  /** Added before every answer. */
  latencyMs: number;
}

export const edgeOffers: Record<EdgeName, EdgeOffer> = {
  'edge-a': {
    role: 'active',
    kpis: { bandwidth: '40 Mbps', responseTime: '20 ms', availability: '99.9 %' },
    latencyMs: 12,
  },
  'edge-b': {
    role: 'active',
    kpis: { bandwidth: '25 Mbps', responseTime: '45 ms', availability: '99.5 %' },
    latencyMs: 35,
  },
  // A spare stands in for an edge if it offers as much.
  'edge-c': {
    role: 'spare',
    kpis: { bandwidth: '40 Mbps', responseTime: '20 ms', availability: '99.9 %' },
    latencyMs: 15,
  },
  // Less than the stream needs.
  'edge-d': {
    role: 'active',
    kpis: { bandwidth: '1 Mbps', responseTime: '90 ms', availability: '98 %' },
    latencyMs: 80,
  },
};
