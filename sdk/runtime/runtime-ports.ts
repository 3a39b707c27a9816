import type { VerificationKey } from '../../signaling/protocol/index.ts';
import type { CoreEvent, Effect } from '../core/core.ts';
import type { SegmentRequest } from '../core/events.ts';
import type { EdgeReader } from '../ports/edge.ts';
import type { PeerLinks } from '../ports/peer-link.ts';
import type { Seals } from '../ports/seals.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import type { SignalingSocket } from '../ports/signaling-socket.ts';
import type { Tabs } from '../ports/tabs.ts';
import type { PlainLoads } from './plain-loads.ts';
import type { SessionClock } from './session-clock.ts';

export type OutwardEffect = Extract<
  Effect,
  {
    type:
      | 'status'
      | 'integrity'
      | 'role'
      | 'neighbours'
      | 'edge'
      | 'refused'
      | 'error'
      | 'deliverSegment'
      | 'message'
      | 'messageRemoved'
      | 'setPlaybackRate';
  }
>;

/** Loaded by the player itself. */
export type Brought =
  | Extract<CoreEvent, { type: 'playlistBrought' }>
  | {
      type: 'segmentBrought';
      request: SegmentRequest;
      bytes: Uint8Array<ArrayBuffer>;
      transferMs: number;
    };

export interface RuntimePorts {
  edge: EdgeReader;
  links: PeerLinks;
  tabs: Tabs;
  signaling: SignalingSocket;
  plain: PlainLoads;
  /** The device id is that of another machine too: from the next connection on it is another. */
  separate(): void;
  /** Watches network and page; closed with the session. */
  watches: { close(): void };
  room: string;
  publisherKey: VerificationKey | null;
  seals: Seals;
  /** Null keeps nothing behind memory. */
  store: SegmentStore | null;
  /** Something could not be kept behind memory. */
  storageFailed: (error: unknown) => void;
  clock: SessionClock;
}
