import type { SimulationOptions, World } from './simulate.ts';
import type { Fault } from './world/edge.ts';
import { Invariants } from './world/invariants.ts';
import type { Viewer } from './world/viewer.ts';
import type { Behaviour } from './world/viewer-spec.ts';

/** Of every mode: everybody has come and plays, then something fails, then it works again. */
export const outageFromMs = 30_000;
export const outageUntilMs = 60_000;
const endMs = 85_000;
/** Nobody reaches an edge for so long. */
const totalMs = 20_000;

const bitsPerSecond = 1_400_000;

/** One way to fail. */
export interface OutageMode {
  /** The media goes on to exist in the room: nobody may stall. */
  feeds: boolean;
  untilMs: number;
  begin(world: World, stage: Stage): void;
}

interface Stage {
  /** Breaks the edges for all but these. */
  fail(fault: Fault, survivors: readonly Viewer[]): void;
  /** Somebody who may feed others. */
  pick(): Viewer;
  later(afterMs: number, run: () => void): void;
}

const dead: Fault = { kind: 'dead' };

export const outageModes = {
  /** Segments fail for all but one, the playlist lives. */
  segments: mode({ feeds: true }, (_, { fail, pick }) =>
    fail({ ...dead, of: 'segments' }, [pick()]),
  ),
  /** Nobody gets segments. */
  segmentsOfAll: mode({ feeds: false, untilMs: outageFromMs + totalMs }, (_, { fail }) =>
    fail({ ...dead, of: 'segments' }, []),
  ),
  /** The playlist fails for all but one, segments live. */
  playlists: mode({ feeds: true }, (_, { fail, pick }) =>
    fail({ ...dead, of: 'playlists' }, [pick()]),
  ),
  playlistsOfAll: mode({ feeds: false, untilMs: outageFromMs + totalMs }, (_, { fail }) =>
    fail({ ...dead, of: 'playlists' }, []),
  ),
  /** Connections open and never answer. */
  blackHole: mode({ feeds: true }, (_, { fail, pick }) => fail({ kind: 'blackhole' }, [pick()])),
  /** The edge denies for all but one that there is anything. */
  denied: mode({ feeds: true }, (world, { fail, pick, later }) => {
    fail({ kind: 'status', status: 404 }, [pick()]);
    later(5_000, () => void world.join());
  }),
  deniedToAll: mode({ feeds: false, untilMs: outageFromMs + totalMs }, (world, { fail, later }) => {
    fail({ kind: 'status', status: 403 }, []);
    later(5_000, () => void world.join());
  }),
  deniedSegments: mode({ feeds: true }, (_, { fail, pick }) =>
    fail({ kind: 'status', status: 404, of: 'segments' }, [pick()]),
  ),
  /** 503 for half of the requests. */
  half: mode({ feeds: true }, (_, { fail }) =>
    fail({ kind: 'status', status: 503, share: 0.5 }, []),
  ),
  /** The origin gives a little more than the stream itself, for all groups together. */
  throttled: mode({ feeds: true }, ({ edge, signaling }, { later }) => {
    edge.setUplink(1.25 * bitsPerSecond * signaling.stats().groups);
    later(outageUntilMs - outageFromMs, () => edge.setUplink(null));
  }),
  /** One viewer reaches an edge. */
  one: mode({ feeds: true }, (_, { fail, pick }) => fail(dead, [pick()])),
  /** Nobody does for a while, then all. */
  nobody: mode({ feeds: false, untilMs: outageFromMs + totalMs }, (_, { fail }) => fail(dead, [])),
  joinOne: mode({ feeds: true }, (world, { fail, pick, later }) => {
    fail(dead, [pick()]);
    for (const afterMs of [5_000, 12_000]) later(afterMs, () => void world.join());
  }),
  joinNobody: mode({ feeds: false, untilMs: outageFromMs + totalMs }, (world, { fail, later }) => {
    fail(dead, []);
    for (const afterMs of [2_000, 4_000]) later(afterMs, () => void world.join());
  }),
  /** The one that reaches the edge leaves, another regains it. */
  relay: mode({ feeds: false }, (_, { fail, pick, later }) => {
    const first = pick();
    fail(dead, [first]);
    later(12_000, () => first.end('leave'));
    later(13_000, () => fail(dead, [pick()]));
  }),
  /** Signaling goes down before or in the outage. */
  blind: mode({ feeds: true }, ({ signaling, random }, { fail, pick, later }) => {
    const isBefore = random.chance(0.5);
    if (isBefore) signaling.stop(false);
    else later(6_000, () => signaling.stop(false));
    later(isBefore ? 2_000 : 0, () => fail(dead, [pick()]));
    later(outageUntilMs - outageFromMs + 3_000, () => signaling.start());
  }),
  /** Of two that reach the edge one is killed. */
  killed: mode({ feeds: true }, (_, { fail, pick, later }) => {
    const first = pick();
    let second = pick();
    while (second === first) second = pick();
    fail(dead, [first, second]);
    later(12_000, () => (first.groupRole === 'master' ? first : second).end('crash'));
  }),
} satisfies Record<string, OutageMode>;

