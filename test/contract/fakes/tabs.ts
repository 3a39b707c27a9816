import type { Tabs, TabsListener, TabWatch } from '../../../sdk/ports/tabs.ts';

/** A browser profile in memory. */
export class FakeProfile {
  readonly viewers = new Map<string, TabsListener>();
  readonly #watches = new Map<string, Set<() => void>>();
  /** How long a message is under way, and a viewer is looked for. */
  readonly latencyMs = 1;
  readonly seekMs = 400;

  create(): Tabs {
    return new FakeTabs(this);
  }

  enter(viewerId: string, listener: TabsListener): void {
    this.viewers.set(viewerId, listener);
  }

  leave(viewerId: string): void {
    if (!this.viewers.delete(viewerId)) return;
    for (const gone of this.#watches.get(viewerId) ?? []) setTimeout(gone, this.latencyMs);
    this.#watches.delete(viewerId);
  }

  /** Calls back once it is there and once it is gone. */
  watch(viewerId: string, gone: () => void): void {
    const watches = this.#watches.get(viewerId) ?? new Set();
    watches.add(gone);
    this.#watches.set(viewerId, watches);
  }
}

class FakeTabs implements Tabs {
  #profile: FakeProfile;
  #viewerId: string | null = null;

  constructor(profile: FakeProfile) {
    this.#profile = profile;
  }

  open(viewerId: string, listener: TabsListener): void {
    if (viewerId === this.#viewerId) return;
    this.close();
    this.#viewerId = viewerId;
    this.#profile.enter(viewerId, listener);
  }

  watch(viewerId: string, { onNear, onGone }: TabWatch): () => void {
    let isStopped = false;
    const untilMs = Date.now() + this.#profile.seekMs;
    const look = (): void => {
      if (isStopped) return;
      if (this.#profile.viewers.has(viewerId)) {
        this.#profile.watch(viewerId, () => {
          if (!isStopped) onGone();
        });
        onNear();
      } else if (Date.now() < untilMs) setTimeout(look, 20);
      else onGone();
    };
    setTimeout(look, this.#profile.latencyMs);
    return () => {
      isStopped = true;
    };
  }

  send(viewerId: string, data: unknown): void {
    const from = this.#viewerId;
    if (from === null) return;
    const clone = structuredClone(data);
    setTimeout(() => this.#profile.viewers.get(viewerId)?.onMessage(from, clone), 1);
  }

  close(): void {
    if (this.#viewerId !== null) this.#profile.leave(this.#viewerId);
    this.#viewerId = null;
  }
}
