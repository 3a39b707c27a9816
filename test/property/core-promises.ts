import type { Effect } from '../../sdk/core/core.ts';
import { limits, type ViewerProfile } from '../../signaling/protocol/index.ts';
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
  fetches = new Map<number, { segmentId: string; next: number; partTo: number | null }>();
  playlists = new Set<number>();
  loads = new Map<number, string>();
  held = new Set<string>();
  restoring = new Set<string>();
  wakeAtMs: number | null = null;

  get #mayUpload(): boolean {
    const { metered, saveData, uploadAllowed } = this.profile;
    return uploadAllowed && !metered && !saveData;
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
        const { fetchId, segmentId, partFrom, partTo } = effect;
        for (const other of this.fetches.values()) {
          if (other.segmentId === segmentId) throw new Error('reads a segment twice at once');
        }
        this.fetches.set(fetchId, { segmentId, next: partFrom, partTo });
        return;
      }
      case 'abortFetch':
        this.fetches.delete(effect.fetchId);
        return;
      case 'fetchPlaylist':
        this.playlists.add(effect.fetchId);
        return;
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

  #mustBeOpen(peer: string): void {
    if (this.links.get(peer) !== 'open') throw new Error(`uses a link that is not open: ${peer}`);
  }

  forgetPeer(peer: string): void {
    for (const key of [...this.expected.keys()])
      if (key.startsWith(`${peer}|`)) this.expected.delete(key);
    for (const [key, sending] of this.sending) if (sending.peer === peer) this.sending.delete(key);
  }
}
