import type { ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Nat } from './nat.ts';
import type { Random } from './random.ts';
import type { ViewerSpec } from './viewer-spec.ts';

/** What viewers of the internet are like. Every number says where it is from, or that it is assumed. */
export const population = {
  /** Of the uplinks of those who upload, in multiples of the stream's bitrate. */
  uplinkMean: 2,
  /**
   * Spread of the logarithm of uplinks: that of the mean throughputs of 30 fixed lines measured for the FCC's
   * Measuring Broadband America of 2016, as in github.com/confiwent/Real-world-bandwidth-traces. They lie
   * between 0.15 and 2.1 times their mean.
   */
  uplinkSigma: 0.69,
  /** Metered, or not willing. Assumed. */
  withoutUploadShare: 0.2,
  /** Of downlinks, in multiples of the bitrate. Assumed: who has less does not watch this rendition. */
  downlinkMedian: 10,
  downlinkMin: 2.5,
  /** Milliseconds from a viewer to the middle of the network: round trips between two have a median of 80. Assumed. */
  accessMedianMs: 20,
  accessSigma: 0.6,
  accessMaxMs: 250,
  /** Share of packets lost on the way from a viewer to the middle. Assumed: a thousandth, for some a hundredth. */
  lossMedian: 0.001,
  lossSigma: 1.2,
  lossMax: 0.03,
  /**
   * 82 % of address translations let UDP be linked through them (Ford, Srisuresh and Kegel, USENIX 2005). How they
   * and the rest divide is assumed such that four of five pairs can be linked, as Halkes and Pouwelse measured
   * among the peers of a file-sharing network (NETWORKING 2011).
   */
  nats: { open: 0.25, restricted: 0.22, portRestricted: 0.35, symmetric: 0.15, closed: 0.03 },
} as const;

/** Feeds others. */
export const willing: ViewerProfile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

/** One viewer of that population, who watches a stream of this bitrate. */
export function drawViewer(bitsPerSecond: number, random: Random): Partial<ViewerSpec> {
  const { uplinkMean, uplinkSigma, downlinkMedian, downlinkMin } = population;
  const { accessMedianMs, accessSigma, accessMaxMs, lossMedian, lossSigma, lossMax } = population;
  const uplinkMedian = uplinkMean * Math.exp(-(uplinkSigma ** 2) / 2);
  const downlink = Math.max(downlinkMin, lognormal(random, downlinkMedian, uplinkSigma));
  const accessMs = Math.min(accessMaxMs, lognormal(random, accessMedianMs, accessSigma));
  const withoutUpload = random.chance(population.withoutUploadShare);
  return {
    uplinkBitsPerSecond: bitsPerSecond * lognormal(random, uplinkMedian, uplinkSigma),
    downlinkBitsPerSecond: bitsPerSecond * downlink,
    accessMs,
    signalingMs: accessMs + 10,
    lossShare: Math.min(lossMax, lognormal(random, lossMedian, lossSigma)),
    nat: drawNat(random),
    profile: withoutUpload ? { ...willing, metered: true } : willing,
  };
}

function drawNat(random: Random): Nat {
  let left = random.unit();
  for (const [nat, share] of Object.entries(population.nats)) {
    left -= share;
    if (left < 0) return nat as Nat;
  }
  return 'closed';
}

function lognormal(random: Random, median: number, sigma: number): number {
  // Box and Muller; 1 - unit lies in (0, 1].
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
  return median * Math.exp(sigma * normal);
}
