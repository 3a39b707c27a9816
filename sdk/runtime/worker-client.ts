import { within } from '../adapters/within.ts';
import { HoldfastError } from '../errors.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import { type Remote, transfer, wrap } from './comlink.ts';
import type { WorkerCalls } from './worker.ts';

/** Loading a small script and opening a database takes tens of milliseconds. */
const openWithinMs = 4_000;

/** Removing a session's segments takes milliseconds; a worker that hangs is ended all the same. */
const closeWithinMs = 2_000;

/**
 * Opens the store of a session in a worker of its own, which ends with `close()`.
 * @throws HoldfastError `storage_failed` where no worker starts: the page's policy (CSP `worker-src`), or a script
 *   that is served from another origin than the page. `storage_failed` where the browser refuses to store.
 */
export async function openSegmentsInWorker(sessionId: string): Promise<SegmentStore> {
  const worker = startWorker();
  const calls = wrap<WorkerCalls>(worker);
  try {
    await openOrFail(worker, asStorageFailure(calls.open(sessionId)));
    return new WorkerSegmentStore(worker, calls);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

class WorkerSegmentStore implements SegmentStore {
  #worker: Worker;
  #calls: Remote<WorkerCalls>;

  constructor(worker: Worker, calls: Remote<WorkerCalls>) {
    this.#worker = worker;
    this.#calls = calls;
  }

  /** Takes the bytes over: they are moved, not copied. */
  put(segmentId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return asStorageFailure(this.#calls.put(segmentId, transfer(bytes, [bytes.buffer])));
  }

  get(segmentId: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return asStorageFailure(this.#calls.get(segmentId));
  }

  delete(segmentId: string): Promise<void> {
    return asStorageFailure(this.#calls.delete(segmentId));
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#worker.terminate(), closeWithinMs);
    try {
      await asStorageFailure(this.#calls.close());
    } finally {
      clearTimeout(timer);
      this.#worker.terminate();
    }
  }
}

function startWorker(): Worker {
  try {
    // In this very form: the build finds it by its text, and gives the worker a file of its own or, for the plain
    // script, carries it inside.
    return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new HoldfastError('storage_failed', 'the browser refused to start a worker', { cause });
  }
}

async function openOrFail(worker: Worker, opened: Promise<void>): Promise<void> {
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => {
      event.preventDefault(); // nothing is written to the console
      reject(new HoldfastError('storage_failed', 'the worker did not start'));
    };
  });
  await within(openWithinMs, Promise.race([opened, failed]));
}

/** Errors lose their class and code on the way from the worker. */
async function asStorageFailure<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('storage_failed', message, { cause });
  }
}
