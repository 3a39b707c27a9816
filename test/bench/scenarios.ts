import type { Fault } from '../../demo/origin/fault.ts';

/** What happens to the viewers and to the servers while a mode runs. Times count from the settled window's start. */
export interface Scenario {
  description: string;
  joinIntervalMs: number;
  /** One viewer leaves and another joins this often. */
  churnIntervalMs: number | null;
  /** Uplink of the edge as a multiple of the stream's bitrate. */
  edgeUplinkBitrates: number | null;
  /** Of the viewers' edge. */
  outage: Outage | null;
  /** Viewers, the last to join, whose own edge stays alive. */
  viewersAtSpareEdge: number;
  /** The viewers are tabs of one browser profile, instead of a profile each. */
  oneProfile: boolean;
}

export interface Outage {
  /** Given the stream's bitrate. */
  fault(bitsPerSecond: number): Fault;
  startMs: number;
  durationMs: number;
}

interface OutageSpec {
  description: string;
  fault: Outage['fault'];
  /** The last to join has an edge of its own, which lives. Default true. */
  sparesOne?: boolean;
  /** Default 30 s. */
  durationMsMax?: number;
}

const outages = {
  'outage-segments': {
    description: 'segments fail and playlists live, for all viewers but one',
    fault: () => ({ kind: 'error', paths: 'segments' }),
  },
  'outage-playlists': {
    description: 'playlists fail and segments live, for all viewers but one',
    fault: () => ({ kind: 'error', paths: 'playlists' }),
  },
  'outage-black-hole': {
    description: 'connections open and are never answered, for all viewers but one',
    fault: () => ({ kind: 'black-hole' }),
  },
  'outage-half': {
    description: 'half of the requests are answered with 503',
    fault: () => ({ kind: 'error', ratio: 0.5 }),
    sparesOne: false,
  },
  'outage-throttled': {
    description: 'the edge sends 1.25 times the bitrate, to all viewers together',
    fault: (bitsPerSecond) => ({ kind: 'throttle', bytesPerSecond: (bitsPerSecond * 1.25) / 8 }),
    sparesOne: false,
  },
  'outage-one': {
    description: 'connections are reset, for all viewers but one',
    fault: () => ({ kind: 'refuse' }),
  },
  'outage-all': {
    description: 'connections are reset, for everybody',
    fault: () => ({ kind: 'refuse' }),
    sparesOne: false,
    durationMsMax: 20_000,
  },
} satisfies Record<string, OutageSpec>;

type OutageName = keyof typeof outages;
export const outageNames = Object.keys(outages) as OutageName[];

export const scenarioNames = [
  'steady',
  'crowd',
  'churn',
  'capped',
  'tabs',
  ...outageNames,
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export function isScenarioName(name: string): name is ScenarioName {
  return (scenarioNames as readonly string[]).includes(name);
}

/** A short run gets a shorter outage, so that there is a time before and one after. */
export function scenarioOf(name: ScenarioName, durationMs: number): Scenario {
  const startMs = Math.min(10_000, durationMs / 6);
  const base: Scenario = {
    description: 'viewers join one after another and watch',
    joinIntervalMs: 500,
    churnIntervalMs: null,
    edgeUplinkBitrates: null,
    outage: null,
    viewersAtSpareEdge: 0,
    oneProfile: false,
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
    case 'tabs': {
      const description = 'the viewers are tabs of one browser profile';
      return { ...base, description, oneProfile: true };
    }
    case 'capped': {
      const description =
        'the edge can send 2.5 times the bitrate of the stream, to all viewers together';
      return { ...base, description, edgeUplinkBitrates: 2.5 };
    }
    default: {
      const { sparesOne = true, durationMsMax = 30_000, ...spec }: OutageSpec = outages[name];
      const lastsMs = Math.min(durationMsMax, durationMs / 2);
      return {
        ...base,
        description: spec.description,
        outage: { fault: spec.fault, startMs, durationMs: lastsMs },
        viewersAtSpareEdge: sparesOne ? 1 : 0,
      };
    }
  }
}
