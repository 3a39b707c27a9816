import { expect } from 'chai';
import type { ClassifierSettings, LogRow } from '../../sdk/core/messages/events.ts';
import type { MessageLog, OpenedLog } from '../../sdk/ports/message-log.ts';
import { limits } from '../../signaling/protocol/index.ts';

/** What a contract run needs of an implementation: one disk, empty at first. */
export interface MessageLogsUnderTest {
  /** Another page's, on the same disk. */
  open(onReplaced: () => void): Promise<OpenedLog>;
  /** Beside the log, as the developer tools would. */
  writeRow(value: unknown): Promise<void>;
}

const pseudonym = (letter: string) => letter.repeat(22);
const header: LogRow['header'] = {
  ...{ message: pseudonym('m'), from: pseudonym('f'), room: pseudonym('r'), thread: null },
  ...{ role: 'viewer', kind: 'chat', priority: 'normal', to: null, mentions: [pseudonym('n')] },
  ...{ replyTo: pseudonym('a'), sentAtMs: 1_000, expiresAtMs: null },
};
const rowOf = (sequence: number, atMs = sequence): LogRow => ({
  ...{ sequence, atMs, type: 'seen', header },
});
const learned = { deltas: [0.5, -1], counts: [3, 1], gains: [0.01, -0.02, 0] };
const settings: ClassifierSettings = {
  ...{ nudge: -0.5, threshold: 0.7 },
  adaptation: { modelVersion: 2, isActive: true, ...learned },
};
const timesOf = (rows: readonly LogRow[]) => rows.map(({ atMs }) => atMs);

async function signatureOf({ key }: MessageLog): Promise<string> {
  return String(new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(1))));
}

