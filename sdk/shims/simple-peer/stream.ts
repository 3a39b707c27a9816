type Listener = (...values: never[]) => void;
type Done = () => void;

/**
 * Stands in for the `Duplex` of `streamx`, which `simple-peer` extends: the events, and an orderly end.
 * There is no queue and no pipe: callers read and write the channel itself, and close with `destroy()`.
 */
export class Duplex {
  destroyed = false;
  /** The subclass keeps it. */
  declare _pc: RTCPeerConnection;
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

  /**
   * A candidate that the browser refuses, because it belongs to an earlier attempt or is no candidate at all, is one
   * way fewer to connect. `simple-peer`'s own would end the link over it, or write to the console.
   */
  _addIceCandidate(candidate: RTCIceCandidateInit): void {
    this._pc.addIceCandidate(candidate).catch(() => {});
  }

  /** `simple-peer` ends its stream before tearing it down; without a queue nothing waits for that. */
  end(): void {}

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
