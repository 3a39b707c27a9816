import { createPeerLinks } from '../../sdk/adapters/peer-link.ts';
import { describePeerLinks, type PeerLinksUnderTest } from '../contract/peer-link.contract.ts';

describePeerLinks('WebRTC', setUp);

/** Watches what the page is asked for while a test runs: connections, and timers that simple-peer starts. */
function setUp(): PeerLinksUnderTest {
  const connections: RTCPeerConnection[] = [];
  const { RTCPeerConnection: Real } = globalThis;
  globalThis.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  return {
    links: createPeerLinks(),
    countLeftovers: () => connections.filter(({ connectionState: s }) => s !== 'closed').length,
    dispose: () => {
      globalThis.RTCPeerConnection = Real;
      for (const connection of connections) connection.close();
    },
  };
}
