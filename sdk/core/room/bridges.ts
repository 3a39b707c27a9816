import type { Member } from '../../../signaling/protocol/index.ts';

/** The members of other groups that an outage links this viewer to: masters feed it, slaves are fed by it. */
export class Bridges {
  all: readonly Member[] = [];

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