/** What every implementation of `MessageLog` does. */
export function describeMessageLogs(name: string, create: () => Promise<MessageLogsUnderTest>) {
  describe(`message log: ${name}`, () => {
    let subject: MessageLogsUnderTest;
    let logs: MessageLog[];
    let replaced: MessageLog[];
    beforeEach(async () => {
      subject = await create();
      [logs, replaced] = [[], []];
    });
    afterEach(async () => {
      for (const log of logs) await log.close();
    });

    const open = async (): Promise<OpenedLog> => {
      const opened: OpenedLog = await subject.open(() => replaced.push(opened.log));
      logs.push(opened.log);
      return opened;
    };
    /** Written by a page that closes then. */
    const keep = async (rows: readonly LogRow[], kept: ClassifierSettings | null = null) => {
      const { log } = await open();
      for (const row of rows) log.append(row);
      if (kept) log.saveSettings(kept);
      await log.close();
    };

    it('begins empty, and has kept everything in its order at the next opening', async () => {
      const { log, ...before } = await open();
      expect(before).to.deep.equal({ rows: [], settings: null });
      await log.close();
      await keep([rowOf(1), rowOf(2, 500), rowOf(3)], settings);
      const after = await open();
      expect(after.rows.map((row) => ({ ...row, sequence: 0 }))).to.deep.equal(
        [rowOf(1), rowOf(2, 500), rowOf(3)].map((row) => ({ ...row, sequence: 0 })),
      );
      expect(after.settings).to.deep.equal(settings);
      const sequences = after.rows.map(({ sequence }) => sequence);
      expect(sequences).to.deep.equal([...new Set(sequences)].sort((a, b) => a - b));
    });

    it('has one key, which cannot be read', async () => {
      const [first, second] = [await open(), await open()];
      expect(first.log.key.extractable).to.equal(false);
      expect(first.log.key.algorithm).to.deep.include({ name: 'HMAC', length: 256 });
      const refused = await crypto.subtle.exportKey('raw', first.log.key).catch((error) => error);
      expect(refused).to.be.instanceOf(DOMException);
      expect(await signatureOf(first.log)).to.equal(await signatureOf(second.log));
    });

    it('deletes up to a row, written or waiting, its own or from before', async () => {
      await keep([rowOf(1), rowOf(2), rowOf(3)]);
      const { log, rows } = await open();
      const last = rows.at(-1)?.sequence ?? 0;
      log.deleteThrough(rows[1]?.sequence ?? 0);
      log.append(rowOf(last + 1, 4));
      await log.flush();
      expect(timesOf((await open()).rows)).to.deep.equal([3, 4]);
      log.append(rowOf(last + 2, 5));
      log.append(rowOf(last + 3, 6));
      log.deleteThrough(last + 2);
      await log.flush();
      expect(timesOf((await open()).rows)).to.deep.equal([6]);
    });

    it('loses and mixes up nothing of two pages that write at once', async () => {
      const [first, second] = [await open(), await open()];
      for (let index = 1; index <= 30; index += 1) {
        first.log.append(rowOf(index, 1_000 + index));
        second.log.append(rowOf(index, 2_000 + index));
        if (index % 4 === 0) await first.log.flush();
        if (index % 5 === 0) await second.log.flush();
      }
      await Promise.all([first.log.flush(), second.log.flush()]);
      const both = timesOf((await open()).rows);
      expect([...both].sort()).to.deep.equal([
        ...Array.from({ length: 30 }, (_, index) => 1_001 + index),
        ...Array.from({ length: 30 }, (_, index) => 2_001 + index),
      ]);
      // What is older than what the first deletes goes too, of whomever it is; what is newer stays.
      first.log.deleteThrough(20);
      await first.log.flush();
      const left = timesOf((await open()).rows);
      expect(left).to.deep.equal(both.slice(both.indexOf(1_020) + 1));
      expect(left.filter((atMs) => atMs < 2_000)).to.have.lengthOf(10);
    });

    it('wipes rows, settings, what waits and the key, and goes on', async () => {
      await keep([rowOf(1)], settings);
      const { log } = await open();
      const before = await signatureOf(log);
      log.append(rowOf(2));
      log.saveSettings({ ...settings, nudge: 1 });
      await log.wipe();
      const after = await signatureOf(log);
      expect(after).to.not.equal(before);
      await log.flush();
      const empty = await open();
      expect([empty.rows, empty.settings]).to.deep.equal([[], null]);
      log.append(rowOf(1, 9));
      log.append(rowOf(2, 10));
      log.deleteThrough(1);
      await log.flush();
      const next = await open();
      expect(timesOf(next.rows)).to.deep.equal([10]);
      expect(await signatureOf(next.log)).to.equal(after);
    });

    it('writes nothing with a key that another page has replaced, says so, and adopts', async () => {
      const [first, second] = [await open(), await open()];
      first.log.append(rowOf(1));
      await first.log.flush();
      await second.log.wipe();
      first.log.append(rowOf(2));
      first.log.saveSettings(settings);
      await first.log.flush();
      expect(replaced).to.include(first.log).and.not.include(second.log);
      const empty = await open();
      expect([empty.rows, empty.settings]).to.deep.equal([[], null]);
      first.log.append(rowOf(3));
      expect(await first.log.adopt()).to.equal(true);
      expect(await first.log.adopt()).to.equal(false);
      expect(await signatureOf(first.log)).to.equal(await signatureOf(second.log));
      first.log.append(rowOf(1, 11));
      await first.log.flush();
      expect(timesOf((await open()).rows)).to.deep.equal([11]);
    });

    it('leaves out rows that are none', async () => {
      await keep([rowOf(1), rowOf(2)]);
      const { sequence: _, ...good } = rowOf(3);
      for (const value of [
        ...['text', null, {}, { ...good, type: 'read' }, { ...good, atMs: Number.NaN }],
        ...[
          { ...good, header: { ...header, from: 'ann' } },
          { ...good, header: null },
        ],
      ]) {
        await subject.writeRow(value);
      }
      await keep([rowOf(10)]);
      expect(timesOf((await open()).rows)).to.deep.equal([1, 2, 10]);
    });

    it('gives the newest where pages together have written more than one may keep', async () => {
      const { log } = await open();
      const count = limits.messageLogRowsMax + 5;
      for (let index = 1; index <= count; index += 1) {
        log.append(rowOf(index));
        if (index % 1_000 === 0) await log.flush();
      }
      await log.flush();
      const { rows } = await open();
      expect([rows.length, rows[0]?.atMs, rows.at(-1)?.atMs]).to.deep.equal([
        ...[limits.messageLogRowsMax, 6, count],
      ]);
    });

    it('takes nothing once closed', async () => {
      const { log } = await open();
      log.append(rowOf(1));
      await log.close();
      log.append(rowOf(2));
      log.deleteThrough(1);
      await log.flush();
      expect(timesOf((await open()).rows)).to.deep.equal([1]);
    });
  });
}
