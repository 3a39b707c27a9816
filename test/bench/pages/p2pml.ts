/** P2P Media Loader, added to hls.js as its guide says. */
import Hls from 'hls.js';
import { HlsJsP2PEngine } from 'p2p-media-loader-hlsjs';
import { startViewer } from './viewer.ts';

const HlsWithP2P = HlsJsP2PEngine.injectMixin(Hls);

startViewer(({ player, room, trackerUrl, p2pml }) => {
  let peerBytes = 0;
  const peers = new Set<string>();
  const hls = new HlsWithP2P({
    ...player,
    p2p: {
      core: {
        ...p2pml,
        announceTrackers: [trackerUrl ?? ''],
        rtcConfig: { iceServers: [] },
        // By default the URL of the manifest: viewers of another edge would be in another swarm.
        swarmId: room,
      },
      onHlsJsCreated({ p2pEngine }) {
        p2pEngine.addEventListener('onChunkDownloaded', (byteCount, source) => {
          if (source === 'p2p') peerBytes += byteCount;
        });
        p2pEngine.addEventListener('onPeerConnect', ({ peerId }) => peers.add(peerId));
        p2pEngine.addEventListener('onPeerClose', ({ peerId }) => peers.delete(peerId));
      },
    },
  });
  return { hls, peerBytes: () => peerBytes, library: () => ({ peers: peers.size }) };
});
