import { expect } from 'chai';
import { Stack, type Viewer } from './support/stack.ts';
import {
  allLinked,
  allPlay,
  measure,
  readAll,
  sleep,
  startMeasuring,
  until,
} from './support/watch.ts';

describe('two tabs of one browser profile', function () {
  this.timeout(90_000);
  let stack: Stack;

  before(async () => {
    stack = await Stack.start();
  });

  after(async () => {
    await stack?.close();
  });

  it('are one device: the first its master, the second takes over when that closes', async () => {
    const first = await stack.join();
    const second = await stack.join({ context: first.context });
    // On a device of its own: the room goes on having others in it.
    const other = await stack.join();
    await allPlay([first, second, other]);
    await allLinked([first, second, other]);
    const deviceRoles = async (...viewers: Viewer[]) =>
      (await readAll(viewers)).map(({ stats }) => stats.deviceRole);
    const isAssigned = (roles: (string | null)[]) => roles.join() === 'master,secondary,master';
    await until('roles', () => deviceRoles(first, second, other), isAssigned, 5_000);

    const before = await startMeasuring([second, other], stack.edges);
    await first.page.close();
    const hasTakenOver = (roles: (string | null)[]) => roles.join() === 'master,master';
    await until('the second tab leads', () => deviceRoles(second, other), hasTakenOver, 10_000);
    await sleep(5_000);
    const measured = await measure([second, other], before, stack.edges);
    expect(measured.longestFreezeMs).to.be.below(500);
    expect(measured.fatalErrors).to.deep.equal([]);
  });
});
