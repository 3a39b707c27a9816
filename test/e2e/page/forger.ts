/**
 * A member that speaks the peer wire well, says that it holds whatever is wanted, and sends other bytes than that:
 * random ones, a part of another segment, or fewer than there should be.
 */
import { createPeerLinks } from '../../../sdk/adapters/peer-link.ts';
import {
  encodeChunk,
  encodePeerMessage,
  type PeerMessage,
  parsePeerMessage,
} from '../../../sdk/core/peer-wire.ts';
import type { PeerLink } from '../../../sdk/ports/peer-link.ts';
import {
  limits,
  parseDescriptor,
  parseServerFrame,
  protocolVersion,
  type ServerFrame,
} from '../../../signaling/protocol/index.ts';

const parameters = new URLSearchParams(location.search);
const read = (name: string) => parameters.get(name) ?? '';
const attack = read('attack');

const state = { partsSent: 0, linksClosed: 0, removed: false };
declare global {
  interface Window {
    forger: typeof state;
  }
}
window.forger = state;

const sizesBytes = new Map<string, number>();
const links = new Map<string, PeerLink>();
const peerLinks = createPeerLinks();
/** A true part of an old segment, for the replay. */
let replayed: Uint8Array<ArrayBuffer> | null = null;
if (attack === 'replay') {
  const [first] = await segmentUrls();
  replayed = new Uint8Array(await (await fetch(first ?? '')).arrayBuffer());
}

const socket = new WebSocket(read('signaling'));

async function segmentUrls(): Promise<string[]> {
  const url = new URL('high/playlist.m3u8', read('src')).href;
  const text = await (await fetch(url)).text();
  return [...text.matchAll(/^.*\.m4s$/gm)].map(([name]) => new URL(name, url).href);
}

function forgedBytes(segmentId: string, part: number): Uint8Array<ArrayBuffer> {
  const left = (sizesBytes.get(segmentId) ?? limits.partBytes) - part * limits.partBytes;
  const bytes = new Uint8Array(Math.max(1, Math.min(limits.partBytes, left)));
  if (replayed) {
    bytes.set(replayed.subarray(0, bytes.byteLength));
    return bytes;
  }
  crypto.getRandomValues(bytes);
  return attack === 'too long' ? new Uint8Array(limits.partBytes).fill(7) : bytes;
}

function answer(link: PeerLink, message: PeerMessage): void {
  const say = (said: PeerMessage) => link.sendControl(encodePeerMessage(said));
  if (message.type === 'want') {
    const { segment } = message;
    const sizeBytes = sizesBytes.get(segment) ?? limits.partBytes;
    say({ type: 'holding', segment, sizeBytes, parts: [], complete: true, fetching: false });
  }
  if (message.type !== 'request') return;
  const bytes = forgedBytes(message.segment, message.part);
  const { requestId } = message;
  for (let offsetBytes = 0; offsetBytes < bytes.byteLength; offsetBytes += limits.chunkBytes) {
    const payload = bytes.subarray(offsetBytes, offsetBytes + limits.chunkBytes);
    link.sendMedia(encodeChunk({ requestId, offsetBytes, payload }));
  }
  state.partsSent += 1;
}

function connect(peer: string, initiator: boolean): PeerLink {
  const made = peerLinks.create(
    { initiator, iceServers: [], relayOnly: false },
    {
      onSignal: (signal) => socket.send(JSON.stringify({ type: 'signal', to: peer, signal })),
      onOpen: () => {
        made.sendControl(encodePeerMessage({ type: 'hello', version: 1, follows: [] }));
      },
      onControl: (text) => {
        const parsed = parsePeerMessage(text);
        if (parsed.ok) answer(made, parsed.value);
      },
      onMedia: () => {},
      onMediaDrained: () => {},
      onClose: () => {
        state.linksClosed += 1;
        links.delete(peer);
      },
    },
  );
  links.set(peer, made);
  return made;
}

function take(frame: ServerFrame): void {
  if (frame.type === 'signal')
    (links.get(frame.from) ?? connect(frame.from, false)).signal(frame.signal);
  if (frame.type === 'error' && frame.code === 'removed') state.removed = true;
  if (frame.type === 'descriptors') {
    for (const { body } of frame.descriptors) {
      const descriptor = parseDescriptor(body);
      if (descriptor) sizesBytes.set(descriptor.segmentId, descriptor.sizeBytes);
    }
  }
  if (frame.type !== 'welcome') return;
  for (const { viewerId } of frame.directive.members) {
    if (frame.viewerId < viewerId) connect(viewerId, true);
  }
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
  const join = { version: protocolVersion, type: 'join', room, token, deviceId: 'forger', profile };
  socket.send(JSON.stringify(join));
};
socket.onmessage = ({ data }) => {
  const parsed = parseServerFrame(String(data));
  if (parsed.ok) take(parsed.value);
};
