import { expect } from 'chai';
import type { Tabs } from '../../sdk/ports/tabs.ts';

/** What a contract run needs of an implementation. */
export interface TabsUnderTest {
  /** One viewer's, of the same browser profile as the others. */
  create(): Tabs;
  /** Of another profile, in which the browser keeps everything apart; null where that cannot be had here. */
  createElsewhere: (() => Tabs) | null;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean): Promise<void> {
  const endMs = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error('it did not come about');
    await pause(5);
  }
}

let idCount = 0;

/** What every implementation of `Tabs` does. */
export function describeTabs(name: string, setUp: () => TabsUnderTest): void {
  describe(`tabs: ${name}`, () => {
    let subject: TabsUnderTest;
    let opened: Tabs[];

    beforeEach(() => {
      subject = setUp();
      opened = [];
    });
    afterEach(() => {
      for (const tabs of opened) tabs.close();
    });

    function open(create = subject.create) {
      idCount += 1;
      const id = `viewer-${idCount}`;
      const received: { from: string; data: unknown }[] = [];
      const tabs = create();
      opened.push(tabs);
      tabs.open(id, { onMessage: (from, data) => received.push({ from, data }) });
      return { id, tabs, received };
    }

    function watch(tabs: Tabs, id: string) {
      const log: string[] = [];
      const stop = tabs.watch(id, {
        onNear: () => log.push('near'),
        onGone: () => log.push('gone'),
      });
      return { log, stop };
    }

    it('delivers what is sent to one viewer, to it alone, in order and with its sender', async () => {
      const [a, b, c] = [open(), open(), open()];
      for (let number = 0; number < 100; number += 1) a.tabs.send(b.id, { number });
      b.tabs.send(a.id, 'back');
      await until(() => b.received.length === 100 && a.received.length === 1);
      const numbers = Array.from({ length: 100 }, (_, number) => ({
        from: a.id,
        data: { number },
      }));
      expect(b.received).to.deep.equal(numbers);
      expect(a.received).to.deep.equal([{ from: b.id, data: 'back' }]);
      expect(c.received).to.deep.equal([]);
    });

    it('carries a segment whole, and leaves the sender its bytes', async () => {
      const [a, b] = [open(), open()];
      const bytes = Uint8Array.from({ length: 4_000_000 }, (_, index) => index % 251);
      a.tabs.send(b.id, { bytes });
      await until(() => b.received.length === 1);
      const [{ data } = { data: null }] = b.received;
      const { bytes: given } = data as { bytes: Uint8Array };
      expect(given.byteLength).to.equal(bytes.byteLength);
      expect(given.every((byte, index) => byte === index % 251)).to.equal(true);
      expect(given.buffer).to.not.equal(bytes.buffer);
      expect(bytes.byteLength).to.equal(4_000_000);
    });

    it('sends nothing before it is open, after it is closed, and to whoever is not there', async () => {
      const a = open();
      const unopened = subject.create();
      unopened.send(a.id, 'early');
      const b = open();
      b.tabs.close();
      b.tabs.send(a.id, 'late');
      a.tabs.send(b.id, 'to nobody');
      a.tabs.send('stranger', 'to nobody');
      await pause(50);
      expect(a.received).to.deep.equal([]);
      expect(b.received).to.deep.equal([]);
    });

    it('sees a viewer that is there, and sees it go', async () => {
      const [a, b, c] = [open(), open(), open()];
      const watches = [watch(a.tabs, b.id), watch(c.tabs, b.id)];
      await until(() => watches.every(({ log }) => log.length === 1));
      await pause(600);
      expect(watches.map(({ log }) => log)).to.deep.equal([['near'], ['near']]);
      b.tabs.close();
      await until(() => watches.every(({ log }) => log.length === 2));
      expect(watches.map(({ log }) => log)).to.deep.equal([
        ['near', 'gone'],
        ['near', 'gone'],
      ]);
    });

    it('waits a moment for a viewer that is only just coming', async () => {
      const a = open();
      idCount += 1;
      const id = `viewer-${idCount}`;
      const { log } = watch(a.tabs, id);
      await pause(50);
      const late = subject.create();
      opened.push(late);
      late.open(id, { onMessage: () => {} });
      await until(() => log.length > 0);
      expect(log).to.deep.equal(['near']);
    });

    it('says of one that is nowhere that it is gone, within a second', async () => {
      const a = open();
      const { log } = watch(a.tabs, 'stranger');
      await pause(1_000);
      expect(log).to.deep.equal(['gone']);
    });

    it('tells nothing after it was stopped', async () => {
      const [a, b] = [open(), open()];
      const [early, late] = [watch(a.tabs, b.id), watch(a.tabs, b.id)];
      early.stop();
      await until(() => late.log.length === 1);
      late.stop();
      b.tabs.close();
      await pause(100);
      expect(early.log).to.deep.equal([]);
      expect(late.log).to.deep.equal(['near']);
    });

    it('takes up its place again, and another name in place of the first', async () => {
      const [a, b] = [open(), open()];
      b.tabs.close();
      b.tabs.open(b.id, { onMessage: (from, data) => b.received.push({ from, data }) });
      const again = watch(a.tabs, b.id);
      await until(() => again.log.includes('near'));
      a.tabs.send(b.id, 'here');
      await until(() => b.received.length === 1);
      idCount += 1;
      const renamed = `viewer-${idCount}`;
      b.tabs.open(renamed, { onMessage: (from, data) => b.received.push({ from, data }) });
      await until(() => again.log.includes('gone'));
      a.tabs.send(renamed, 'there');
      await until(() => b.received.length === 2);
    });

    if (!setUp().createElsewhere) return;
    it('finds nobody of another profile', async () => {
      const [a, b] = [open(), open(subject.createElsewhere ?? subject.create)];
      const { log } = watch(a.tabs, b.id);
      a.tabs.send(b.id, 'hello');
      await until(() => log.length > 0);
      await pause(50);
      expect(log).to.deep.equal(['gone']);
      expect(b.received).to.deep.equal([]);
    });
  });
}
