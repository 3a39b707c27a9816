import type { CoreOptions } from '../../../sdk/core/core.ts';
import type { FetchFailure } from '../../../sdk/core/events.ts';
import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import { CoreViewer, type EffectOf, playlistText } from './core-viewer.ts';
import { bodyOf, listingOf } from './edge-listings.ts';

export const sizeBytes = 16 * limits.partBytes;
export const timeout: FetchFailure = { status: null, reason: 'first_byte_timeout' };
export const unavailable: FetchFailure = { status: 503, reason: 'status' };

/** What others of the network measured of an edge that is near, and of one that is far. */
export const near = { prior: { firstByteMs: 15, bytesPerMs: 5_000 } };
export const far = { prior: { firstByteMs: 300, bytesPerMs: 500 } };

/** For a viewer without peers. */
export const alone = {
  profile: {
    metered: false,
    saveData: false,
    uploadAllowed: true,
    peersAllowed: false,
    batteryLevel: null,
  },
};

/** One viewer's core with edges, of which the player's URLs name the one called `edge`. */
export class EdgesViewer extends CoreViewer {
  #version = 0;

  constructor(edges: readonly EdgeListing[], options: Partial<CoreOptions> = {}) {
    super(options);
    this.join([{ viewerId: 'v4', role: 'master' }]);
    this.list(edges);
  }

  list(edges: readonly EdgeListing[]): void {
    this.#version += 1;
    this.tell({ type: 'edgesListed', body: bodyOf([...edges], { version: this.#version }) });
  }

  /** The server is there all the while. */
  override wait(forMs: number): void {
    for (let leftMs = forMs; leftMs > 0; leftMs -= 1_000) super.wait(Math.min(leftMs, 1_000));
    this.tell({ type: 'frameReceived', frame: { type: 'heartbeat' } });
  }

  /** The read of a segment that is under way. */
  read(): EffectOf<'fetchSegment'> {
    const [fetch, ...others] = this.take('fetchSegment');
    if (!fetch || others.length > 0) throw new Error(`${others.length + (fetch ? 1 : 0)} reads`);
    return fetch;
  }

  fail({ fetchId }: { fetchId: number }, failure: FetchFailure): void {
    this.tell({ type: 'fetchFailed', fetchId, failure });
  }

  answer({ fetchId }: { fetchId: number }, firstByteMs: number, hedge?: 'sent' | 'won'): void {
    this.wait(firstByteMs);
    this.tell({ type: 'fetchHeaders', fetchId, sizeBytes, ...(hedge && { hedge }) });
  }

  /** All that was asked for. */
  give({ fetchId, partFrom, partTo }: EffectOf<'fetchSegment'>, transferMs = 50): void {
    this.wait(transferMs);
    for (let part = partFrom; part <= (partTo ?? sizeBytes / limits.partBytes - 1); part += 1)
      this.tell({ type: 'fetchPart', fetchId, part, bytes: limits.partBytes });
    this.tell({ type: 'fetchEnded', fetchId, sizeBytes });
  }

  /** Wants a segment and gets it from wherever it is read; returns the hosts that were asked. */
  load(sequence: number, firstByteMs = 20): string[] {
    this.wantSegment(sequence);
    const hosts: string[] = [];
    for (let fetch = this.take('fetchSegment')[0]; fetch; fetch = this.take('fetchSegment')[0]) {
      hosts.push(hostOf(fetch));
      this.answer(fetch, firstByteMs);
      this.give(fetch);
    }
    return hosts;
  }

  answerPlaylist({ fetchId }: { fetchId: number }, oldest: number, firstByteMs = 20): void {
    this.wait(firstByteMs);
    this.tell({ type: 'playlistFetched', fetchId, text: playlistText({ oldest, count: 6 }) });
  }

  get edgeId(): string | undefined {
    return this.take('edge').at(-1)?.edgeId ?? undefined;
  }
}

export function hostOf({ url }: { url: string }): string {
  return new URL(url).hostname.split('.', 1)[0] as string;
}

/** Three edges in this order. */
export function threeEdges(): EdgeListing[] {
  return [
    listingOf('edge', far),
    listingOf('b', near),
    listingOf('c', { prior: { firstByteMs: 60, bytesPerMs: 2_500 } }),
  ];
}
