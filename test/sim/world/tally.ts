import type { CoreEvent, Effect } from '../../../sdk/core/core.ts';

export type WasteKind =
  | 'late'
  | 'duplicate'
  | 'cancelled'
  | 'linkLost'
  | 'edgeDuplicate'
  | 'edgeCut';

/** What one viewer's core did, in numbers. */
export class Tally {
  events = 0;
  effects = 0;
  wakes = 0;
  /** Control messages that came. */
  messages = 0;
  bytesFromEdge = 0;
  bytesFromPeers = 0;
  bytesDelivered = 0;
  bytesWasted = 0;
  readonly wasteByKind = new Map<WasteKind, number>();
  readonly refusals = new Map<string, number>();
  readonly statuses: string[] = [];
  edgeHealth = 'healthy';
  neighbours = 0;
  neighboursMax = 0;
  #delivered = new Set<string>();

  handled(event: CoreEvent, effects: number): void {
    this.events += 1;
    this.effects += effects;
    if (event.type === 'woke') this.wakes += 1;
  }

  wasted(kind: WasteKind, bytes: number): void {
    this.bytesWasted += bytes;
    this.wasteByKind.set(kind, (this.wasteByKind.get(kind) ?? 0) + bytes);
  }

  delivered(segmentId: string, bytes: number): void {
    if (this.#delivered.has(segmentId)) return;
    this.#delivered.add(segmentId);
    this.bytesDelivered += bytes;
  }

  told(effect: Effect): void {
    if (effect.type === 'status') this.statuses.push(effect.reason ?? effect.status);
    else if (effect.type === 'refused')
      this.refusals.set(effect.code, (this.refusals.get(effect.code) ?? 0) + 1);
    else if (effect.type === 'error')
      this.refusals.set(effect.code, (this.refusals.get(effect.code) ?? 0) + 1);
    else if (effect.type === 'edge') this.edgeHealth = effect.health;
    else if (effect.type === 'neighbours') {
      this.neighbours = effect.viewerIds.length;
      this.neighboursMax = Math.max(this.neighboursMax, this.neighbours);
    }
  }
}
