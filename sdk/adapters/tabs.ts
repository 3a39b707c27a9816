import { tabVersion } from '../core/tab-wire.ts';
import type { Tabs, TabsListener, TabWatch } from '../ports/tabs.ts';

/** A viewer that the server has named takes its lock within moments of its welcome. */
const seekAfterMs = [0, 100, 400];

/** Whether viewers of one profile can find one another: a page that is no secure context has no locks. */
export function hasTabs(): boolean {
  return typeof BroadcastChannel === 'function' && 'locks' in navigator;
}

/**
 * Each viewer has a channel that it listens to, and holds a lock of the same name for as long as it is there: the
 * browser gives the lock on when its page has gone, however that came about. Both are kept apart by the browser
 * where it partitions storage, so whoever is found shares the profile.
 */
export function createTabs(): Tabs {
  return new BrowserTabs();
}

class BrowserTabs implements Tabs {
  #viewerId: string | null = null;
  #inbox: BroadcastChannel | null = null;
  #release = (): void => {};
  #outboxes = new Map<string, BroadcastChannel>();

  open(viewerId: string, { onMessage }: TabsListener): void {
    if (viewerId === this.#viewerId || !hasTabs()) return;
    this.close();
    this.#viewerId = viewerId;
    const inbox = new BroadcastChannel(nameOf(viewerId));
    this.#inbox = inbox;
    inbox.onmessage = ({ data }) => {
      const { from, message } = (data ?? {}) as { from?: unknown; message?: unknown };
      if (this.#inbox === inbox && typeof from === 'string') onMessage(from, message);
    };
    const held = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    navigator.locks.request(nameOf(viewerId), () => held).catch(() => {});
  }

  watch(viewerId: string, { onNear, onGone }: TabWatch): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    const until = async (): Promise<void> => {
      for (const afterMs of seekAfterMs) {
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        if (signal.aborted) return;
        if (await isHeld(nameOf(viewerId))) {
          if (signal.aborted) return;
          onNear();
          // Shared with others that wait for the same, so that all hear of it at once.
          await navigator.locks.request(nameOf(viewerId), { mode: 'shared', signal }, () => {});
          return;
        }
      }
    };
    const end = (): void => {
      if (!signal.aborted) onGone();
    };
    until().then(end, end);
    return () => controller.abort();
  }

  send(viewerId: string, message: unknown): void {
    if (this.#viewerId === null) return;
    let outbox = this.#outboxes.get(viewerId);
    if (!outbox) {
      outbox = new BroadcastChannel(nameOf(viewerId));
      this.#outboxes.set(viewerId, outbox);
      const oldest = this.#outboxes.keys().next().value;
      if (this.#outboxes.size > outboxesMax && oldest !== undefined) {
        this.#outboxes.get(oldest)?.close();
        this.#outboxes.delete(oldest);
      }
    }
    outbox.postMessage({ from: this.#viewerId, message });
  }

  close(): void {
    this.#viewerId = null;
    this.#inbox?.close();
    this.#inbox = null;
    this.#release();
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#outboxes.clear();
  }
}

/** Viewers of a device that one master answers. */
const outboxesMax = 64;

function nameOf(viewerId: string): string {
  return `holdfast/${tabVersion}/${viewerId}`;
}

async function isHeld(name: string): Promise<boolean> {
  if (!hasTabs()) return false;
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === name && lock.mode === 'exclusive');
}
