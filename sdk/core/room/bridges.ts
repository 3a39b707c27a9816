import type { Member } from '../../../signaling/protocol/index.ts';

/**
 * Who this viewer is linked to outside its group. In an outage members of other groups: masters feed it, slaves are fed
 * by it. At any time the slaves of its own device, where these are in other browsers.
 */
export class Bridges {
  all: readonly Member[] = [];
  #siblings = new Set<string>();

  follow(bridges: readonly Member[] = [], siblings: readonly Member[] = []): void {
    this.all = [...bridges, ...siblings];
    this.#siblings = new Set(siblings.map(({ viewerId }) => viewerId));
  }

  isSibling(viewerId: string): boolean {
    return this.#siblings.has(viewerId);
  }

  has(viewerId: string): boolean {
    return this.all.some((bridge) => bridge.viewerId === viewerId);
  }

  /** It brings this group what none of its own members can get. */
  feeds(viewerId: string): boolean {
    return this.all.some((bridge) => bridge.viewerId === viewerId && bridge.role === 'master');
  }

  /** This viewer brings its group what others feed it. */
  get isFed(): boolean {
    return this.all.some(({ role }) => role === 'master');
  }
}
