/**
 * A member that speaks the peer wire well, says that it holds whatever is wanted, and sends other bytes than that:
 * random ones, another part of the same segment, an old segment, more than there should be; or nothing, drop by drop,
 * or a refusal.
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

const state = { asked: 0, partsSent: 0, linksClosed: 0, removed: false };
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
    // Who wants it too is told of it.
    if (!sizesBytes.has(segment)) say({ type: 'want', segment });
    claim(link, segment);
  }
  if (message.type === 'holding') learn(message);
  if (message.type !== 'request') return;
  state.asked += 1;
  if (attack === 'silence') return;
  if (attack === 'false holdings')
    return say({ type: 'refuse', requestId: message.requestId, reason: 'missing' });
  if (attack === 'slow drip') {
    const sizeBytes = sizesBytes.get(message.segment) ?? limits.partBytes;
    return drip(link, message.requestId, sizeBytes - message.part * limits.partBytes);
  }
  if (attack === 'wrong part') void sendOtherPart(link, message);
  else send(link, message.requestId, forgedBytes(message.segment, message.part));
}

function claim(link: PeerLink, segment: string): void {
  const sizeBytes = sizesBytes.get(segment) ?? limits.partBytes;
  const held = { parts: [], complete: true, fetching: false };
  link.sendControl(encodePeerMessage({ type: 'holding', segment, sizeBytes, ...held }));
}

/** Where the server describes nothing, members tell the sizes; with a wrong one nobody would ask. */
function learn({ segment, sizeBytes }: Extract<PeerMessage, { type: 'holding' }>): void {
  if (sizeBytes === null || sizesBytes.has(segment)) return;
  sizesBytes.set(segment, sizeBytes);
  for (const link of links.values()) claim(link, segment);
}

function send(link: PeerLink, requestId: number, bytes: Uint8Array<ArrayBuffer>): void {
  for (let offsetBytes = 0; offsetBytes < bytes.byteLength; offsetBytes += limits.chunkBytes) {
    const payload = bytes.subarray(offsetBytes, offsetBytes + limits.chunkBytes);
    link.sendMedia(encodeChunk({ requestId, offsetBytes, payload }));
  }
  state.partsSent += 1;
}

/** True bytes of the segment, from another place of it. */
async function sendOtherPart(
  link: PeerLink,
  { requestId, segment, part }: Extract<PeerMessage, { type: 'request' }>,
): Promise<void> {
  const [playlist = '', name = ''] = segment.split('#');
  const url = new URL(`${playlist.replace('playlist.m3u8', '')}${name}.m4s`, read('src'));
  const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const left = Math.min(limits.partBytes, whole.byteLength - part * limits.partBytes);
  const other = part === 0 ? whole.byteLength - left : 0;
  send(link, requestId, whole.slice(other, other + left));
}

/** A little every 400 ms: never silent, never done. */
/** Never all of the part, nor more: that would be proof. */
function drip(link: PeerLink, requestId: number, partBytes: number, offsetBytes = 0): void {
  if (offsetBytes + 200 >= Math.min(partBytes, limits.partBytes)) return;
  if (![...links.values()].includes(link)) return;
  link.sendMedia(encodeChunk({ requestId, offsetBytes, payload: new Uint8Array(200) }));
  setTimeout(() => drip(link, requestId, partBytes, offsetBytes + 200), 400);
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
    // Whoever joins later makes the offer.
    if (viewerId !== frame.viewerId) connect(viewerId, true);
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
