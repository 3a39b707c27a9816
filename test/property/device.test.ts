import { expect } from 'chai';
import fc from 'fast-check';
import { Context } from '../../sdk/core/context.ts';
import type { Effect, Wanted } from '../../sdk/core/events.ts';
import { Device } from '../../sdk/core/room/device.ts';
import type { Role } from '../../signaling/protocol/index.ts';

const self = 'v2';
const ids = ['v0', 'v1', self, 'v3'];

type Step = { do: string; a: number; b: number; flag: boolean };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'follow',
    'want',
    'want',
    'behalf',
    'abandon',
    'near',
    'gone',
    'heard',
    'gave',
    'failed',
    'wait',
    'leave',
    'delivered',
    'edgeFailed',
    'edgeAnswered',
  ),
  a: fc.nat({ max: 15 }),
  b: fc.nat({ max: 7 }),
  flag: fc.boolean(),
});

/** Where each load is: with the device, or with this viewer's own swarm; answered ones are gone. */
class World {
  readonly context: Context;
  readonly device: Device;
  readonly own = new Set<number>();
  readonly open = new Map<number, Wanted>();
  watched: string | null = null;
  nowMs = 1_000;
  #lastId = 0;
  #wakeAtMs: number | null = null;

  constructor(isSite: boolean) {
    this.context = new Context({ isSite, random: () => 0.5 } as Context['options']);
    this.device = new Device(this.context, {
      load: ({ loadId }) => {
        if (!this.open.has(loadId)) throw new Error(`load ${loadId} is over`);
        this.own.add(loadId);
      },
      unload: ({ loadId }) => this.own.delete(loadId),
      recall: (isOne) => {
        const recalled = [...this.own].filter((loadId) => isOne(loadId) && loadId % 3 > 0);
        for (const loadId of recalled) this.own.delete(loadId);
        return recalled.flatMap((loadId) => this.open.get(loadId) ?? []);
      },
      keep: () => {},
      missed: () => {},
      leads: () => {},
      reachChanged: () => {},
      separate: () => {},
    });
  }

  act(act: () => void): void {
    this.context.begin(this.nowMs, false);
    act();
    this.#take(this.context.end());
  }

  wait(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    while (this.#wakeAtMs !== null && this.#wakeAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.#wakeAtMs = null;
      this.context.begin(this.nowMs, true);
      this.device.tick();
      this.#take(this.context.end());
    }
    this.nowMs = untilMs;
  }

  want(onBehalf: boolean, isPlaylist: boolean): void {
    this.#lastId += 1;
    const loadId = this.#lastId;
    const request = { segmentId: `s#${loadId}`, url: 'u', byteRange: null, durationMs: 2_000 };
    const behalf = onBehalf || undefined;
    const wanted: Wanted = isPlaylist
      ? {
          type: 'playlistWanted',
          loadId,
          playlistId: 'p',
          url: 'u',
          multivariant: false,
          onBehalf: behalf,
        }
      : {
          type: 'segmentWanted',
          loadId,
          request,
          deadlineMs: this.nowMs + 5_000,
          onBehalf: behalf,
        };
    this.open.set(loadId, wanted);
    this.act(() => {
      if (!this.device.takes(wanted)) this.own.add(loadId);
    });
  }

  #take(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'wakeAt') {
        if (!(effect.atMs > this.nowMs)) throw new Error('a wake-up that has come already');
        this.#wakeAtMs = effect.atMs;
      } else if (effect.type === 'watchViewer') this.watched = effect.viewerId;
      else if (effect.type === 'askMaster') {
        const { loadId } = effect.wanted;
        if (!this.open.has(loadId)) throw new Error(`asks for load ${loadId}, which is over`);
        if (this.own.has(loadId)) throw new Error(`asks for load ${loadId}, which is its own`);
        if (this.watched === null) throw new Error('asks nobody');
      } else if (effect.type === 'deliverSegment' || effect.type === 'failSegment')
        for (const loadId of effect.loadIds) this.#settle(loadId);
      else if (
        effect.type === 'deliverPlaylist' ||
        effect.type === 'failPlaylist' ||
        effect.type === 'refuseLoad'
      )
        this.#settle(effect.loadId, effect.type === 'refuseLoad');
    }
  }

  #settle(loadId: number, isRefusal = false): void {
    // What was given meanwhile the device does not know of.
    if (!this.open.delete(loadId) && !isRefusal) throw new Error(`answers ${loadId} twice`);
    this.own.delete(loadId);
  }
}

function perform(world: World, { do: kind, a, b, flag }: Step): void {
  const { device } = world;
  const some = [...world.open.keys()][a] ?? a;
  const viewerId = flag ? (world.watched ?? 'v0') : (ids[b % 4] ?? 'v0');
  switch (kind) {
    case 'follow': {
      const line = [...ids].sort(
        (x, y) => ((a * 7 + x.charCodeAt(1) * b) % 5) - (y.charCodeAt(1) % 5),
      );
      const place = line.indexOf(self);
      const deviceRole: Role = place === 0 ? 'master' : place === 1 ? 'secondary' : 'slave';
      const members = line.map((id) => ({
        viewerId: id,
        role: 'slave' as const,
        uploads: true,
        weight: 1,
      }));
      const epoch = world.nowMs;
      return world.act(() =>
        device.follow(
          { type: 'directive', epoch, groupId: 'g', deviceRole, groupRole: 'slave', members },
          self,
        ),
      );
    }
    case 'want':
      return world.want(false, flag);
    case 'behalf':
      return world.want(true, flag);
    case 'abandon':
      return world.act(() => {
        device.abandoned(some);
        world.open.delete(some);
        world.own.delete(some);
      });
    case 'delivered':
      // By this viewer's own swarm; the device is not told.
      if (world.own.delete(some)) world.open.delete(some);
      return;
    case 'near':
      return world.act(() => device.near(viewerId));
    case 'gone':
      return world.act(() => device.gone(viewerId));
    case 'heard':
      return world.act(() => device.heard());
    case 'gave': {
      const none = { text: '', sizeBytes: 1, transferMs: 1, firstByteMs: 1 };
      return world.act(() => device.gave({ type: 'masterGave', loadId: some, ...none }));
    }
    case 'failed': {
      const failures = [
        null,
        { status: 404, reason: 'status' as const },
        { status: null, reason: 'offline' as const },
      ];
      return world.act(() => device.failed(some, failures[b % 3] ?? null));
    }
    case 'wait':
      return world.wait(a * a * 40);
    case 'leave':
      return world.act(() => device.leave());
    case 'edgeFailed':
      return world.act(() => device.unable({ status: null, reason: 'offline' }));
    default:
      return world.act(() => device.edgeAnswered());
  }
}

describe('device: whatever happens', () => {
  it('loses no load, answers none twice, and asks nobody for what it gets itself', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, isSite) => {
        const world = new World(isSite);
        for (const each of steps) perform(world, each);
        // The master goes, and everybody after it: in the end the viewer gets all of it by itself.
        for (let times = 0; times < 10 && world.watched !== null; times += 1) {
          const viewerId = world.watched;
          world.act(() => world.device.gone(viewerId));
          world.wait(10_000);
        }
        world.wait(20_000);
        const lost = [...world.open.keys()].filter((loadId) => !world.own.has(loadId));
        expect(lost).to.deep.equal([]);
      }),
      { seed: 20261128, numRuns: 500 },
    );
  });
});
