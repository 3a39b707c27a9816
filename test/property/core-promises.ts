import type { Effect } from '../../sdk/core/core.ts';
import {
  type ClientFrame,
  type EdgesBody,
  limits,
  parseClientFrame,
  type ViewerProfile,
} from '../../signaling/protocol/index.ts';
import { partCount } from './core-values.ts';

/** What the core has caused so far; fails on an effect that breaks a promise. */
export class CorePromises {
  profile: ViewerProfile = {
    metered: false,
    saveData: false,
    uploadAllowed: true,
    peersAllowed: true,
    batteryLevel: null,
  };
  links = new Map<string, 'pending' | 'open'>();
  expected = new Map<string, { segmentId: string; part: number; bytes: number }>();
  sending = new Map<string, { peer: string; requestId: number }>();
  fetches = new Map<
    number,
    { segmentId: string; next: number; partTo: number | null; isHedged: boolean }
  >();
  playlists = new Set<number>();
  loads = new Map<number, string>();
  held = new Set<string>();
  restoring = new Set<string>();
  wakeAtMs: number | null = null;
  #edges: EdgesBody | null = null;

  get #mayUpload(): boolean {
    const { metered, saveData, uploadAllowed } = this.profile;
    return uploadAllowed && !metered && !saveData;
  }

  list(body: EdgesBody): void {
    if (!this.#edges || body.version > this.#edges.version) this.#edges = body;
  }

  check(effect: Effect, nowMs: number): void {
    switch (effect.type) {
      case 'wakeAt':
        if (!(effect.atMs > nowMs)) throw new Error('a wake-up that has come already');
        this.wakeAtMs = effect.atMs;
        return;
      case 'openLink':
        if (this.links.has(effect.peer)) throw new Error('a second link to one peer');
        this.links.set(effect.peer, 'pending');
        return;
      case 'closeLink':
        this.links.delete(effect.peer);
        return this.forgetPeer(effect.peer);
      case 'sendPeer':
        return this.#mustBeOpen(effect.peer);
      case 'expectPart': {
        this.#mustBeOpen(effect.peer);
        const { peer, requestId, segmentId, part, bytes } = effect;
        if (this.held.has(`${segmentId}/${part}`)) throw new Error('asks for what it holds');
        this.expected.set(`${peer}|${requestId}`, { segmentId, part, bytes });
        const asked = [...this.expected.keys()].filter((key) => key.startsWith(`${peer}|`)).length;
        if (asked > limits.requestsPerPeerMax) throw new Error('too many requests to one peer');
        return;
      }
      case 'forgetPart':
        this.expected.delete(`${effect.peer}|${effect.requestId}`);
        return;
      default:
        return this.#checkMedia(effect);
    }
  }

  #checkMedia(effect: Effect): void {
    switch (effect.type) {
      case 'sendPart': {
        this.#mustBeOpen(effect.peer);
        const { peer, requestId, segmentId, part } = effect;
        if (!this.#mayUpload) throw new Error('uploads although it may not');
        if (!this.held.has(`${segmentId}/${part}`)) throw new Error('sends what it does not hold');
        this.sending.set(`${peer}|${requestId}`, { peer, requestId });
        return;
      }
      case 'dropSend':
        this.sending.delete(`${effect.peer}|${effect.requestId}`);
        return;
      case 'fetchSegment': {
        const { fetchId, segmentId, partFrom, partTo, hedge, url } = effect;
        this.#checkUrl(url, effect.firstByteWithinMs);
        if (hedge) this.#checkUrl(hedge.url, hedge.afterMs);
        if (hedge?.url === url) throw new Error('asks one edge twice');
        for (const other of this.fetches.values()) {
          if (other.segmentId === segmentId) throw new Error('reads a segment twice at once');
        }
        this.fetches.set(fetchId, {
          segmentId,
          next: partFrom,
          partTo,
          isHedged: hedge !== undefined,
        });
        return;
      }
      case 'abortFetch':
        this.fetches.delete(effect.fetchId);
        return;
      case 'fetchPlaylist':
        this.#checkUrl(effect.url, effect.firstByteWithinMs);
        this.playlists.add(effect.fetchId);
        return;
      case 'sendFrame':
        return this.#checkFrame(effect.frame);
      case 'edge':
        return this.#mustBeListed(effect.edgeId);
      case 'deliverSegment':
        for (let part = 0; part < partCount; part += 1) {
          if (!this.held.has(`${effect.segmentId}/${part}`)) throw new Error('delivers with a gap');
        }
        return this.#settle(effect.loadIds);
      case 'failSegment':
        return this.#settle(effect.loadIds);
      case 'restoreSegment':
        this.restoring.add(effect.segmentId);
        return;
      case 'dropParts':
        for (const part of effect.parts) this.held.delete(`${effect.segmentId}/${part}`);
        return;
      case 'dropSegment':
      case 'dropStored':
        this.forgetSegment(effect.segmentId);
    }
  }

  forgetSegment(segmentId: string): void {
    for (let part = 0; part < partCount; part += 1) this.held.delete(`${segmentId}/${part}`);
  }

  #settle(loadIds: readonly number[]): void {
    for (const loadId of loadIds) {
      if (!this.loads.delete(loadId)) throw new Error('answers a load that does not wait');
    }
  }

  /** What is read is on an edge of the list, or where the player says. */
  #checkUrl(url: string, withinMs: number): void {
    const bases = this.#edges?.edges.map(({ baseUrl }) => baseUrl) ?? [];
    if (![...bases, 'https://edge.example/live/'].some((base) => url.startsWith(base)))
      throw new Error(`reads from no edge: ${url}`);
    if (url.startsWith('http:')) throw new Error('leaves TLS');
    if (!(withinMs > 0 && withinMs < 60_000)) throw new Error(`waits for ${withinMs} ms`);
  }

  #checkFrame(frame: ClientFrame): void {
    if (frame.type !== 'report') return;
    this.#mustBeListed(frame.edgeId ?? null);
    const parsed = parseClientFrame(JSON.stringify(frame));
    if (!parsed.ok) throw new Error(`a report that is refused: ${JSON.stringify(frame)}`);
  }

  #mustBeListed(edgeId: string | null): void {
    if (edgeId !== null && !this.#edges?.edges.some((each) => each.edgeId === edgeId))
      throw new Error(`reads from what is not listed: ${edgeId}`);
  }

  #mustBeOpen(peer: string): void {
    if (this.links.get(peer) !== 'open') throw new Error(`uses a link that is not open: ${peer}`);
  }

  forgetPeer(peer: string): void {
    for (const key of [...this.expected.keys()])
      if (key.startsWith(`${peer}|`)) this.expected.delete(key);
    for (const [key, sending] of this.sending) if (sending.peer === peer) this.sending.delete(key);
  }
}
