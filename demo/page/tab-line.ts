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
/** The browser takes the lock from a tab that is gone, however it went. */
const lockOf = (id: string): string => `${channelName}/${id}`;

/** All tabs of this browser that show this page. */
export class TabLine {
  readonly #channel = new BroadcastChannel(channelName);
  readonly #heard = new Map<string, { reading: TabReading; atMs: number }>();

  constructor(id: string) {
    void navigator.locks.request(lockOf(id), () => new Promise(() => {}));
    this.#channel.onmessage = ({ data }) => {
      const reading = data as TabReading;
      this.#heard.set(reading.id, { reading, atMs: performance.now() });
    };
  }

  tell(reading: TabReading): void {
    this.#channel.postMessage(reading);
  }

  /** In the order of opening. */
  async seen(own: TabReading): Promise<TabSeen[]> {
    const nowMs = performance.now();
    const { held = [] } = await navigator.locks.query();
    const names = new Set(held.map(({ name }) => name));
    for (const id of this.#heard.keys()) if (!names.has(lockOf(id))) this.#heard.delete(id);
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
