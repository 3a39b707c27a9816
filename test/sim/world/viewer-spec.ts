import type { CoreOptions, Effect } from '../../../sdk/core/core.ts';
import type { EdgeNeeds, ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Clock } from './clock.ts';
import type { EdgeServer } from './edge.ts';
import type { Nat } from './nat.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { SignalingServer } from './signaling.ts';
import type { Viewer } from './viewer.ts';

export interface ViewerSpec {
  name: string;
  deviceId: string;
  /** The browser profile, where that is not what the device id says. */
  browserName?: string;
  /** The app has named the device. */
  isSite?: boolean;
  profile: ViewerProfile;
  nat: Nat;
  accessMs: number;
  /** Of packets, each way. */
  lossShare: number;
  signalingMs: number;
  uplinkBitsPerSecond: number;
  downlinkBitsPerSecond: number;
  rendition: string;
  /** What its app asks of edges. Default nothing. */
  edgeNeeds?: EdgeNeeds;
  /** As the server names it; viewers of one network hear what others there measured. Default none is known. */
  network?: string;
  bufferMaxMs: number;
  /** Where its player begins, before the live edge; 3 as hls.js by default. */
  behindSegments: number;
  memoryBytesMax: number;
  storageBytesMax: number;
  uploadBytesPerSecondMax: number;
  /** Share of control messages that go through the real encoder and parser. */
  wireShare: number;
  /** What is performed instead of an effect of its core, for pages that do not run ours as it is. */
  behaviour: Behaviour | null;
}

export function coreOptionsOf(spec: ViewerSpec, random: () => number): CoreOptions {
  const { profile, uploadBytesPerSecondMax, memoryBytesMax, storageBytesMax } = spec;
  return {
    profile,
    edgeNeeds: spec.edgeNeeds,
    isSite: spec.isSite ?? false,
    noPeersReason: 'peers_not_allowed',
    iceServers: null,
    uploadBytesPerSecondMax,
    memoryBytesMax,
    storageBytesMax,
    slowdownMax: 0.05,
    integrityMin: 'none',
    random,
  };
}

export type Behaviour = (effect: Effect, viewer: Viewer) => readonly Effect[];

export interface WorldParts {
  clock: Clock;
  random: Random;
  edge: EdgeServer;
  edgeAt(url: string): EdgeServer;
  network: Network;
  signaling: SignalingServer;
}
