import { useLive } from './support/live.ts';
import type { Viewer } from './support/stack.ts';
import { readAll, sleep, until } from './support/watch.ts';

describe('two tabs of one browser profile', function () {
  this.timeout(90_000);
  const live = useLive();

  it('are one device: the first its master, the second takes over when that closes', async () => {
    const first = await live.join();
    const second = await live.join({ context: first.context });
    // On a device of its own: the room goes on having others in it.
    await live.fill(1);
    const other = live.viewers[2] as Viewer;
    const deviceRoles = async (...viewers: Viewer[]) =>
      (await readAll(viewers)).map(({ stats }) => stats.deviceRole);
    const isAssigned = (roles: (string | null)[]) => roles.join() === 'master,secondary,master';
    await until('roles', () => deviceRoles(first, second, other), isAssigned, 5_000);

    const hasTakenOver = (roles: (string | null)[]) => roles.join() === 'master,master';
    await live.playsOn(async () => {
      await first.page.close();
      await until('the second tab leads', () => deviceRoles(second, other), hasTakenOver, 10_000);
      await sleep(5_000);
    }, [second, other]);
  });
});
