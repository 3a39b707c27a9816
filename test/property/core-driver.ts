import { Core, type CoreEvent, type Effect } from '../../sdk/core/core.ts';
import type { PeerMessage } from '../../sdk/core/peer-wire.ts';
import { limits, type Role } from '../../signaling/protocol/index.ts';
import { CorePromises } from './core-promises.ts';
import {
  edgesOf,
  failureOf,
  messageOf,
  multivariantUrl,
  partCount,
  pick,
  playlistId,
  playlistText,
  playlistUrl,
  type Step,
  segmentIdOf,
  sizeBytes,
  strayOf,
  urlOf,
} from './core-values.ts';

const self = 'v4';
const peers = ['v1', 'v2', 'v3', 'v5', 'v6', 'v7'];
/** Feeds a core with whatever can happen, in any order, and fails on effects that break a promise. */
export class CoreDriver {
  nowMs = 1_000;
  readonly effects: Effect[] = [];
  #core: Core;
  #world = new CorePromises();
  #epoch = 0;
  #lastLoadId = 0;
  #edgesVersion = 0;

  constructor(random: () => number) {
    this.#core = new Core({
      profile: this.#world.profile,
      isSite: false,
      noPeersReason: 'peers_not_allowed',
      iceServers: null,
      uploadBytesPerSecondMax: 1_250_000,
      memoryBytesMax: 4 * sizeBytes,
      storageBytesMax: 2 * sizeBytes,
      slowdownMax: 0.05,
      integrityMin: 'none',
      random,
    });
    this.tell({ type: 'started' });
  }

  tell(event: CoreEvent): void {
    for (const effect of this.#core.handle(event, this.nowMs)) {
      this.effects.push(effect);
      this.#world.check(effect, this.nowMs);
    }
  }

  step({ kind, peer: peerIndex, a, b, flag }: Step): void {
    const peer = peers[peerIndex % peers.length] as string;
    switch (kind) {
      case 'wait':
        this.nowMs += a * 37;
        return this.#wake();
      case 'woke':
        return this.tell({ type: 'woke' });
      case 'welcome':
        return this.#welcome(a, b, flag);
      case 'directive':
        return this.tell({ type: 'frameReceived', frame: this.#directive(a, b) });
      case 'signalingClosed':
        return this.tell({ type: 'signalingClosed' });
      case 'bye':
        return this.tell({
          type: 'frameReceived',
          frame: { type: 'bye', reason: 'shutdown', reconnectAfterMs: a * 100 },
        });
      case 'profile':
        this.#world.profile = {
          ...this.#world.profile,
          metered: a % 2 === 1,
          uploadAllowed: b % 3 !== 0,
        };
        return this.tell({ type: 'profileChanged', profile: this.#world.profile });
      case 'buffer':
        return this.tell({ type: 'bufferMeasured', bufferMs: flag ? a * 500 : null });
      case 'edges': {
        const body = edgesOf(a, b, ++this.#edgesVersion);
        this.#world.list(body);
        return this.tell({ type: 'edgesListed', body });
      }
      default:
        return this.#linkStep(kind, peer, a, b, flag);
    }
  }

  #linkStep(kind: string, peer: string, a: number, b: number, flag: boolean): void {
    switch (kind) {
      case 'linkOpened':
        if (!this.#world.links.has(peer)) this.#offer(peer);
        if (this.#world.links.get(peer) !== 'pending') return;
        this.#world.links.set(peer, 'open');
        return this.tell({ type: 'linkOpened', peer });
      case 'linkClosed':
        if (!this.#world.links.delete(peer)) return;
        this.#world.forgetPeer(peer);
        return this.tell({ type: 'linkClosed', peer });
      case 'page':
        return this.tell({
          type: a % 8 === 0 && !flag ? 'away' : 'back',
          reason: b % 2 ? 'page_frozen' : 'source_foreign',
        });
      case 'disturbed':
        return this.tell({ type: 'disturbed', awayMs: flag ? b * 10_000 : 0 });
      case 'hello':
        return this.#message(peer, {
          type: 'hello',
          version: 1,
          follows: [{ playlistId, version: a * 1_000 }],
        });
      case 'message':
        return this.#message(peer, messageOf(a, b, flag));
      case 'refused':
        if (this.#world.links.get(peer) !== 'open') return;
        return this.tell({ type: 'peerRefused', peer, code: 'peer_chunk_invalid' });
      case 'partProgress':
      case 'partReceived':
        return this.#partStep(kind, a);
      case 'partSent': {
        const sending = pick([...this.#world.sending], a);
        if (!sending) return;
        this.#world.sending.delete(sending[0]);
        return this.tell({ type: 'partSent', ...sending[1], bytes: limits.partBytes });
      }
      default:
        return this.#mediaStep(kind, peer, a, b, flag);
    }
  }

  #partStep(kind: 'partProgress' | 'partReceived', a: number): void {
    const found = pick([...this.#world.expected], a);
    if (!found) return;
    const [key, { segmentId, part, bytes }] = found;
    const [peer, requestId] = key.split('|') as [string, string];
    if (kind === 'partReceived') {
      this.#world.expected.delete(key);
      this.#world.held.add(`${segmentId}/${part}`);
    }
    this.tell({ type: kind, peer, requestId: Number(requestId), bytes });
  }

  #mediaStep(kind: string, peer: string, a: number, b: number, flag: boolean): void {
    switch (kind) {
      case 'wantSegment': {
        this.#lastLoadId += 1;
        const segmentId = segmentIdOf(a);
        this.#world.loads.set(this.#lastLoadId, segmentId);
        const request = { segmentId, url: urlOf(a), byteRange: null, durationMs: 2_000 };
        const deadlineMs = this.nowMs + b * 500;
        return this.tell({ type: 'segmentWanted', loadId: this.#lastLoadId, request, deadlineMs });
      }
      case 'abandonSegment': {
        const load = pick([...this.#world.loads], a);
        if (!load) return;
        this.#world.loads.delete(load[0]);
        return this.tell({ type: 'segmentAbandoned', loadId: load[0], segmentId: load[1] });
      }
      case 'wantPlaylist':
        this.#lastLoadId += 1;
        return this.tell({
          type: 'playlistWanted',
          loadId: this.#lastLoadId,
          playlistId: flag ? playlistId : 'multivariant',
          url: flag ? playlistUrl : `${multivariantUrl}?token=${b % 2}`,
          multivariant: !flag,
        });
      case 'playlistFetched':
      case 'playlistFailed':
        return this.#playlistStep(kind, a, b, flag);
      case 'stray':
        return this.tell(strayOf(peer, a, b));
      case 'restored': {
        const segmentId = pick([...this.#world.restoring], a);
        if (segmentId === undefined) return;
        this.#world.restoring.delete(segmentId);
        if (!flag) this.#world.forgetSegment(segmentId);
        return this.tell({ type: flag ? 'segmentRestored' : 'segmentLost', segmentId });
      }
      default:
        return this.#fetchStep(kind, a, b);
    }
  }

  #playlistStep(kind: string, a: number, b: number, flag: boolean): void {
    const fetchId = pick([...this.#world.playlists], a);
    if (fetchId === undefined) return;
    this.#world.playlists.delete(fetchId);
    if (kind === 'playlistFetched') {
      const text = flag
        ? playlistText(b)
        : `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${playlistId}\n`;
      return this.tell({ type: 'playlistFetched', fetchId, text });
    }
    this.tell({ type: 'playlistFailed', fetchId, failure: failureOf(b) });
  }

  #fetchStep(kind: string, a: number, b: number): void {
    const found = pick([...this.#world.fetches], a);
    if (!found) return;
    const [fetchId, fetch] = found;
    const end = Math.min(fetch.partTo ?? partCount - 1, partCount - 1);
    if (kind === 'fetchHeaders') {
      const hedge = fetch.isHedged && ([undefined, 'sent', 'won'] as const)[b % 3];
      return this.tell({ type: 'fetchHeaders', fetchId, sizeBytes, ...(hedge && { hedge }) });
    }
    if (kind === 'fetchProgress') return this.tell({ type: kind, fetchId, bytes: 1 + b });
    if (kind === 'fetchFailed') {
      this.#world.fetches.delete(fetchId);
      return this.tell({ type: 'fetchFailed', fetchId, failure: failureOf(b) });
    }
    if (fetch.next <= end) {
      const part = fetch.next++;
      this.#world.held.add(`${fetch.segmentId}/${part}`);
      const bytes = part === partCount - 1 ? 100 : limits.partBytes;
      return this.tell({ type: 'fetchPart', fetchId, part, bytes });
    }
    this.#world.fetches.delete(fetchId);
    this.tell({ type: 'fetchEnded', fetchId, sizeBytes });
  }

  #message(peer: string, message: PeerMessage): void {
    if (this.#world.links.get(peer) === 'open') this.tell({ type: 'peerMessage', peer, message });
  }

  #welcome(a: number, b: number, resumed: boolean): void {
    this.tell({
      type: 'frameReceived',
      frame: {
        version: 1,
        type: 'welcome',
        viewerId: self,
        resumeKey: 'key',
        resumed,
        heartbeatIntervalMs: 5_000,
        iceServers: [],
        integrity: { mode: 'none', keys: [] },
        sender: { from: 'subject', role: 'viewer' },
        directive: this.#directive(a, b),
      },
    });
  }

  /** Most links are made by the other side. */
  #offer(peer: string): void {
    const signal = { type: 'offer', sdp: '' };
    this.tell({ type: 'frameReceived', frame: { type: 'signal', from: peer, signal } });
  }

  #directive(a: number, b: number) {
    this.#epoch += 1;
    const roles: Role[] = ['master', 'secondary', 'slave'];
    const ids = [self, ...peers.filter((_, index) => ((a * 31 + b) >> index) % 2 === 0)];
    const members = ids.map((viewerId, index) => ({
      viewerId,
      role: roles[(a + index) % 3] as Role,
      uploads: (b + index) % 4 !== 0,
      weight: 1 + (index % 3),
    }));
    const groupRole = members[0]?.role ?? 'slave';
    return {
      type: 'directive' as const,
      epoch: this.#epoch,
      groupId: 'g1',
      deviceRole: 'master' as const,
      groupRole,
      members,
    };
  }

  #wake(): void {
    if (this.#world.wakeAtMs === null || this.#world.wakeAtMs > this.nowMs) return;
    this.#world.wakeAtMs = null;
    this.tell({ type: 'woke' });
  }
}
