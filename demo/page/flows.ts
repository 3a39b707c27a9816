/** Bytes from whom to whom, forgotten over some seconds so that a drawing shows what flows now. */

/** Share of the old level that is left after a second: half is gone after three. */
const keptPerSecond = 0.8;
/** Below this an arrow is not worth drawing. */
const bytesPerSecondMin = 1_500;

export interface Flow {
  from: string;
  to: string;
  bytesPerSecond: number;
}

/** Null before anything came. */
export function shareOfPeers({ edge, peers }: { edge: number; peers: number }): number | null {
  return edge + peers === 0 ? null : peers / (edge + peers);
}

export class Flows {
  readonly #levels = new Map<string, Flow & { pending: number }>();

  add(from: string, to: string, bytes: number): void {
    if (bytes <= 0) return;
    const key = `${from}>${to}`;
    const level = this.#levels.get(key);
    if (level) level.pending += bytes;
    else this.#levels.set(key, { from, to, bytesPerSecond: 0, pending: bytes });
  }

  /** Once a second. */
  tick(elapsedMs: number): Flow[] {
    const elapsedS = Math.max(0.1, elapsedMs / 1_000);
    const kept = keptPerSecond ** elapsedS;
    for (const [key, level] of this.#levels) {
      level.bytesPerSecond = level.bytesPerSecond * kept + (level.pending / elapsedS) * (1 - kept);
      level.pending = 0;
      if (level.bytesPerSecond < bytesPerSecondMin) this.#levels.delete(key);
    }
    return [...this.#levels.values()];
  }

  /** Somebody has left. */
  forget(node: string): void {
    for (const [key, { from, to }] of this.#levels) {
      if (from === node || to === node) this.#levels.delete(key);
    }
  }
}
