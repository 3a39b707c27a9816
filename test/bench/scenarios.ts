/** What happens to the viewers and to the servers while a mode runs. Times count from the settled window's start. */
export interface Scenario {
  description: string;
  joinIntervalMs: number;
  /** One viewer leaves and another joins this often. */
  churnIntervalMs: number | null;
  /** Uplink of the edge as a multiple of the stream's bitrate. */
  edgeUplinkBitrates: number | null;
  /** `refuse` at `target`: every connection is reset, for playlists, init segments and segments. */
  outage: { target: 'edge' | 'origin'; startMs: number; durationMs: number } | null;
  /** Viewers, the last to join, whose own edge stays alive. */
  viewersAtSpareEdge: number;
}

export const scenarioNames = [
  'steady',
  'crowd',
  'churn',
  'capped',
  'outage-one',
  'outage-all',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export function isScenarioName(name: string): name is ScenarioName {
  return (scenarioNames as readonly string[]).includes(name);
}

/** A short run gets a shorter outage, so that there is a time before and one after. */
export function scenarioOf(name: ScenarioName, durationMs: number): Scenario {
  const startMs = Math.min(20_000, durationMs / 3);
  const base: Scenario = {
    description: 'viewers join one after another and watch',
    joinIntervalMs: 500,
    churnIntervalMs: null,
    edgeUplinkBitrates: null,
    outage: null,
    viewersAtSpareEdge: 0,
  };
  switch (name) {
    case 'steady':
      return base;
    case 'crowd':
      return { ...base, description: 'all viewers join at once', joinIntervalMs: 0 };
    case 'churn': {
      const description =
        'every four seconds the longest-present viewer leaves and a new one joins';
      return { ...base, description, churnIntervalMs: 4_000 };
    }
    case 'capped': {
      const description =
        'the edge can send 2.5 times the bitrate of the stream, to all viewers together';
      return { ...base, description, edgeUplinkBitrates: 2.5 };
    }
    case 'outage-one': {
      const durationOutageMs = Math.min(30_000, durationMs / 2);
      return {
        ...base,
        description: 'playlists and segments are dead for all viewers but one, then return',
        outage: { target: 'edge', startMs, durationMs: durationOutageMs },
        viewersAtSpareEdge: 1,
      };
    }
    case 'outage-all': {
      const durationOutageMs = Math.min(20_000, durationMs / 2);
      return {
        ...base,
        description: 'the origin is dead for everybody, then returns',
        outage: { target: 'origin', startMs, durationMs: durationOutageMs },
      };
    }
  }
}