export type OutageName = keyof typeof outageModes;

function mode(
  { feeds, untilMs = outageUntilMs }: { feeds: boolean; untilMs?: number },
  begin: OutageMode['begin'],
): OutageMode {
  return { feeds, untilMs, begin };
}

/** A room of so many in which something fails, watched all the while. */
export function outageWorld(name: OutageName, seed: number, viewers: number): SimulationOptions {
  const { begin, untilMs }: OutageMode = outageModes[name];
  const isCrowd = viewers > 30;
  return {
    seed,
    viewers,
    durationMs: endMs,
    joinGapMs: isCrowd ? [10_000 / viewers, 20_000 / viewers] : [500, 1_000],
    settleMs: 8_000,
    wireShare: isCrowd ? 0.005 : 1,
    viewer: () => (isCrowd ? { memoryBytesMax: 8 * 1_048_576 } : {}),
    script: (world) => {
      world.invariants = new Invariants(world, outageFromMs);
      world.at(outageFromMs, () => begin(world, stageOf(world, untilMs)));
      world.at(untilMs, () => world.failEdges(null));
    },
  };
}

/**
 * Some play far behind the live edge, memory holds seven segments, and one viewer reaches an edge: what those behind
 * are still to play all others have played and would forget. `isPlanned`: the server says who keeps it.
 */
export function behindWorld(seed: number, isPlanned = true): SimulationOptions {
  return {
    seed,
    viewers: 24,
    durationMs: outageUntilMs,
    joinGapMs: [200, 400],
    windowSegments: 24,
    limits: isPlanned ? {} : { segmentsPlannedMax: 0 },
    viewer: (index) => ({
      bufferMaxMs: 6_000,
      memoryBytesMax: 2.5 * 1_048_576,
      behindSegments: { 5: 17, 7: 10 }[index % 12] ?? 3,
    }),
    script: (world) => {
      world.invariants = new Invariants(world, outageFromMs);
      world.at(outageFromMs, () => {
        world.edge.exempt = (name) => name === 'n3';
        world.edge.setFaultOfAll(dead);
      });
    },
  };
}

/**
 * One of 62 reaches an edge, and some of each group say that they do. `isJudged`: the server looks whether the
 * others get anything.
 */
export function boastWorld(seed: number, isJudged = true): SimulationOptions {
  const world = outageWorld('one', seed, 62);
  const boast: Behaviour = (effect) => {
    if (effect.type !== 'sendFrame' || effect.frame.type !== 'report') return [effect];
    return [{ ...effect, frame: { ...effect.frame, edgeHealth: 'healthy', edgeSeenMs: 0 } }];
  };
  return {
    ...world,
    limits: isJudged ? {} : { starvedAfterMs: Number.MAX_SAFE_INTEGER },
    viewer: (index, random) => ({
      ...world.viewer?.(index, random),
      // Nine, of whom each group has some.
      behaviour: index >= 3 && index < 12 ? boast : null,
    }),
  };
}

/**
 * Half of the requests fail for a while, and then the edge gives an eighth more than the stream of one viewer: what
 * everybody knows of it by then is that it is fast when it answers.
 */
export function scarceWorld(seed: number): SimulationOptions {
  const low = { name: 'low', bitsPerSecond: 378_000 };
  return {
    seed,
    viewers: 8,
    durationMs: 90_000,
    renditions: [low],
    edge: { firstByteMs: 10, bitsPerSecond: 80_000_000 },
    script: (world) => {
      const { edge } = world;
      world.at(25_000, () => edge.setFaultOfAll({ kind: 'status', status: 503, share: 0.5 }));
      world.at(37_000, () => edge.setFaultOfAll(null));
      world.at(38_000, () => edge.setUplink(1.125 * low.bitsPerSecond));
    },
  };
}

/** All modes by name. */
export const outageScenarios: Record<
  string,
  (seed: number, viewers?: number) => SimulationOptions
> = Object.fromEntries(
  (Object.keys(outageModes) as OutageName[]).map((name) => [
    `outage-${name}`,
    (seed: number, viewers = 8) => outageWorld(name, seed, viewers),
  ]),
);

function stageOf(world: World, untilMs: number): Stage {
  const random = world.random.fork('stage');
  return {
    fail: (fault, survivors) => {
      if (world.clock.nowMs >= untilMs) return;
      const names = new Set(survivors.map(({ name }) => name));
      world.failEdges(fault, (name) => names.has(name));
    },
    pick: () =>
      random.pick(
        world.alive().filter((viewer) => viewer.uploads && viewer.openLinks().length > 0),
      ),
    later: (afterMs, run) => world.at(world.clock.nowMs + afterMs, run),
  };
}
