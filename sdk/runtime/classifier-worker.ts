import { type ClassifierCalls, type ClassifierSetup, openClassifier } from './classifier.ts';
import { expose } from './comlink.ts';

/** What the page may call. A worker serves one classifier and ends with it. */
export interface ClassifierWorkerCalls extends ClassifierCalls {
  /** Comes first, once. */
  open(setup: ClassifierSetup): Promise<void>;
}

function createWorkerCalls(): ClassifierWorkerCalls {
  let opened: Promise<ClassifierCalls> | null = null;
  const classifier = async (): Promise<ClassifierCalls> => {
    if (!opened) throw new Error('the classifier was not opened');
    return await opened;
  };
  return {
    open: async (setup) => {
      opened ??= openClassifier(setup);
      await opened;
    },
    classify: async (header) => (await classifier()).classify(header),
    record: async (event) => (await classifier()).record(event),
    state: async () => (await classifier()).state(),
    explain: async (id) => (await classifier()).explain(id),
    loadModel: async (bytes, signature) => (await classifier()).loadModel(bytes, signature),
    setThreshold: async (probability) => (await classifier()).setThreshold(probability),
    wipe: async () => (await classifier()).wipe(),
    flush: async () => (await classifier()).flush(),
    close: async () => (await classifier()).close(),
  };
}

expose(createWorkerCalls());
