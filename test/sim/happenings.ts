/** What happens to the worlds of the scenarios. */
import type { World } from './simulate.ts';

interface Outage {
  fromMs: number;
  untilMs: number;
  survivors: number;
  /** Of those that joined first so many are no survivors. */
  skip?: number;
  role?: string;
  blackhole?: boolean;
}

export function outage(
  world: World,
  { fromMs, untilMs, survivors, skip = 0, role, blackhole }: Outage,
): void {
  world.at(fromMs, () => {
    const able = world.alive().filter((viewer) => !role || viewer.groupRole === role);
    const lit = new Set(able.slice(skip, skip + survivors).map(({ name }) => name));
    world.edge.exempt = (name) => lit.has(name);
    world.edge.setFaultOfAll(blackhole ? { kind: 'blackhole' } : { kind: 'dead' });
  });
  world.at(untilMs, () => world.edge.setFaultOfAll(null));
}

interface Churn {
  fromMs: number;
  untilMs: number;
  everyMs: number;
}

export function churn(world: World, { fromMs, untilMs, everyMs }: Churn): void {
  for (let atMs = fromMs; atMs < untilMs; atMs += everyMs) {
    world.at(atMs, () => {
      world.random.pick(world.alive()).end(world.random.pick(['leave', 'crash', 'vanish']));
      world.join();
    });
  }
}

const rubbishKinds: readonly ((world: World) => unknown)[] = [
  () => '{',
  () => JSON.stringify({ type: 'request', requestId: -1, segment: 'x', part: 1e9 }),
  () => JSON.stringify({ type: 'hello', version: 99, follows: [] }),
  () => JSON.stringify({ type: 'want', segment: 'x'.repeat(9_999) }),
  () => JSON.stringify({ type: 'playlist', playlistId: 'high/playlist.m3u8', text: 'nonsense' }),
];

/** What no correct peer would send. */
export function rubbish(world: World): unknown {
  return world.random.pick(rubbishKinds)(world);
}
