/** A member that joins the room properly and then sends its peers what no correct member would. */
import { createPeerLinks } from '../../../sdk/adapters/peer-link.ts';
import { encodePeerMessage } from '../../../sdk/core/peer-wire.ts';
import type { PeerLink } from '../../../sdk/ports/peer-link.ts';
import { parseServerFrame, protocolVersion } from '../../../signaling/protocol/index.ts';

const parameters = new URLSearchParams(location.search);
const read = (name: string) => parameters.get(name) ?? '';
const attacks: Record<string, (link: PeerLink) => void> = {
  'not JSON': (link) => link.sendControl('{{{'),
  'unknown version': (link) => link.sendControl('{"type":"hello","version":99,"follows":[]}'),
  'message before hello': (link) => link.sendControl('{"type":"want","segment":"a#1"}'),
  'unknown message': (link) => link.sendControl('{"type":"obey"}'),
  'field out of range': (link) => {
    link.sendControl(hello);
    link.sendControl('{"type":"request","requestId":-1,"segment":"a#1","part":1e9}');
  },
  'oversized message': (link) =>
    link.sendControl(JSON.stringify({ type: 'want', segment: 'x'.repeat(200_000) })),
  'unasked chunk': (link) => {
    link.sendControl(hello);
    link.sendMedia(new Uint8Array([1, 0, 0, 0, 7, 0, 0, 0, 0, 1, 2, 3]));
  },
  'garbage bytes': (link) => {
    link.sendControl(hello);
    link.sendMedia(crypto.getRandomValues(new Uint8Array(1_000)));
  },
  'not a playlist': (link) => {
    link.sendControl(hello);
    link.sendControl(
      JSON.stringify({ type: 'playlist', playlistId: 'high/playlist.m3u8', text: '<html>' }),
    );
  },
  flood: (link) => {
    link.sendControl(hello);
    for (let count = 0; count < 2_000; count += 1)
      link.sendControl('{"type":"want","segment":"a#1"}');
  },
};

const hello = encodePeerMessage({ type: 'hello', version: 1, follows: [] });
const attack = attacks[read('attack')];
if (!attack) throw new Error(`no such attack: ${read('attack')}`);

const state = {
  /** Links that opened, all members together; it attacks on each. */
  attacked: 0,
  closed: 0,
  /** Links that it offered again after it was thrown out. */
  retried: 0,
};
declare global {
  interface Window {
    hostile: typeof state;
  }
}
window.hostile = state;

const retryAfterMs = 700;
const retriesMax = 6;
const links = new Map<string, PeerLink>();
const peerLinks = createPeerLinks();
const socket = new WebSocket(read('signaling'));

function link(peer: string, initiator: boolean): PeerLink {
  const made = peerLinks.create(
    { initiator, iceServers: [], relayOnly: false },
    {
      onSignal: (signal) => socket.send(JSON.stringify({ type: 'signal', to: peer, signal })),
      onOpen: () => {
        attack?.(made);
        state.attacked += 1;
      },
      onControl: () => {},
      onMedia: () => {},
      onMediaDrained: () => {},
      onClose: () => {
        state.closed += 1;
        links.delete(peer);
        setTimeout(() => tryAgain(peer), retryAfterMs);
      },
    },
  );
  links.set(peer, made);
  return made;
}

/** Whoever it was thrown out by gets a new offer, whichever side should make it. */
function tryAgain(peer: string): void {
  if (links.has(peer) || state.retried >= retriesMax) return;
  state.retried += 1;
  link(peer, true);
}

socket.onopen = () => {
  const profile = {
    metered: false,
    saveData: false,
    uploadAllowed: true,
    peersAllowed: true,
    batteryLevel: null,
  };
  const { room, token } = { room: read('room'), token: read('token') };
  socket.send(
    JSON.stringify({
      version: protocolVersion,
      type: 'join',
      room,
      token,
      // A device of its own: in one with the attacker before it, it would be linked to nobody until that one is gone.
      deviceId: crypto.randomUUID(),
      profile,
    }),
  );
};
socket.onmessage = ({ data }) => {
  const parsed = parseServerFrame(String(data));
  if (!parsed.ok) return;
  const frame = parsed.value;
  if (frame.type === 'signal') {
    // What still comes for a link that was closed must not open another in place of the next offer.
    if (frame.signal.type === 'offer' && !links.has(frame.from)) link(frame.from, false);
    links.get(frame.from)?.signal(frame.signal);
  }
  if (frame.type !== 'welcome') return;
  for (const { viewerId } of frame.directive.members) {
    // Whoever joins later makes the offer.
    if (viewerId !== frame.viewerId) link(viewerId, true);
  }
};
