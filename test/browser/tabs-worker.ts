/** A viewer in a worker: says where it comes from to whoever writes to it. */
import { createTabs } from '../../sdk/adapters/tabs.ts';

const tabs = createTabs();
tabs.open('in-worker', {
  onMessage: (from, data) => tabs.send(from, { data, isWorker: typeof document === 'undefined' }),
});
