import { provideWebRtc } from '../../sdk/agent/webrtc.ts';
import { describePeerLinks } from './peer-link.contract.ts';

provideWebRtc();
// Takes what is there when it is loaded.
const { createPeerLinks } = await import('../../sdk/adapters/peer-link.ts');

describePeerLinks('WebRTC in Node', () => {
  const connections = new Set<RTCPeerConnection>();
  const { prototype } = RTCPeerConnection;
  const { createDataChannel } = prototype;
  prototype.createDataChannel = function (label, init) {
    connections.add(this);
    return createDataChannel.call(this, label, init);
  };
  const { warn } = console;
  // simple-peer says what it does not understand.
  console.warn = () => {};
  return {
    links: createPeerLinks(),
    countLeftovers: () =>
      [...connections].filter(({ signalingState }) => signalingState !== 'closed').length,
    dispose: () => {
      prototype.createDataChannel = createDataChannel;
      console.warn = warn;
      for (const connection of connections) connection.close();
    },
  };
});
