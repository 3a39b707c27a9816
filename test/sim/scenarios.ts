import { fleetScenarios } from './fleets.ts';
import { churn, outage, rubbish } from './happenings.ts';
import { liarsAmong } from './liars.ts';
import { outageScenarios } from './outages.ts';
import type { SimulationOptions } from './simulate.ts';
import { tabsScenarios } from './tabs.ts';
import { drawViewer } from './world/population.ts';

export type Scenario = (seed: number, viewers?: number) => SimulationOptions;

const high = { name: 'high', bitsPerSecond: 1_400_000 };
const low = { name: 'low', bitsPerSecond: 380_000 };

/** Worlds by name, so that a failing seed can be replayed from the command line. */
export const scenarios: Record<string, Scenario> = {
  liars: (seed) => liarsAmong(seed, 15),
  ...outageScenarios,
  ...tabsScenarios,
  ...fleetScenarios,
  /** A small room on a good day. */
  steady: (seed) => ({ seed, viewers: 8, durationMs: 70_000 }),

  /** A whole group. */
  group: (seed) => ({ seed, viewers: 30, durationMs: 90_000 }),

  /** Several groups, with viewers that come and go. */
  crowd: (seed) => ({
    seed,
    viewers: 210,
    durationMs: 60_000,
    joinGapMs: [50, 100],
    settleMs: 8_000,
    wireShare: 0.02,
    script: (world) => churn(world, { fromMs: 25_000, untilMs: 50_000, everyMs: 1_000 }),
  }),

  /** The audience of a great event, as the internet is. */
  'ten-thousand': (seed, viewers = 10_000) => ({ ...audience(seed, viewers), sliceMs: 100 }),

  /** The same world, small enough for every day. */
  town: (seed, viewers = 120) => ({ ...audience(seed, viewers), durationMs: 45_000 }),

  /** Everybody at once. */
  flash: (seed) => ({
    seed,
    viewers: 60,
    durationMs: 40_000,
    joinGapMs: [5, 20],
    wireShare: 0.1,
    settleMs: 15_000,
  }),

  /** The page of every master dies, one after another. */
  masterKill: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 80_000,
    script: (world) => {
      for (const atMs of [30_000, 42_000, 54_000]) {
        world.at(atMs, () => world.random.pick(world.masters()).end('crash'));
      }
    },
  }),

  /** A master loses its network: neither its links nor its socket say so. */
  masterVanish: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 70_000,
    script: (world) => {
      world.at(30_000, () => world.random.pick(world.masters()).end('vanish'));
      world.at(48_000, () => world.random.pick(world.masters()).end('vanish'));
    },
  }),

  /** Segments and playlists are gone for all but one viewer. */
  partialOutage: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 80_000,
    script: (world) => outage(world, { fromMs: 25_000, untilMs: 55_000, survivors: 1 }),
  }),

  /** Whoever still reaches an edge cannot be heard by others at first: it is no master. */
  partialOutageSlave: (seed) => ({
    seed,
    viewers: 20,
    durationMs: 90_000,
    script: (world) =>
      outage(world, { fromMs: 30_000, untilMs: 60_000, survivors: 1, role: 'slave' }),
  }),

  /** Connections are swallowed instead of refused. */
  blackhole: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 80_000,
    script: (world) =>
      outage(world, { fromMs: 25_000, untilMs: 55_000, survivors: 1, blackhole: true }),
  }),

  /** The same in a small room with short ways, at any time of a segment, whoever it is that is spared. */
  blackholeSmall: (seed) => ({
    seed,
    viewers: 4,
    durationMs: 50_000,
    edge: { bitsPerSecond: 80_000_000, firstByteMs: 5 },
    viewer: (_, random) => ({
      uplinkBitsPerSecond: 80_000_000,
      downlinkBitsPerSecond: 80_000_000,
      accessMs: random.between(1, 3),
      signalingMs: 3,
    }),
    script: (world) => {
      const fromMs = world.random.between(18_000, 20_000);
      const untilMs = fromMs + 30_000;
      outage(world, { fromMs, untilMs, survivors: 1, skip: seed % 4, blackhole: true });
    },
  }),

  /** The origin is gone for everybody, encoder included, and comes back. */
  totalOutage: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 90_000,
    script: (world) => {
      outage(world, { fromMs: 30_000, untilMs: 50_000, survivors: 0 });
      world.at(30_000, () => world.stream.stop(world.clock.nowMs));
      world.at(50_000, () => world.stream.start(world.clock.nowMs));
    },
  }),

  /** The encoder goes on while nobody reaches it: the room falls out of the window. */
  totalOutageLive: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 100_000,
    script: (world) => outage(world, { fromMs: 30_000, untilMs: 60_000, survivors: 0 }),
  }),

  /** The signaling server restarts with an empty memory, then stays away for a while. */
  signalingRestart: (seed) => ({
    seed,
    viewers: 12,
    durationMs: 90_000,
    script: (world) => {
      world.at(25_000, () => world.signaling.stop(true));
      world.at(26_000, () => world.signaling.start());
      world.at(45_000, () => world.signaling.stop(false));
      world.at(70_000, () => world.signaling.start());
    },
  }),

  /** There is no signaling server at all. */
  signalingDown: (seed) => ({
    seed,
    viewers: 4,
    durationMs: 40_000,
    script: (world) => world.signaling.stop(false),
  }),

  /** A third may not upload. */
  leeches: (seed) => ({
    seed,
    viewers: 12,
    durationMs: 70_000,
    viewer: (index) => (index % 3 === 2 ? { profile: leech } : {}),
  }),

  /** Two renditions, and viewers that change between them. */
  renditions: (seed) => ({
    seed,
    viewers: 12,
    durationMs: 90_000,
    renditions: [high, low],
    viewer: (index) => ({ rendition: index % 3 === 0 ? 'low' : 'high' }),
    script: (world) => {
      for (let atMs = 30_000; atMs < 70_000; atMs += 2_500) {
        world.at(atMs, () => {
          const { player } = world.random.pick(world.alive());
          player.switchTo(player.rendition === 'low' ? 'high' : 'low');
        });
      }
    },
  }),

  /** Half of the room is behind address translation that links nobody of its kind. */
  nat: (seed) => ({
    seed,
    viewers: 12,
    durationMs: 70_000,
    viewer: (index, random) => {
      if (index === 11) return { nat: 'closed' };
      return { nat: random.chance(0.5) ? 'symmetric' : 'open' };
    },
  }),

  /** Links break and come back. */
  flappingLinks: (seed) => ({
    seed,
    viewers: 10,
    durationMs: 80_000,
    script: (world) => {
      for (let atMs = 25_000; atMs < 65_000; atMs += 700) {
        world.at(atMs, () => {
          const links = world.random.pick(world.alive()).openLinks();
          if (links.length > 0) world.network.breakLink(world.random.pick(links));
        });
      }
    },
  }),

  /** A small pipe up: little more than the stream itself. */
  thinUplinks: (seed) => ({
    seed,
    viewers: 12,
    durationMs: 80_000,
    viewer: () => ({ uplinkBitsPerSecond: 2_600_000 }),
  }),

  /** The edge gives all of them together two and a half times the bitrate. */
  cappedEdge: (seed) => ({
    seed,
    viewers: 8,
    durationMs: 80_000,
    edge: { uplinkBitsPerSecond: 2.5 * high.bitsPerSecond },
  }),

  /** Memory for a few segments only, with storage behind it. */
  smallMemory: (seed) => ({
    seed,
    viewers: 8,
    durationMs: 80_000,
    viewer: () => ({ memoryBytesMax: 2 * 1_048_576, storageBytesMax: 3 * 1_048_576 }),
  }),

  /** One member sends rubbish at every turn. */
  hostile: (seed) => ({
    seed,
    viewers: 9,
    durationMs: 70_000,
    script: (world) => {
      for (let atMs = 20_000; atMs < 60_000; atMs += 250) {
        world.at(atMs, () => world.viewers[3]?.sendRaw(rubbish(world)));
      }
    },
  }),
};

/** All come within 20 s; then every minute one of twenty goes and another comes. */
function audience(seed: number, viewers: number): SimulationOptions {
  const arrivalMs = 20_000;
  const gapMs = arrivalMs / viewers;
  return {
    seed,
    viewers,
    durationMs: 120_000,
    joinGapMs: [gapMs / 2, gapMs * 1.5],
    settleMs: 10_000,
    wireShare: 0.005,
    viewer: (_, random) => ({
      ...drawViewer(high.bitsPerSecond, random),
      // Twice the playlist's window, so that cores of ten thousand fit one process.
      memoryBytesMax: 4 * 1_048_576,
    }),
    script: (world) =>
      churn(world, {
        fromMs: arrivalMs,
        untilMs: world.options.durationMs,
        everyMs: 60_000 / (viewers * 0.05),
      }),
  };
}

const leech = {
  metered: false,
  saveData: false,
  uploadAllowed: false,
  peersAllowed: true,
  batteryLevel: null,
};
