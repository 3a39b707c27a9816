/** A player as the steering of the server sees it: it asks, plays from what comes first, and asks again by the URL it got. */
import {
  type SteeringManifest,
  type SteeringView,
  steer,
} from '../../../signaling/core/edges/steering.ts';
import {
  parseSteering,
  type SteeringRequest,
} from '../../../signaling/core/edges/steering-request.ts';
import { type EdgeListing, limits } from '../../../signaling/protocol/index.ts';
import { listingOf } from './edge-listings.ts';

export function listing(edgeId: string, more: Partial<EdgeListing> = {}): EdgeListing {
  return listingOf(edgeId, { name: edgeId, ...more });
}

/** Measured by others; a segment takes 2,000,000 B. */
export function quick(edgeId: string, bytesPerMs: number, more: Partial<EdgeListing> = {}) {
  return listing(edgeId, { prior: { firstByteMs: 20, bytesPerMs }, ...more });
}

export function viewOf(edges: EdgeListing[], more: Partial<SteeringView> = {}): SteeringView {
  return { edges, excluded: [], weights: { version: 0, load: 1, age: 0 }, ...more };
}

export function parse(query: string, freshSeed = 'fresh'): SteeringRequest {
  const request = parseSteering(new URLSearchParams(query), freshSeed);
  if ('code' in request) throw new Error(request.code);
  return request;
}

export function ask(query: string, view: SteeringView, freshSeed = 'fresh'): SteeringManifest {
  return steer(parse(query, freshSeed), view, limits);
}

/** hls.js, which adds its parameters to the URL that it has. */
export class SteeredPlayer {
  #query: string;
  readonly #seed: string;
  pathway: string;
  manifest: SteeringManifest | null = null;

  constructor(query: string, pathway: string, seed: string) {
    this.#query = query;
    this.pathway = pathway;
    this.#seed = seed;
  }

  /** Returns whether it uses another pathway now. */
  poll(view: SteeringView, bitsPerSecond: number | null = null): boolean {
    const added = new URLSearchParams(this.#query);
    added.set('_HLS_pathway', this.pathway);
    if (bitsPerSecond !== null) added.set('_HLS_throughput', String(bitsPerSecond));
    this.manifest = ask(String(added), view, this.#seed);
    this.#query = this.manifest['RELOAD-URI'].split('?')[1] ?? '';
    const before = this.pathway;
    this.pathway = this.manifest['PATHWAY-PRIORITY'][0] ?? before;
    return this.pathway !== before;
  }
}
