import { expect } from 'chai';
import { openMessageLog } from '../../sdk/adapters/message-log.ts';
import type { LogRow } from '../../sdk/core/messages/events.ts';
import { HoldfastError } from '../../sdk/errors.ts';
import type { MessageLog, OpenedLog } from '../../sdk/ports/message-log.ts';
import { describeMessageLogs } from '../contract/message-log.contract.ts';
import { createDatabase, databaseName, inDatabase, resultOf } from './message-database.ts';
import { replace } from './replace.ts';

const deleteDatabase = () => resultOf(indexedDB.deleteDatabase(databaseName));

describeMessageLogs('IndexedDB', async () => {
  await deleteDatabase();
  return {
    open: openMessageLog,
    writeRow: async (value) => {
      await inDatabase('readwrite', 'rows', (store) => store.add(value));
    },
  };
});

describe('message log in a browser', () => {
  const logs: MessageLog[] = [];
  beforeEach(deleteDatabase);
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
  });

  const open = async (): Promise<OpenedLog> => {
    const opened = await openMessageLog(() => {});
    logs.push(opened.log);
    return opened;
  };
  const row = (sequence: number): LogRow => {
    const pseudonym = 'p'.repeat(22);
    const ids = { message: pseudonym, from: pseudonym, room: pseudonym, thread: null, to: null };
    const rest = { mentions: [], replyTo: null, sentAtMs: 5, expiresAtMs: null } as const;
    const header = { ...ids, role: 'viewer', kind: 'chat', priority: 'normal', ...rest } as const;
    return { sequence, atMs: sequence, type: 'seen', header: { ...header, mentions: [] } };
  };
  const keep = async (count: number) => {
    const { log } = await openMessageLog(() => {});
    for (let sequence = 1; sequence <= count; sequence += 1) log.append(row(sequence));
    log.saveSettings({ nudge: 0, threshold: 0.5, adaptation: null });
    await log.close();
  };
  const countRows = () => inDatabase('readonly', 'rows', (store) => store.count());
  const good = { kind: 'indexeddb', reason: null, hasStartedAnew: false, rowsDropped: 0 };

  it('says that it is in IndexedDB, and writes within a fraction of a second by itself', async () => {
    const { log } = await open();
    log.append(row(1));
    expect(log.state()).to.deep.equal(good);
    for (let tries = 0; (await countRows()) === 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await countRows()).to.equal(1);
  });

  for (const [how, damage] of Object.entries<() => Promise<unknown>>({
    missing: () => inDatabase('readwrite', 'key', (store) => store.clear()),
    'no key': () =>
      inDatabase('readwrite', 'key', (store) => store.put({ generation: 'a', key: {} }, 'current')),
    'one that can be read': async () => {
      const algorithm = { name: 'HMAC', hash: 'SHA-256', length: 256 };
      const key = await crypto.subtle.generateKey(algorithm, true, ['sign']);
      const put = (store: IDBObjectStore) => store.put({ generation: 'a', key }, 'current');
      return await inDatabase('readwrite', 'key', put);
    },
  })) {
    it(`starts anew and says so when its key is ${how}`, async () => {
      await keep(3);
      await damage();
      const { log, rows, settings } = await open();
      expect([rows, settings]).to.deep.equal([[], null]);
      expect(log.state()).to.deep.equal({ ...good, hasStartedAnew: true });
      expect(await countRows()).to.equal(0);
      const again = await open();
      expect(again.log.state()).to.deep.equal(good);
      expect(log.key.extractable).to.equal(false);
    });
  }

  it('starts anew and says so when the database has another shape', async () => {
    await createDatabase(1, ['rows', 'something']);
    const { log, rows } = await open();
    expect([rows, log.state()]).to.deep.equal([[], { ...good, hasStartedAnew: true }]);
    log.append(row(1));
    await log.flush();
    expect(await countRows()).to.equal(1);
  });

  it('counts the rows that are none, deletes them, and takes settings that are none for none', async () => {
    await keep(3);
    await inDatabase('readwrite', 'rows', (store) => store.add('no row'));
    await inDatabase('readwrite', 'settings', (store) => store.put({ nudge: 'a' }, 'current'));
    const { log, rows, settings } = await open();
    expect([rows.length, settings]).to.deep.equal([3, null]);
    expect(log.state()).to.deep.equal({ ...good, rowsDropped: 1 });
    expect(await countRows()).to.equal(3);
  });

  it('is in memory and says why where a newer version of the script has been', async () => {
    await createDatabase(2, ['rows', 'settings', 'key']);
    const { log } = await open();
    expect(log.state()).to.deep.include({ kind: 'memory', reason: 'newerVersion' });
    // What the newer one has kept goes with a wipe all the same.
    await log.wipe();
    expect((await indexedDB.databases()).map(({ name }) => name)).to.not.include(databaseName);
  });

  it('is in memory and says why where the browser refuses', async () => {
    const undo = replace(IDBFactory.prototype, 'open', () => {
      throw new DOMException('refused', 'SecurityError');
    });
    try {
      const { log } = await open();
      expect(log.state()).to.deep.include({ kind: 'memory', reason: 'refused' });
      log.append(row(1));
      await log.flush();
    } finally {
      undo();
    }
  });

  it('is in memory and says why where the database does not answer, and holds up nobody', async () => {
    await keep(1);
    const holder = await resultOf(indexedDB.open(databaseName));
    // Waits for the holder, which does not listen; and whoever opens it waits for this.
    const deleting = deleteDatabase();
    const { log } = await open();
    expect(log.state()).to.deep.include({ kind: 'memory', reason: 'noAnswer' });
    const error = await log.wipe().catch((reason) => reason);
    expect(error).to.be.instanceOf(HoldfastError).and.have.property('code', 'storage_failed');
    holder.close();
    await deleting;
    await log.wipe();
    await deleteDatabase();
  });

  it('tells that the disk is full, keeps what waits, and writes it when there is room', async () => {
    const { log } = await open();
    const makeRoom = replace(IDBObjectStore.prototype, 'add', () => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    try {
      log.append(row(1));
      log.saveSettings({ nudge: 1, threshold: null, adaptation: null });
      await log.flush();
    } finally {
      makeRoom();
    }
    expect(log.state()).to.deep.equal({ ...good, kind: 'memory', reason: 'full' });
    const settings = () => inDatabase('readonly', 'settings', (store) => store.count());
    expect([await countRows(), await settings()]).to.deep.equal([0, 0]);
    log.append(row(2));
    for (let tries = 0; log.state().kind === 'memory' && tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(log.state()).to.deep.equal(good);
    expect([await countRows(), await settings()]).to.deep.equal([2, 1]);
  });

  it('writes nothing of a batch of which one thing cannot be written', async () => {
    const { log } = await open();
    log.append(row(1));
    log.saveSettings({ nudge: 0, threshold: null, adaptation: (() => {}) as never });
    await log.flush();
    expect([log.state().kind, await countRows()]).to.deep.equal(['memory', 0]);
    log.saveSettings({ nudge: 0, threshold: null, adaptation: null });
    await log.flush();
    expect([log.state().kind, await countRows()]).to.deep.equal(['indexeddb', 1]);
  });

  it('drops the oldest where too many wait, and counts them', async () => {
    const { log } = await open();
    const makeRoom = replace(IDBObjectStore.prototype, 'add', () => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    try {
      for (let sequence = 1; sequence <= 2_100; sequence += 1) log.append(row(sequence));
      await log.flush();
    } finally {
      makeRoom();
    }
    await log.flush();
    expect(log.state()).to.deep.equal({ ...good, rowsDropped: 100 });
    const values = await inDatabase('readonly', 'rows', (store) => store.getAll());
    expect([values.length, values[0].atMs]).to.deep.equal([2_000, 101]);
    log.deleteThrough(150);
    await log.flush();
    expect(await countRows()).to.equal(1_950);
  });

  it('lets go of the database when another page deletes it, and says so', async () => {
    const { log } = await open();
    await deleteDatabase();
    expect(log.state()).to.deep.include({ kind: 'memory', reason: 'ended' });
    log.append(row(1));
    await log.flush();
    expect(await log.adopt()).to.equal(true);
    await log.wipe();
  });

  it('forgets what the disk does not let go of, and tries again with the next wipe', async () => {
    await keep(3);
    const { log } = await open();
    const { key } = log;
    log.append(row(9));
    const undo = replace(IDBObjectStore.prototype, 'clear', () => {
      throw new DOMException('no', 'UnknownError');
    });
    try {
      const error = await log.wipe().catch((reason) => reason);
      expect(error).to.be.instanceOf(HoldfastError).and.have.property('code', 'storage_failed');
    } finally {
      undo();
    }
    expect(log.key).to.not.equal(key);
    expect(log.state()).to.deep.include({ kind: 'memory', reason: 'wipeFailed' });
    log.append(row(10));
    await log.flush();
    expect(await countRows()).to.equal(3);
    await log.wipe();
    expect((await indexedDB.databases()).map(({ name }) => name)).to.not.include(databaseName);
  });
});
