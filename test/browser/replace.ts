/** Puts something in the place of what the browser has. @returns How to undo it. */
export function replace<Owner extends object>(
  owner: Owner,
  name: keyof Owner,
  value: unknown,
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    delete owner[name];
    if (before) Object.defineProperty(owner, name, before);
  };
}

/** Adds every worker that is started to a list. @returns How to stop that. */
export function watchWorkers(workers: Worker[]): () => void {
  const { Worker: Real } = globalThis;
  class Watched extends Real {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      workers.push(this);
    }
  }
  return replace(globalThis, 'Worker', Watched);
}
