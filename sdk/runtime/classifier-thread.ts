import { within } from '../adapters/within.ts';
import type { ClassifierCalls, ClassifierSetup } from './classifier.ts';
import type { ClassifierWorkerCalls } from './classifier-worker.ts';
import { wrap } from './comlink.ts';

export interface ClassifierThread {
  runsIn: 'worker' | 'page';
  calls: ClassifierCalls;
  /** Whatever it is doing. */
  end(): void;
}

/** Loading a small script, and a database that does not answer: 3 s. */
const openWithinMs = 8_000;

/** Starts the classifier in a worker, or on the page's own thread where no worker starts. */
export async function startClassifier(setup: ClassifierSetup): Promise<ClassifierThread> {
  const worker = startWorker();
  if (worker) {
    const calls = wrap<ClassifierWorkerCalls>(worker);
    if (await isOpen(worker, calls.open(setup))) {
      return { runsIn: 'worker', calls, end: () => worker.terminate() };
    }
    worker.terminate();
  }
  // Only here: a page with a worker does not load what the worker has.
  const { openClassifier } = await import('./classifier.ts');
  return { runsIn: 'page', calls: await openClassifier(setup), end: () => {} };
}

function startWorker(): Worker | null {
  try {
    // In this very form: the build finds it by its text, and gives the worker a file of its own or, for the plain
    // script, carries it inside.
    return new Worker(new URL('./classifier-worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
}

async function isOpen(worker: Worker, opened: Promise<void>): Promise<boolean> {
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => {
      event.preventDefault(); // nothing is written to the console
      reject(event);
    };
  });
  try {
    await within(openWithinMs, Promise.race([opened, failed]));
    return true;
  } catch {
    return false;
  }
}
