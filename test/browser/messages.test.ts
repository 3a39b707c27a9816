import { expect } from 'chai';
import {
  createMessageClassifier,
  HoldfastError,
  type MessageClassifier,
} from '../../sdk/messages.ts';
import type { MessageHeader } from '../../signaling/protocol/messages.ts';
import { databaseName, dumpStorage, inDatabase, resultOf } from './message-database.ts';
import { replace, watchWorkers } from './replace.ts';

const me = 'user-of-this-device';
/** Whatever an app may know of a message, and more than a header has. */
const header: MessageHeader & Record<string, unknown> = {
  ...{ id: 'raw-message-17', room: 'raw-room-4', from: 'raw-user-ann', role: 'host' },
  ...{ kind: 'announcement', to: me, mentions: ['raw-user-bob'], replyTo: 'raw-message-16' },
  ...{ thread: 'raw-thread-3', sentAtMs: 1_700_000_000_000, priority: 'high' },
  ...{ name: 'Ann of the raw names', text: 'what is said in raw words' },
};
const headerNames = Object.keys(header).filter((name) => name !== 'name' && name !== 'text');

describe('message classifier in a browser', () => {
  let workers: Worker[];
  let classifiers: MessageClassifier[];
  let restore: () => void;
  beforeEach(async () => {
    await resultOf(indexedDB.deleteDatabase(databaseName));
    [workers, classifiers] = [[], []];
    restore = watchWorkers(workers);
  });
  afterEach(async () => {
    restore();
    for (const classifier of classifiers) await classifier.close();
  });

  const create = async (): Promise<MessageClassifier> => {
    const classifier = await createMessageClassifier({ me });
    classifiers.push(classifier);
    return classifier;
  };
  const storedRows = () => inDatabase('readonly', 'rows', (store) => store.getAll());

  it('runs in a worker, keeps its log in IndexedDB, and has it the next time', async () => {
    const classifier = await create();
    expect(workers).to.have.lengthOf(1);
    expect(await classifier.state()).to.deep.include({
      ...{ rows: 0, runsIn: 'worker' },
      storage: { kind: 'indexeddb', reason: null, hasStartedAnew: false, rowsDropped: 0 },
    });
    const answer = await classifier.classify(header);
    expect(answer).to.deep.include({ status: 'classified', isImportant: true });
    expect(await classifier.explain(header.id)).to.deep.include({ isImportant: true });
    expect(await classifier.record({ type: 'seen', header })).to.equal('recorded');
    await classifier.setThreshold(0.25);
    await classifier.close();
    const again = await (await create()).state();
    expect([again.rows, again.threshold]).to.deep.equal([1, 0.25]);
  });

  it('stores no id, name or text, and no key that can be read', async () => {
    const classifier = await create();
    for (const type of ['seen', 'viewed', 'replied', 'markedImportant'] as const) {
      await classifier.record({ type, header, text: 'raw words again' } as never);
    }
    await classifier.classify(header);
    await classifier.close();
    const dump = await dumpStorage();
    expect(dump).to.include('markedImportant');
    const values = Object.values(header)
      .flat()
      .filter((value) => typeof value === 'string');
    for (const text of [...values, 'raw', me, 'words']) {
      const isWord = ['host', 'announcement', 'high'].includes(text);
      if (!isWord) expect(dump.includes(text), text).to.equal(false);
    }
    const { key } = await inDatabase('readonly', 'key', (store) => store.get('current'));
    expect([key.constructor, key.extractable]).to.deep.equal([CryptoKey, false]);
    const exported = await crypto.subtle.exportKey('raw', key).catch((error) => error);
    expect(exported).to.be.instanceOf(DOMException);
  });

  it('has other pseudonyms and nothing else after a wipe', async () => {
    const classifier = await create();
    await classifier.record({ type: 'seen', header });
    await classifier.setThreshold(0.25);
    await classifier.close();
    const [before] = await storedRows();
    const next = await create();
    await next.wipe();
    expect(await storedRows()).to.deep.equal([]);
    const settings = await inDatabase('readonly', 'settings', (store) => store.getAll());
    expect(JSON.stringify(settings)).to.not.include('0.25');
    expect((await next.state()).rows).to.equal(0);
    await next.record({ type: 'seen', header });
    await next.close();
    const [after, ...others] = await storedRows();
    expect(others).to.deep.equal([]);
    for (const name of ['message', 'from', 'room', 'thread', 'to', 'replyTo']) {
      expect(after.header[name], name).to.match(/^[\w-]{22}$/);
      expect(after.header[name], name).to.not.equal(before.header[name]);
    }
  });

  it('writes one log with another page, and forgets with it', async () => {
    const [first, second] = [await create(), await create()];
    const told = Array.from({ length: 40 }, (_, index) => {
      const classifier = index % 2 === 0 ? first : second;
      return classifier.record({ type: 'seen', header: { ...header, id: `message-${index}` } });
    });
    expect(new Set(await Promise.all(told))).to.deep.equal(new Set(['recorded']));
    const third = await (await reopened(first, second)).state();
    expect(third.rows).to.equal(40);

    async function reopened(...closed: MessageClassifier[]): Promise<MessageClassifier> {
      for (const classifier of closed) await classifier.close();
      return await create();
    }
  });

  it('forgets in this page what another page wipes', async () => {
    const [first, second] = [await create(), await create()];
    await first.record({ type: 'seen', header });
    await second.wipe();
    for (let tries = 0; (await first.state()).rows > 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await first.state()).rows).to.equal(0);
    await first.record({ type: 'seen', header });
    await second.record({ type: 'seen', header });
    await Promise.all([first.close(), second.close()]);
    const [one, other] = await storedRows();
    expect(one.header).to.deep.equal(other.header);
  });

  it('writes what waits as soon as nobody looks at the page any more', async () => {
    const classifier = await create();
    const writtenAfterMs = async (count: number) => {
      await classifier.record({ type: 'seen', header });
      const startedAtMs = performance.now();
      window.dispatchEvent(new Event('pagehide'));
      while ((await storedRows()).length < count && performance.now() - startedAtMs < 1_000);
      return performance.now() - startedAtMs;
    };
    const times: number[] = [];
    // A busy machine may be late; by itself it is never so early.
    for (let count = 1; count <= 10 && !times.some((time) => time < 100); count += 1) {
      times.push(await writtenAfterMs(count));
    }
    expect(Math.min(...times)).to.be.below(100);
  });

  it('takes what is no message through its worker, and changes nothing', async () => {
    const classifier = await create();
    await classifier.record({ type: 'seen', header });
    const before = await classifier.state();
    const wrong: unknown[] = [
      ...[undefined, null, 0, 'text', [], {}, () => {}, Symbol('a'), new Map(), document.body],
      ...headerNames.flatMap((name) => [
        { ...header, [name]: () => {} },
        { ...header, [name]: 'x'.repeat(5_000) },
        { ...header, [name]: document.body },
      ]),
    ];
    for (let round = 0; round < 50; round += 1) {
      const answers = await Promise.all(
        wrong.flatMap((each) => [
          classifier.classify(each as never).then(({ status }) => status),
          classifier.record({ type: 'seen', header: each } as never),
          classifier.record(each as never),
        ]),
      );
      expect(new Set(answers)).to.deep.equal(new Set(['invalid']));
    }
    expect(await classifier.state()).to.deep.equal(before);
  });

  it('refuses options that are none by their code', async () => {
    for (const options of [
      ...[undefined, null, { me, modelKey: null }],
      ...[{ me: '' }, { me: 'x'.repeat(129) }, { me: 5 }, { me, adapt: 'yes' }],
      ...[
        { me, modelKey: {} },
        { me, modelKey: { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' } },
      ],
    ]) {
      const error = await createMessageClassifier(options as never).catch((reason) => reason);
      expect(error).to.be.instanceOf(HoldfastError).and.have.property('code', 'option_invalid');
    }
    expect(workers).to.have.lengthOf(0);
  });

  it('refuses a page without Web Crypto by its code', async () => {
    const undo = replace(crypto, 'subtle', undefined);
    try {
      const error = await createMessageClassifier({ me }).catch((reason) => reason);
      expect(error).to.be.instanceOf(HoldfastError).and.have.property('code', 'crypto_missing');
    } finally {
      undo();
    }
  });

  it('ends its worker with close', async () => {
    const classifier = await create();
    await classifier.close();
    expect(await answers(workers[0])).to.equal(false);
    expect(await classifier.classify(header)).to.deep.equal({ status: 'closed' });
  });

  it('runs on the page where the worker fails as it starts, and says so', async () => {
    const { Worker: Real } = globalThis;
    class Broken extends Real {
      constructor() {
        super('data:text/javascript,throw new Error("no such thing here")');
      }
    }
    const undo = replace(globalThis, 'Worker', Broken);
    try {
      const classifier = await create();
      const { runsIn, storage } = await classifier.state();
      expect([runsIn, storage.kind]).to.deep.equal(['page', 'indexeddb']);
      expect((await classifier.classify(header)).status).to.equal('classified');
    } finally {
      undo();
    }
  });

  // Last, because a page keeps its policy.
  it('runs on the page where its policy forbids workers, and says so', async () => {
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "worker-src 'none'";
    document.head.append(policy);
    const classifier = await create();
    expect((await classifier.state()).runsIn).to.equal('page');
    expect(await classifier.record({ type: 'seen', header })).to.equal('recorded');
  });
});

async function answers(worker: Worker | undefined): Promise<boolean> {
  return await new Promise((resolve) => {
    worker?.addEventListener('message', () => resolve(true));
    worker?.postMessage({ id: 'ping', type: 'GET', path: [] });
    setTimeout(resolve, 300, false);
  });
}
