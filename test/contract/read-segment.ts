import { expect } from 'chai';
import { createEdgeReader } from '../../sdk/adapters/edge-reader.ts';
import type { FetchFailure } from '../../sdk/core/events.ts';
import type { SegmentFetch } from '../../sdk/ports/edge.ts';
import * as limits from '../../signaling/protocol/limits.ts';

export interface Outcome {
  headers: (number | null)[];
  /** In their order: bytes of parts under way, and parts. */
  came: string[];
  parts: Map<number, Uint8Array>;
  ended: (number | null)[];
  failure: FetchFailure | null;
  hedge?: 'sent' | 'won' | undefined;
}

/** Reads it all, where nothing else is said; ends with the read, or a little after it was aborted. */
export function readSegment(
  change: Partial<SegmentFetch> & { url: string },
  signal = new AbortController().signal,
): Promise<Outcome> {
  const outcome: Outcome = { headers: [], came: [], parts: new Map(), ended: [], failure: null };
  const wanted = {
    ...{ byteRange: null, partFrom: 0, partTo: null, firstByteWithinMs: 2_000 },
    ...change,
  };
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => setTimeout(() => resolve(outcome), 200));
    createEdgeReader().readSegment(
      wanted,
      {
        onHeaders: (sizeBytes, hedge) => {
          outcome.headers.push(sizeBytes);
          outcome.hedge = hedge;
        },
        onPart: (part, bytes) => {
          outcome.came.push(`part ${part}`);
          outcome.parts.set(part, bytes);
        },
        onProgress: (bytes) => {
          outcome.came.push('bytes');
          expect(bytes).to.be.within(1, limits.partBytes - 1);
        },
        onEnd: (sizeBytes) => {
          outcome.ended.push(sizeBytes);
          resolve(outcome);
        },
        onFailure: (failure) => resolve({ ...outcome, failure }),
      },
      signal,
    );
  });
}
