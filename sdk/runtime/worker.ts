import { openSegmentDatabase } from '../adapters/segment-database.ts';
import type { SegmentStore } from '../ports/segment-store.ts';
import { expose, transfer } from './comlink.ts';

/** What the page may call. A worker serves one session and ends with it. */
export interface WorkerCalls extends SegmentStore {
  /** Comes first, once. */
  open(sessionId: string): Promise<void>;
}

function createWorkerCalls(): WorkerCalls {
  let opened: Promise<SegmentStore> | null = null;
  const store = async (): Promise<SegmentStore> => {
    if (!opened) throw new Error('the store was not opened');
    return await opened;
  };
  return {
    open: async (sessionId) => {
      opened ??= openSegmentDatabase(sessionId);
      await opened;
    },
    put: async (segmentId, bytes) => (await store()).put(segmentId, bytes),
    get: async (segmentId) => {
      const bytes = await (await store()).get(segmentId);
      return bytes && transfer(bytes, [bytes.buffer]);
    },
    delete: async (segmentId) => (await store()).delete(segmentId),
    close: async () => (await store()).close(),
  };
}

expose(createWorkerCalls());
