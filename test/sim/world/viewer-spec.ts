import type { ViewerProfile } from '../../../signaling/protocol/index.ts';
import type { Clock } from './clock.ts';
import type { EdgeServer } from './edge.ts';
import type { Nat, Network } from './network.ts';
import type { Random } from './random.ts';
import type { SignalingServer } from './signaling.ts';

export interface ViewerSpec {
  name: string;
  deviceId: string;
  profile: ViewerProfile;
  nat: Nat;
  accessMs: number;
  signalingMs: number;
  uplinkBitsPerSecond: number;
  downlinkBitsPerSecond: number;
  rendition: string;
  bufferMaxMs: number;
  memoryBytesMax: number;
  storageBytesMax: number;
  uploadBytesPerSecondMax: number;
  /** Share of control messages that go through the real encoder and parser. */
  wireShare: number;
}

export interface WorldParts {
  clock: Clock;
  random: Random;
  edge: EdgeServer;
  network: Network;
  signaling: SignalingServer;
}
