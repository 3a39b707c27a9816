/** Each viewer's own way to each edge that it reads from, and the outage that hits some of them. */
import type { Edge, EdgeLine } from '../origin/edge.ts';
import type { Fault } from '../origin/fault.ts';

/** `silent`: connections open and nothing ever answers. */
export const outageFaults = ['cut', 'silent', 'slow'] as const;
export type OutageFault = (typeof outageFaults)[number];

export const outageScopes = ['one', 'others', 'everybody'] as const;
/** `one`: the named viewer only. `others`: all but that. */
export type OutageScope = (typeof outageScopes)[number];

export interface Outage {
  fault: OutageFault;
  scope: OutageScope;
  /** Of the viewer that the scope speaks of; of no account for `everybody`. */
  line: string;
}

/** Four pages full of viewers, each at three edges. A line is a listening socket. */
const linesMax = 288;

export const outageFault: Record<OutageFault, Fault> = {
  cut: { kind: 'refuse' },
  silent: { kind: 'black-hole' },
  // About half of the better rendition's 178 kB/s.
  slow: { kind: 'throttle', bytesPerSecond: 80_000 },
};

interface Known {
  line: string;
  opening: Promise<EdgeLine>;
  /** Null before it is open. */
  opened: EdgeLine | null;
}

export class Lines {
  /**
   * Opening, or open, by the edge and the line: a viewer that comes again gets the same. The one that nobody was led to for
   * longest first.
   */
  readonly #lines = new Map<string, Known>();
  readonly #linesMax: number;
  #outage: { outage: Outage; sinceMs: number } | null = null;

  constructor(max = linesMax) {
    this.#linesMax = max;
  }

  /** @throws OriginError `listen_failed`; Error when there are too many that are in use. */
  async open(line: string, edge: Edge): Promise<EdgeLine> {
    const key = `${edge.edgeId} ${line}`;
    const known = this.#lines.get(key);
    if (!known && this.#lines.size >= this.#linesMax) this.#closeIdle();
    const next = known ?? { line, opening: this.#open(line, edge), opened: null };
    this.#lines.delete(key);
    this.#lines.set(key, next);
    try {
      next.opened = await next.opening;
      return next.opened;
    } catch (error) {
      if (this.#lines.get(key) === next) this.#lines.delete(key);
      throw error;
    }
  }

  /** One without a connection is of a viewer that has left, or is fed by others: that is led to a new one when it comes. */
  #closeIdle(): void {
    for (const [key, { opened }] of this.#lines) {
      if (!opened || opened.connectionCount > 0) continue;
      this.#lines.delete(key);
      void opened.close();
      return;
    }
    throw new Error(`more than ${this.#linesMax} lines`);
  }

  /** Hits those who come later, too. Null ends it. */
  async setOutage(outage: Outage | null): Promise<void> {
    this.#outage = outage && { outage, sinceMs: performance.now() };
    // One that did not open hits nobody.
    const lines = [...this.#lines.values()].map(async ({ line, opening }) =>
      (await opening).setFault(this.#faultOf(line)),
    );
    await Promise.allSettled(lines);
  }

  get outage(): (Outage & { forMs: number }) | null {
    if (!this.#outage) return null;
    const { outage, sinceMs } = this.#outage;
    return { ...outage, forMs: Math.round(performance.now() - sinceMs) };
  }

  async #open(line: string, edge: Edge): Promise<EdgeLine> {
    const opened = await edge.openLine();
    opened.setFault(this.#faultOf(line));
    return opened;
  }

  #faultOf(line: string): Fault {
    const outage = this.#outage?.outage;
    return outage && isHit(outage, line) ? outageFault[outage.fault] : { kind: 'none' };
  }
}

export function isHit({ scope, line }: Outage, other: string): boolean {
  return scope === 'everybody' || (scope === 'one') === (line === other);
}
