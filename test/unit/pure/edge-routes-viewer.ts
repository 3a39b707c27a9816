import { Context } from '../../../sdk/core/context.ts';
import { EdgeRoutes } from '../../../sdk/core/edges/routes.ts';
import type { Room } from '../../../sdk/core/room/room.ts';
import type { EdgeListing } from '../../../signaling/protocol/edges.ts';
import { bodyOf, listingOf, segmentBytes } from './edge-listings.ts';

/** Routes of a viewer, with a hand on the clock and on what is known of its player. */
export class RoutesViewer {
  readonly room = {
    viewerId: 'v4',
    bufferMs: 20_000 as number | null,
    profile: { metered: false, saveData: false },
  };
  /** Addresses, as they were told. */
  readonly moves: string[] = [];
  readonly context = new Context({ edgeNeeds: undefined } as never);
  readonly routes = new EdgeRoutes(this.context, this.room as unknown as Room, (chosenUrl) =>
    this.moves.push(chosenUrl ?? 'none'),
  );

  constructor(edges: readonly (EdgeListing | string)[] = []) {
    this.context.nowMs = 10_000;
    const listings = edges.map((each) => (typeof each === 'string' ? listingOf(each) : each));
    if (edges.length > 0) this.routes.listed(bodyOf(listings));
  }

  /** Reads all of a resource, and lets time pass. */
  read(url: string, firstByteMs: number, bytes = segmentBytes): void {
    this.context.nowMs += firstByteMs;
    this.routes.answered(url, firstByteMs);
    this.context.nowMs += 100;
    this.routes.gave(url, bytes, 100);
  }
}

export const on = (edgeId: string, rest = 'high/1.m4s') => `https://${edgeId}.example/live/${rest}`;
