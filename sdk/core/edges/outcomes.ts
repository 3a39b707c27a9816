import type { EdgeOutcome, EdgeSample } from '../../../signaling/protocol/edges.ts';
import * as limits from '../../../signaling/protocol/limits.ts';

interface Tally {
  successCount: number;
  failureCount: number;
  firstByteMs: number;
  bytes: number;
  transferMs: number;
  sample: EdgeSample | undefined;
}

/** What became of the reads since the last report, for the server. */
export class Outcomes {
  #tallies = new Map<string, Tally>();

  answered(edgeId: string, firstByteMs: number): void {
    const tally = this.#of(edgeId);
    tally.successCount += 1;
    tally.firstByteMs += firstByteMs;
  }

  gave(edgeId: string, bytes: number, transferMs: number): void {
    const tally = this.#of(edgeId);
    tally.bytes += bytes;
    tally.transferMs += transferMs;
  }

  failed(edgeId: string): void {
    this.#of(edgeId).failureCount += 1;
  }

  completed(edgeId: string, sample: EdgeSample): void {
    this.#of(edgeId).sample = sample;
  }

  /** All since the last time; undefined where there is nothing to tell. */
  take(): EdgeOutcome[] | undefined {
    const outcomes = [...this.#tallies].map(([edgeId, tally]) => {
      const { successCount, failureCount, firstByteMs, bytes, transferMs, sample } = tally;
      return {
        edgeId,
        successCount,
        failureCount,
        firstByteMs: successCount > 0 ? firstByteMs / successCount : null,
        bytesPerMs: bytes > 0 ? bytes / Math.max(1, transferMs) : null,
        ...(sample && { sample }),
      };
    });
    this.#tallies.clear();
    return outcomes.length > 0 ? outcomes.slice(0, limits.edgesPerRoomMax) : undefined;
  }

  #of(edgeId: string): Tally {
    let tally = this.#tallies.get(edgeId);
    if (!tally) {
      tally = {
        ...{ successCount: 0, failureCount: 0, firstByteMs: 0, bytes: 0, transferMs: 0 },
        sample: undefined,
      };
      this.#tallies.set(edgeId, tally);
    }
    return tally;
  }
}
