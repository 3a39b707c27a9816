type Listener = (...values: never[]) => void;
type Done = () => void;

/**
 * Stands in for the `Duplex` of `streamx`, which `simple-peer` extends: the events, and an orderly end.
 * There is no write queue and no pipe: callers use `send()`, watch `bufferSize`, and close with `destroy()`.
 * Messages go to the `data` listeners as they arrive and are not kept for later ones, so listen from the start.
 */
export class Duplex {
  destroyed = false;
  readonly _readableState = { ended: false };
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor() {
    // Every way to the end passes through the subclass's _destroy, so `close` is told there, once.
    const tearDown = this._destroy;
    this._destroy = (done, error) => {
      const finished = () => {
        done();
        this.#finish();
      };
      tearDown.call(this, finished, error);
    };
  }

  on(name: string, listener: Listener): this {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return this;
  }

  once(name: string, listener: Listener): this {
    const first: Listener = (...values) => {
      this.removeListener(name, first);
      listener(...values);
    };
    return this.on(name, first);
  }

  removeListener(name: string, listener: Listener): this {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  off(name: string, listener: Listener): this {
    return this.removeListener(name, listener);
  }

  emit(name: string, ...values: unknown[]): boolean {
    const listeners = [...(this.#listeners.get(name) ?? [])];
    for (const listener of listeners) listener(...(values as never[]));
    return listeners.length > 0;
  }

  push(message: unknown): void {
    if (message !== null) this.emit('data', message);
  }

  /** `simple-peer` ends its stream before tearing it down; without a write queue nothing waits for that. */
  end(): void {
    this._readableState.ended = true;
  }

  destroy(error?: Error): void {
    this._destroy(() => {}, error);
  }

  _destroy(done: Done, _error?: Error): void {
    done();
  }

  #finish(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
    this.#listeners.clear();
  }
}
