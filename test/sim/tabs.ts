/** Viewers of one browser profile, and of profiles that only look like one. */
import type { Scenario } from './scenarios.ts';
import type { World } from './simulate.ts';
import type { Viewer } from './world/viewer.ts';

export const tabsScenarios: Record<string, Scenario> = {
  /** Five tabs of one profile and three other devices; the first that leads goes in its own way by the seed. */
  tabs: (seed) => ({
    seed,
    viewers: 8,
    durationMs: 90_000,
    viewer: (index) => (index < 5 ? { deviceId: 'shared' } : {}),
    script: (world) => tabsLose(world, 40_000),
  }),

  /** The same with nobody else. */
  tabsAlone: (seed) => ({
    seed,
    viewers: 5,
    durationMs: 90_000,
    viewer: () => ({ deviceId: 'shared' }),
    script: (world) => tabsLose(world, 40_000),
  }),

  /** Five tabs alone, of which the first loses its edge, as one does whose token has run out. */
  tabsEdge: (seed) => ({
    seed,
    viewers: 5,
    durationMs: 80_000,
    viewer: () => ({ deviceId: 'shared' }),
    script: (world) =>
      world.at(40_000, () => {
        world.edge.exempt = (name) => name !== 'n0';
        world.edge.setFaultOfAll({ kind: seed % 2 ? 'dead' : 'blackhole' });
      }),
  }),

  /** Six browsers of one site, of which one leads until it crashes, and four other devices. */
  site: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 80_000,
    viewer: (index) =>
      index < 6 ? { deviceId: 'site', isSite: true, browserName: `browser${index}` } : {},
    script: (world) =>
      world.at(40_000, () => {
        const isLeader = ({ deviceId, deviceRole }: Viewer) =>
          deviceId === 'site' && deviceRole === 'master';
        world.alive().find(isLeader)?.end('crash');
      }),
  }),

  /** Two machines whose profiles have one id, as copies of one disk image have. */
  clones: (seed) => ({
    seed,
    viewers: 4,
    durationMs: 60_000,
    viewer: (index) => ({ deviceId: 'clone', browserName: `machine${index % 2}` }),
  }),
};

/** The tab that leads is closed, crashes, or hangs, by the seed; the next that leads goes in another way. */
function tabsLose(world: World, atMs: number): void {
  const ways = ['leave', 'crash', 'hang'] as const;
  for (const [index, delayMs] of [0, 20_000].entries())
    world.at(atMs + delayMs, () => {
      const leader = world
        .alive()
        .find(({ hangs, deviceRole }) => !hangs && deviceRole === 'master');
      const way = ways[(world.options.seed + index) % ways.length];
      if (leader?.deviceId !== 'shared') throw new Error('nobody leads the tabs');
      if (way === 'leave' || way === 'crash') leader.end(way);
      else leader.hangs = true;
    });
}
