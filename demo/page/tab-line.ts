/** What the tabs of one browser tell one another for this page to draw; the sdk does not need it. */
import type { Role } from '../../signaling/protocol/index.ts';

/** What one tab says of itself, twice a second. */
export interface TabReading {
  id: string;
  /** When it was opened, in ms since the epoch: tabs are numbered by it. */
  openedAtMs: number;
  role: Role | null;
  /** Media bytes of the last 20 s. */
  networkBytes: number;
  deviceBytes: number;
  bufferMs: number | null;
  stallMs: number;
}

export interface TabSeen extends TabReading {
  number: number;
  isOwn: boolean;
  /** Nothing was heard of it lately: browsers slow down tabs that nobody sees, and one may hang. */
  isQuiet: boolean;
}

const channelName = 'holdfast-demo-tabs';
const quietAfterMs = 2_500;
/** A browser gives a tab that nobody sees its timers once a minute. */
const forgetAfterMs = 65_000;

/** All tabs of this browser that show this page. */
export class TabLine {
  readonly #channel = new BroadcastChannel(channelName);
  readonly #heard = new Map<string, { reading: TabReading; atMs: number }>();

  constructor() {
    this.#channel.onmessage = ({ data }) => {
      const { id, reading } = data as { id: string; reading: TabReading | null };
      if (reading) this.#heard.set(id, { reading, atMs: performance.now() });
      else this.#heard.delete(id);
    };
  }

  tell(reading: TabReading): void {
    this.#channel.postMessage({ id: reading.id, reading });
  }

  /** The tab goes. */
  leave(id: string): void {
    this.#channel.postMessage({ id, reading: null });
  }

  /** In the order of opening. */
  seen(own: TabReading): TabSeen[] {
    const nowMs = performance.now();
    for (const [id, { atMs }] of this.#heard)
      if (nowMs - atMs > forgetAfterMs) this.#heard.delete(id);
    const others = [...this.#heard.values()].map(({ reading, atMs }) => ({
      ...reading,
      isOwn: false,
      isQuiet: nowMs - atMs > quietAfterMs,
    }));
    return [...others, { ...own, isOwn: true, isQuiet: false }]
      .sort((a, b) => a.openedAtMs - b.openedAtMs)
      .map((tab, index) => ({ ...tab, number: index + 1 }));
  }
}
