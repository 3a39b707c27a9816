import { expect } from 'chai';
import { createSegmentStore } from '../../sdk/adapters/segment-store.ts';
import { HoldfastError } from '../../sdk/errors.ts';
import type { SegmentStore } from '../../sdk/ports/segment-store.ts';
import { openSegmentsInWorker } from '../../sdk/runtime/worker-client.ts';
import { describeSegmentStores } from '../contract/segment-store.contract.ts';
import { replace, watchWorkers } from './replace.ts';

const room = 'test room';
const createHere = () => createSegmentStore({ room });
const createInWorker = () => createSegmentStore({ room, openInWorker: openSegmentsInWorker });

describeSegmentStores(
  'IndexedDB on the main thread',
  () => ({ createStore: createHere, countSegments: () => count('segments') }),
  () =>
    replace(IDBObjectStore.prototype, 'put', () => {
      throw new DOMException('full', 'QuotaExceededError');
    }),
);

describeSegmentStores('IndexedDB in a worker', () => ({
  createStore: createInWorker,
  countSegments: () => count('segments'),
}));

describe('segment store in a browser', () => {
  let stores: SegmentStore[];
  let workers: Worker[];
  let restore: () => void;
  beforeEach(() => {
    stores = [];
    workers = [];
    restore = watchWorkers(workers);
  });
  afterEach(async () => {
    restore();
    for (const store of stores) await store.close();
    for (const worker of workers) worker.terminate();
  });

  const open = async (create: () => SegmentStore) => {
    const store = create();
    stores.push(store);
    await store.put('a', new Uint8Array(10));
    return store;
  };

  it('starts no worker before something is stored, one then, and ends it', async () => {
    const store = createInWorker();
    expect(await store.get('a')).to.equal(null);
    await store.delete('a');
    expect(workers).to.have.lengthOf(0);
    await store.put('a', new Uint8Array(10));
    await store.put('b', new Uint8Array(10));
    expect(workers).to.have.lengthOf(1);
    await store.close();
    expect(await answers(workers[0])).to.equal(false);
  });

  it('removes what a session left that died, and not what belongs to a living one', async () => {
    await open(createInWorker);
    workers[0]?.terminate();
    const living = await open(createInWorker);
    const here = await open(createHere);
    // The lock of a dead worker comes back a moment later.
    for (let tries = 0; tries < 50 && (await count('sessions')) !== 2; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await (await open(createHere)).close();
    }
    expect([await count('sessions'), await count('segments')]).to.deep.equal([2, 2]);
    expect(await living.get('a')).to.have.lengthOf(10);
    expect(await here.get('a')).to.have.lengthOf(10);
  });

  it('goes by age where there are no locks', async () => {
    const undo = replace(navigator, 'locks', undefined);
    try {
      const living = await open(createHere);
      await writeSession('old', Date.now() - 3_700_000);
      await writeSession('recent', Date.now() - 3_500_000);
      const other = await open(createHere);
      expect(await sessionIds())
        .to.include('recent')
        .and.not.include('old');
      expect(await living.get('a')).to.have.lengthOf(10);
      await Promise.all([living.close(), other.close()]);
    } finally {
      undo();
    }
    await (await open(createHere)).close();
    expect(await count('sessions')).to.equal(0);
  });

  it('says storage_failed at every put where the browser refuses, and closes', async () => {
    const undo = replace(IDBFactory.prototype, 'open', () => {
      throw new DOMException('refused', 'SecurityError');
    });
    try {
      const store = createHere();
      for (const segmentId of ['a', 'b']) {
        const error = await store.put(segmentId, new Uint8Array(10)).catch((error) => error);
        expect(error).to.be.instanceOf(HoldfastError).and.have.property('code', 'storage_failed');
      }
      await store.close();
      const held = (await navigator.locks.query()).held ?? [];
      expect(held.filter(({ name }) => name?.startsWith('holdfast'))).to.deep.equal([]);
    } finally {
      undo();
    }
  });

  it('runs on this thread where the worker fails as it starts', async () => {
    const { Worker: Real } = globalThis;
    class Broken extends Real {
      constructor() {
        super('data:text/javascript,throw new Error("no such thing here")');
      }
    }
    const undo = replace(globalThis, 'Worker', Broken);
    try {
      const store = await open(createInWorker);
      expect(await store.get('a')).to.have.lengthOf(10);
    } finally {
      undo();
    }
  });

  // Last, because a page keeps its policy.
  it('runs on this thread where the policy of the page forbids workers', async () => {
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "worker-src 'none'";
    document.head.append(policy);
    let violations = 0;
    document.addEventListener('securitypolicyviolation', () => {
      violations += 1;
    });
    const store = await open(createInWorker);
    expect(await store.get('a')).to.have.lengthOf(10);
    expect(violations).to.equal(1);
  });
});

async function answers(worker: Worker | undefined): Promise<boolean> {
  return await new Promise((resolve) => {
    worker?.addEventListener('message', () => resolve(true));
    worker?.postMessage({ id: 'ping', type: 'GET', path: [] });
    setTimeout(resolve, 300, false);
  });
}

/** Beside the store, as the developer tools would. */
async function inDatabase<Result>(
  mode: IDBTransactionMode,
  name: string,
  ask: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await resultOf(indexedDB.open('holdfast'));
  try {
    return await resultOf(ask(database.transaction(name, mode).objectStore(name)));
  } finally {
    database.close();
  }
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const count = (name: string) => inDatabase('readonly', name, (store) => store.count());
const sessionIds = () => inDatabase('readonly', 'sessions', (store) => store.getAllKeys());
const writeSession = (id: string, usedAtMs: number) =>
  inDatabase('readwrite', 'sessions', (store) => store.put(usedAtMs, id));
