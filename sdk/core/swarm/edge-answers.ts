import type { CoreEvent } from '../events.ts';
import { isAbsent } from '../outage/edges.ts';
import type { Assembly } from './assembly.ts';
import type { Conversation } from './conversation.ts';
import type { SwarmParts } from './parts.ts';
import type { SegmentState } from './segment.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

/** What the edge answers to reads of segments. */
export class EdgeAnswers {
  #parts: SwarmParts;
  #assembly: Assembly;
  #conversation: Conversation;
  #plan: (segment: SegmentState) => void;

  constructor(
    parts: SwarmParts,
    assembly: Assembly,
    conversation: Conversation,
    plan: (segment: SegmentState) => void,
  ) {
    this.#parts = parts;
    this.#assembly = assembly;
    this.#conversation = conversation;
    this.#plan = plan;
  }

  headers({ fetchId, sizeBytes }: Of<'fetchHeaders'>): void {
    const { fetching, announcing } = this.#parts;
    const segment = fetching.fetches.get(fetchId);
    if (!segment) return;
    fetching.answered(segment);
    if (sizeBytes !== null) this.#assembly.setSize(segment, sizeBytes);
    announcing.now(segment);
  }

  part({ fetchId, part, bytes }: Of<'fetchPart'>): void {
    const segment = this.#parts.fetching.fetches.get(fetchId);
    if (!segment?.fetch) return;
    segment.fetch.bytes += bytes;
    segment.bytesFromEdge += bytes;
    if (segment.held.has(part)) return;
    segment.heldFromEdge.add(part);
    this.#assembly.hold(segment, part);
  }

  ended({ fetchId, sizeBytes }: Of<'fetchEnded'>): void {
    const segment = this.#parts.fetching.fetches.get(fetchId);
    if (!segment) return;
    if (sizeBytes !== null) this.#assembly.setSize(segment, sizeBytes);
    this.#parts.fetching.succeeded(segment);
    this.#assembly.checkComplete(segment);
    if (segment.active) this.#plan(segment);
  }

  failed({ fetchId, failure }: Of<'fetchFailed'>): void {
    const { context, fetching, announcing } = this.#parts;
    const segment = fetching.fetches.get(fetchId);
    if (!segment) return;
    fetching.failed(segment, failure);
    announcing.unable(segment);
    if (segment.wanted && fetching.isHopeless(segment, failure)) {
      const loadIds = [...segment.loads.keys()];
      segment.loads.clear();
      segment.aheadDeadlineMs = null;
      this.#conversation.unwanted(segment);
      if (loadIds.length > 0)
        context.emit({ type: 'failSegment', loadIds, segmentId: segment.segmentId, failure });
    }
    if (isAbsent(failure)) segment.onBehalf = false;
    this.#conversation.settleBehalf(segment);
    if (segment.active) this.#plan(segment);
  }
}
