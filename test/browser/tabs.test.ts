import { expect } from 'chai';
import { createTabs, hasTabs } from '../../sdk/adapters/tabs.ts';
import { describeTabs } from '../contract/tabs.contract.ts';

describeTabs('BroadcastChannel and Web Locks', () => ({
  create: createTabs,
  // Two profiles need two browsers: `test/e2e/device.test.ts`.
  createElsewhere: null,
}));

describe('tabs of a browser', () => {
  it('see a frame go that is removed without a word', async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const held = new Promise<void>((resolve) => {
      const { locks } = (frame.contentWindow as Window).navigator;
      // As an sdk of that frame would.
      void locks.request('holdfast/1/frame', () => {
        resolve();
        return new Promise(() => {});
      });
    });
    await held;
    const tabs = createTabs();
    tabs.open('watcher', { onMessage: () => {} });
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      tabs.watch('frame', {
        onNear: () => {
          log.push('near');
          frame.remove();
        },
        onGone: () => {
          log.push('gone');
          resolve();
        },
      });
    });
    tabs.close();
    expect(log).to.deep.equal(['near', 'gone']);
  });

  it('may be workers, and are seen to end with them', async () => {
    const worker = new Worker(new URL('./tabs-worker.ts', import.meta.url), { type: 'module' });
    const tabs = createTabs();
    const received = new Promise<unknown>((resolve) => {
      tabs.open('page', { onMessage: (_from, data) => resolve(data) });
    });
    const gone = new Promise<void>((resolve) => {
      const look = () =>
        tabs.watch('in-worker', {
          onNear: () => tabs.send('in-worker', 'hello'),
          // Its script takes a while to load.
          onGone: () => (isNear ? resolve() : void look()),
        });
      let isNear = false;
      void received.then(() => {
        isNear = true;
        worker.terminate();
      });
      look();
    });
    expect(await received).to.deep.equal({ data: 'hello', isWorker: true });
    await gone;
    tabs.close();
  });

  it('leave no lock and no channel behind', async () => {
    const tabs = createTabs();
    tabs.open('leaver', { onMessage: () => {} });
    tabs.send('other', 1);
    tabs.watch('other', { onNear: () => {}, onGone: () => {} })();
    const names = async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      return [...held, ...pending].map(({ name }) => name);
    };
    while (!(await names()).includes('holdfast/1/leaver'))
      await new Promise((go) => setTimeout(go, 5));
    tabs.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await names()).to.deep.equal([]);
  });

  it('are not to be had, and break nothing, where the page has no locks', async () => {
    const channel = globalThis.BroadcastChannel;
    Object.assign(globalThis, { BroadcastChannel: undefined });
    try {
      expect(hasTabs()).to.equal(false);
      const tabs = createTabs();
      tabs.open('nobody', { onMessage: () => {} });
      tabs.send('other', 1);
      const gone = new Promise<void>((resolve) => {
        tabs.watch('other', { onNear: () => {}, onGone: resolve });
      });
      await gone;
      tabs.close();
    } finally {
      Object.assign(globalThis, { BroadcastChannel: channel });
    }
  });
});
