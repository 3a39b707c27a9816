import { expect } from 'chai';
import { buildLibrary } from '../tools/build.ts';
import { Stack } from './support/stack.ts';
import { until } from './support/watch.ts';

interface ScriptPage {
  session: import('../../sdk/index.ts').Session;
  Holdfast: Record<string, unknown>;
}

describe('the built plain script', function () {
  this.timeout(90_000);
  let stack: Stack;

  before(async () => {
    await buildLibrary();
    stack = await Stack.start();
  });

  after(async () => {
    await stack?.close();
  });

  it('plays through the room with one global, and keeps depth behind memory in IndexedDB', async () => {
    // Memory for about two segments: what is older has to come back from storage.
    const options = { memoryBytesMax: 800_000, storageBytesMax: 50_000_000 };
    const first = await stack.open('script.html', { options });
    const read = (page: typeof first) =>
      page.evaluate(() => ({
        currentTime: document.querySelector('video')?.currentTime ?? 0,
        stats: (window as unknown as ScriptPage).session.stats(),
        exports: Object.keys((window as unknown as ScriptPage).Holdfast).sort(),
      }));
    const { exports } = await until(
      'the first plays a while',
      () => read(first),
      ({ currentTime, stats }) => currentTime > 3 && stats.segmentsHeld.length >= 7,
      30_000,
    );
    expect(exports).to.deep.equal(['HoldfastError', 'joinRoom']);
    const stored = await first.evaluate(async () => {
      const databases = await indexedDB.databases();
      return databases.map(({ name }) => name);
    });
    expect(stored.length).to.be.at.least(1);

    // The newcomer starts three segments behind the live edge, at what the first has moved to storage.
    const second = await stack.open('script.html', { options: {} });
    const { stats } = await until(
      'the second is fed',
      () => read(second),
      (reading) => reading.currentTime > 3 && reading.stats.bytesFromPeers > 700_000,
      30_000,
    );
    expect(stats.refusals).to.deep.equal({});
    await until(
      'the first feeds',
      () => read(first),
      (reading) => reading.stats.bytesToPeers > 700_000,
      5_000,
    );
  });
});
