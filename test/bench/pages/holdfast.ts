/** Holdfast, added to hls.js as the README of the repository says. */
import Hls from 'hls.js';
import { joinRoom } from '../../../sdk/index.ts';
import { startViewer } from './viewer.ts';

startViewer(({ player, room, signalingUrl, token }, media) => {
  const signaling = signalingUrl ?? '';
  const session = joinRoom({ room, signaling, token: token ?? '', media, upload: true });
  return {
    hls: new Hls(session.hls(player)),
    peerBytes: () => {
      const { bytesFromPeers, bytesFromDevice } = session.stats();
      return bytesFromPeers + bytesFromDevice;
    },
    library: () => session.stats(),
  };
});
