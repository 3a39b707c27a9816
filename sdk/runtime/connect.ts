/** All that the room needs and plain playback does not: loaded beside playback, as a chunk of its own. */
import type { WelcomeFrame } from '../../signaling/protocol/index.ts';
import { loadDeviceId, renewDeviceId } from '../adapters/device-id.ts';
import { watchNetworkProfile } from '../adapters/network-profile.ts';
import { watchPage } from '../adapters/page-lifecycle.ts';
import { createPeerLinks } from '../adapters/peer-link.ts';
import { createSegmentStore } from '../adapters/segment-store.ts';
import { createSignalingSocket } from '../adapters/signaling-socket.ts';
import { createTabs } from '../adapters/tabs.ts';
import { createSeals } from '../adapters/web-crypto.ts';
import type { CheckedOptions } from '../options.ts';
import type { EdgeReader } from '../ports/edge.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import type { PlainLoads } from './plain-loads.ts';
import { Runtime } from './runtime.ts';
import type { OutwardEffect } from './runtime-ports.ts';
import { SessionClock } from './session-clock.ts';

export interface ConnectListener {
  onEffect(effect: OutwardEffect): void;
  onWelcome(frame: WelcomeFrame): void;
  /** The signaling server sent something that cannot be read. */
  onInvalidFrame(message: string): void;
  onStorageFailed(error: unknown): void;
}

/** Builds the runtime of a session over the browser's own means and starts to join. */
export function connectRoom(
  options: CheckedOptions,
  edge: EdgeReader,
  plain: PlainLoads,
  listener: ConnectListener,
): Runtime {
  const links = createPeerLinks();
  const network = watchNetworkProfile(
    { uploadAllowed: options.upload, peersAllowed: options.peers && links.available },
    options.metered,
    (profile) => runtime.dispatch({ type: 'profileChanged', profile }),
  );
  const page = watchPage({
    away: () => runtime.away(),
    back: () => runtime.back(),
    networkChanged: () => runtime.dispatch({ type: 'disturbed', awayMs: 0 }),
  });
  const { url, room, token, edgeNeeds } = options;
  let deviceId = options.deviceId ?? loadDeviceId();
  const signaling = createSignalingSocket(
    { url, room, token, deviceId: () => deviceId, needs: edgeNeeds },
    {
      onFrame: (frame) => {
        if (frame.type === 'welcome') listener.onWelcome(frame);
        runtime.receive(frame);
      },
      onInvalid: ({ code, message }) => {
        // Another version will not become readable by trying again.
        if (code !== 'version_unsupported') listener.onInvalidFrame(message);
        else runtime.receive({ type: 'error', code, message, fatal: true });
      },
      onClose: () => runtime.dispatch({ type: 'signalingClosed' }),
    },
  );
  const { uploadBytesPerSecondMax, memoryBytesMax, storageBytesMax, iceServers } = options;
  const runtime: Runtime = new Runtime(
    {
      profile: network.profile,
      edgeNeeds,
      isSite: options.deviceId !== undefined,
      noPeersReason: links.available ? 'peers_not_allowed' : 'webrtc_missing',
      uploadBytesPerSecondMax,
      memoryBytesMax,
      storageBytesMax,
      iceServers,
      slowdownMax: options.slowdownMax,
      integrityMin: options.integrityMin,
      random: Math.random,
    },
    options.relayOnly,
    {
      links,
      tabs: createTabs(),
      separate: () => {
        deviceId = renewDeviceId(deviceId);
      },
      signaling,
      edge,
      plain,
      watches: {
        close() {
          network.close();
          page.close();
        },
      },
      room,
      publisherKey: options.publisherKey,
      seals: createSeals(),
      store: storageBytesMax > 0 ? createSegmentStore({ room, openInWorker }) : null,
      storageFailed: (error) => listener.onStorageFailed(error),
      clock: new SessionClock(
        () => performance.now(),
        () => Date.now(),
        () => document.hidden,
      ),
    },
    (effect) => listener.onEffect(effect),
  );
  runtime.dispatch({ type: 'started' });
  return runtime;
}

/** The worker's code is loaded only where something is stored. */
async function openInWorker(sessionId: string): Promise<SegmentStore> {
  const { openSegmentsInWorker } = await import('./worker-client.ts');
  return openSegmentsInWorker(sessionId);
}
