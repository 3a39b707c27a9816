import type { EdgePrior, Limits } from '../../protocol/index.ts';
import * as thresholds from './thresholds.ts';

interface Sample extends EdgePrior {
  deviceId: string;
  subject: string;
  atMs: number;
}

interface Network {
  heardAtMs: number;
  /** Enough devices were heard of some edge. */
  tells: boolean;
  /** Of each edge, oldest first. */
  samples: Map<string, Sample[]>;
}

/** What viewers of one network measured of each edge, for others of the same network. */
export interface Priors {
  /** Returns whether the prior of that edge is another now. */
  add(
    network: string,
    edgeId: string,
    voice: { deviceId: string; subject: string },
    measured: EdgePrior,
    nowMs: number,
  ): boolean;
  get(network: string | null, edgeId: string, nowMs: number): EdgePrior | null;
  /** Whether viewers of this network may be told others than those of an unknown one. */
  knows(network: string | null): boolean;
  forget(nowMs: number): void;
}

export function createPriors(limits: Limits): Priors {
  // A Map keeps insertion order: whoever is heard is put back, and the first is the longest unheard.
  const networks = new Map<string, Network>();

  function get(network: string | null, edgeId: string, nowMs: number): EdgePrior | null {
    const samples = network === null ? undefined : networks.get(network)?.samples.get(edgeId);
    const fresh = samples?.filter(({ atMs }) => atMs > nowMs - limits.priorMs) ?? [];
    if (fresh.length < thresholds.priorDevicesMin) return null;
    return {
      firstByteMs: median(fresh.map(({ firstByteMs }) => firstByteMs)),
      bytesPerMs: median(fresh.map(({ bytesPerMs }) => bytesPerMs)),
    };
  }

  return {
    add(network, edgeId, { deviceId, subject }, measured, nowMs) {
      const known: Network = networks.get(network) ?? {
        ...{ heardAtMs: nowMs, tells: false },
        samples: new Map(),
      };
      networks.delete(network);
      networks.set(network, known);
      known.heardAtMs = nowMs;
      evict(networks, limits.priorNetworksMax);
      const before = get(network, edgeId, nowMs);
      // One voice to a device and to a subject, and the newest.
      const others = (known.samples.get(edgeId) ?? []).filter(
        (sample) => sample.deviceId !== deviceId && sample.subject !== subject,
      );
      const { firstByteMs, bytesPerMs } = measured;
      others.push({ firstByteMs, bytesPerMs, deviceId, subject, atMs: nowMs });
      known.samples.delete(edgeId);
      known.samples.set(edgeId, others.slice(-limits.priorDevicesMax));
      evict(known.samples, limits.priorEdgesMax);
      known.tells ||= others.length >= thresholds.priorDevicesMin;
      const after = get(network, edgeId, nowMs);
      return before?.firstByteMs !== after?.firstByteMs || before?.bytesPerMs !== after?.bytesPerMs;
    },
    get,
    knows: (network) => (network !== null && networks.get(network)?.tells) ?? false,
    forget(nowMs) {
      for (const [name, { heardAtMs }] of networks) {
        if (heardAtMs > nowMs - limits.priorMs) return;
        networks.delete(name);
      }
    },
  };
}

function evict(map: Map<string, unknown>, sizeMax: number): void {
  for (const key of map.keys()) {
    if (map.size <= sizeMax) return;
    map.delete(key);
  }
}

/** To two digits: finer would be news with every sample and change nobody's choice. */
function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const high = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const middle = Math.min(low / 2 + high / 2, thresholds.measuredMax);
  return Number(middle.toPrecision(2));
}
