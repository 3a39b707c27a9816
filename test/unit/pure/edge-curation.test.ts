import { expect } from 'chai';
import type { EdgeOutcome } from '../../../signaling/protocol/index.ts';
import { createEdgesWorld, type EdgesWorld, outcome, type Said } from './edges-world.ts';

const bad: Partial<EdgeOutcome> = { successCount: 0, failureCount: 3 };

/** All viewers report once a window, as they do every heartbeat interval; some of them fail at the edge. */
function windows(
  world: EdgesWorld,
  windowCount: number,
  alive: readonly string[],
  reports: (index: number) => EdgeOutcome[],
): void {
  for (let window = 0; window < windowCount; window++) {
    let index = 0;
    for (const connectionId of world.viewers.keys()) world.report(connectionId, reports(index++));
    world.advance(world.limits.edgeWindowMs, alive);
  }
}

function watched(viewerCount: number, ids: Record<string, Said>): EdgesWorld {
  const world = createEdgesWorld();
  for (const [edgeId, said] of Object.entries(ids)) world.register(edgeId, said);
  for (let index = 0; index < viewerCount; index++) world.join(`v${index}`);
  return world;
}

describe('edge directory: curation', () => {
  it('drains an edge where viewers fail, and a spare takes over under its name', () => {
    const world = watched(6, { a: {}, b: {}, spare: { role: 'spare' } });
    const alive = ['a', 'b', 'spare'];
    expect(world.namesOf('v0')).to.deep.equal({ a: 'a', b: 'b' });
    windows(world, 1, alive, () => [outcome('a', bad), outcome('b')]);
    world.advance(1_000, alive);
    expect(world.namesOf('v0')).to.deep.equal({ a: 'spare', b: 'b' });
    expect(world.viewers.get('v0')?.body?.excluded).to.containSubset([
      { edgeId: 'a', reason: 'draining', kpi: null },
    ]);
    expect([...world.counts]).to.deep.include.members([
      ['drained', 1],
      ['promoted', 1],
    ]);
    expect(world.beat('spare', { role: 'spare' }), 'what it asked for at first').to.include({
      role: 'active',
      name: 'a',
    });
    expect(world.beat('a')).to.include({ role: 'draining', name: null });
  });

  it('lets the drained edge come back as a spare after a while, later each time', () => {
    const world = watched(6, { a: {}, spare: { role: 'spare' } });
    const alive = ['a', 'spare'];
    windows(world, 1, alive, () => [outcome('a', bad)]);
    world.advance(55_000, alive);
    expect(world.directory.stats()).to.include({ active: 1, draining: 1 });
    world.advance(10_000, alive);
    expect(world.directory.stats()).to.include({ active: 1, spare: 1 });
    windows(world, 1, alive, () => [outcome('spare', bad)]);
    world.advance(1_000, alive);
    expect(world.namesOf('v0')).to.deep.equal({ a: 'a' });
    windows(world, 2, alive, () => [outcome('a', bad)]);
    expect(world.namesOf('v0'), 'nobody else is there').to.deep.equal({ a: 'a' });
    world.advance(60_000, alive);
    windows(world, 2, alive, () => [outcome('a', bad)]);
    expect(world.namesOf('v0')).to.deep.equal({ a: 'spare' });
    world.advance(100_000, alive);
    expect(world.directory.stats(), 'twice as long').to.include({ draining: 1 });
    world.advance(30_000, alive);
    expect(world.directory.stats()).to.include({ spare: 1 });
  });

  it('gives an edge its name back when nobody took it', () => {
    const world = watched(4, { a: {}, b: {} });
    windows(world, 2, ['a', 'b'], () => [outcome('a', bad), outcome('b')]);
    expect(world.namesOf('v0')).to.deep.equal({ b: 'b' });
    world.advance(70_000, ['a', 'b']);
    expect(world.namesOf('v0')).to.deep.equal({ a: 'a', b: 'b' });
  });

  it('gives an edge its name back however often it was drained, and forgets that with time', () => {
    const world = watched(4, { a: {}, b: {} });
    const drainedForMs = () => {
      for (let window = 0; window < 6 && !world.directory.stats().draining; window++)
        windows(world, 1, ['a', 'b'], () => [outcome('a', bad), outcome('b')]);
      const fromMs = world.nowMs;
      while (world.directory.stats().draining) world.advance(10_000, ['a', 'b']);
      expect(world.beat('a')).to.include({ role: 'active', name: 'a' });
      return world.nowMs - fromMs;
    };
    const times = Array.from({ length: 7 }, drainedForMs);
    expect(times.at(-1), 'later each time').to.be.above(1_700_000);
    world.advance(8 * 1_800_000, ['a', 'b']);
    expect(drainedForMs()).to.be.below(70_000);
  });

  it('keeps to what a drained edge asks for itself', () => {
    const world = watched(4, { a: {}, b: {} });
    windows(world, 2, ['a', 'b'], () => [outcome('a', bad), outcome('b')]);
    world.beat('a', { role: 'spare' });
    world.advance(120_000, ['a', 'b']);
    expect(world.beat('a')).to.include({ role: 'spare', name: null });
  });

  it('takes two windows where half fail, and none where fewer do', () => {
    const world = watched(8, { a: {}, b: {} });
    const half = (index: number) => [outcome('a', index < 4 ? bad : {}), outcome('b')];
    windows(world, 1, ['a', 'b'], half);
    world.advance(1_000, ['a', 'b']);
    expect(world.namesOf('v0')).to.have.property('a');
    windows(world, 2, ['a', 'b'], half);
    expect(world.namesOf('v0')).not.to.have.property('a');
    const fewer = watched(8, { a: {}, b: {} });
    windows(fewer, 20, ['a', 'b'], (index) => [outcome('a', index < 3 ? bad : {}), outcome('b')]);
    expect(fewer.namesOf('v0')).to.have.property('a');
  });

  it('believes no single device, however many viewers and words it has, nor one subject', () => {
    const world = watched(0, { a: {}, b: {} });
    for (let index = 0; index < 5; index++) {
      world.join(`tab${index}`, { deviceId: 'one', subject: `s${index}` });
      world.join(`liar${index}`, { subject: 'liar' });
    }
    for (let round = 0; round < 10; round++)
      windows(world, 2, ['a', 'b'], () => [outcome('a', { ...bad, failureCount: 1e9 })]);
    expect(world.namesOf('tab0')).to.have.property('a');
  });

  it('believes no subject more because it names the devices of others', () => {
    const world = watched(4, { a: {}, b: {} });
    for (let index = 0; index < 4; index++)
      world.join(`liar${index}`, { subject: 'liar', deviceId: `device-v${index}` });
    for (let round = 0; round < 10; round++)
      windows(world, 1, ['a', 'b'], (index) => [outcome('a', index < 4 ? {} : bad), outcome('b')]);
    expect(world.namesOf('v0')).to.have.property('a');
    // Nor does one keep an edge that fails.
    windows(world, 3, ['a', 'b'], (index) => [outcome('a', index < 4 ? bad : {}), outcome('b')]);
    expect(world.namesOf('v0')).not.to.have.property('a');
  });

  it('believes fewer than three where all fail and the edge itself is not heard', () => {
    const world = watched(2, { a: {}, b: {} });
    windows(world, 3, ['a', 'b'], () => [outcome('a', bad), outcome('b')]);
    expect(world.namesOf('v0')).to.have.property('a');
    world.advance(10_000, ['b']);
    windows(world, 2, ['b'], () => [outcome('a', bad), outcome('b')]);
    expect(world.namesOf('v0')).not.to.have.property('a');
  });

  it('drains nobody when most fail: it is the origin', () => {
    const world = watched(6, { a: {}, b: {}, c: {}, spare: { role: 'spare' } });
    const alive = ['a', 'b', 'c', 'spare'];
    windows(world, 5, alive, () => ['a', 'b', 'c'].map((edgeId) => outcome(edgeId, bad)));
    expect(world.directory.stats()).to.include({ active: 3, spare: 1, draining: 0 });
  });

  it('drains nobody when most of one room fail, however well others are', () => {
    const rooms = ['room'];
    const elsewhere = ['c', 'd', 'e', 'f', 'g'];
    const world = watched(6, {
      ...{ a: { rooms }, b: { rooms }, spare: { rooms, role: 'spare' } },
      ...Object.fromEntries(elsewhere.map((edgeId) => [edgeId, { rooms: ['other'] }])),
    });
    for (let index = 0; index < 6; index++) world.join(`w${index}`, { room: 'other' });
    const alive = ['a', 'b', 'spare', ...elsewhere];
    windows(world, 4, alive, (index) =>
      index < 6
        ? [outcome('a', bad), outcome('b', bad)]
        : elsewhere.map((edgeId) => outcome(edgeId)),
    );
    expect(world.namesOf('v0')).to.deep.equal({ a: 'a', b: 'b' });
    windows(world, 4, alive, (index) =>
      index < 6 ? [outcome('a', bad), outcome('b')] : [outcome('c', bad), outcome('d')],
    );
    expect(world.namesOf('v0'), 'one of them does').to.deep.equal({ a: 'spare', b: 'b' });
  });

  it('keeps the last edge of a room', () => {
    const world = watched(6, { a: { rooms: ['room'] }, b: { rooms: ['other'] } });
    windows(world, 5, ['a', 'b'], () => [outcome('a', bad)]);
    expect(world.namesOf('v0')).to.deep.equal({ a: 'a' });
  });

  it('sees a trend: an edge under load that gets worse goes earlier', () => {
    const drainedAfter = (load: number) => {
      const world = watched(20, { a: { load }, b: {} });
      for (let window = 0; window < 12; window++) {
        windows(world, 1, ['a', 'b'], (index) => [
          outcome('a', index < 10 + window / 4 ? bad : {}),
          outcome('b'),
        ]);
        world.advance(0);
        if (world.counts.has('drained')) return window;
      }
      return Number.POSITIVE_INFINITY;
    };
    expect(drainedAfter(0.94)).to.be.below(drainedAfter(0.2));
  });
});

describe('edge directory: places', () => {
  it('puts a spare where an edge left, said that it drains, or was not heard', () => {
    for (const go of [
      (world: EdgesWorld) => world.deregister('a'),
      (world: EdgesWorld) => world.beat('a', { role: 'draining' }),
      (world: EdgesWorld) => world.advance(31_000, ['s']),
    ]) {
      const world = watched(1, { a: {}, s: { role: 'spare' } });
      go(world);
      world.advance(2_000, ['s']);
      expect(world.namesOf('v0')).to.deep.equal({ a: 's' });
    }
  });

  it('chooses the spare that gives as much, in the same region, with the most room', () => {
    const world = watched(1, {
      a: { region: 'north', kpis: { bandwidth: '5 Gbps' } },
      other: {},
      weak: { role: 'spare', region: 'north', kpis: { bandwidth: '1 Gbps' }, load: 0 },
      far: { role: 'spare', region: 'south', kpis: { bandwidth: '9 Gbps' }, load: 0 },
      busy: { role: 'spare', region: 'north', kpis: { bandwidth: '5 Gbps' }, load: 0.6 },
      fit: { role: 'spare', region: 'north', kpis: { bandwidth: '5 Gbps' }, load: 0.2 },
      local: { role: 'spare', region: 'north', rooms: ['room'], load: 0 },
    });
    const order = ['fit', 'busy', 'far', 'weak'].map((next) => {
      const name = world.namesOf('v0').a;
      world.deregister(name ?? '');
      if (next === 'weak') world.deregister('other');
      world.advance(1_500);
      return world.namesOf('v0').a;
    });
    expect(order).to.deep.equal(['fit', 'busy', 'far', 'weak']);
  });

  it('keeps a place for a spare that comes soon, and forgets it after ten minutes', () => {
    const world = watched(1, { a: {}, b: {} });
    world.deregister('a');
    world.advance(60_000, ['b']);
    expect(world.register('s', { role: 'spare' })).to.include({ role: 'active', name: 'a' });
    world.deregister('s');
    world.advance(601_000, ['b']);
    expect(world.register('t', { role: 'spare' })).to.include({ role: 'spare', name: null });
  });

  it('has one active edge to a name', () => {
    const world = watched(1, { a: { name: 'east' } });
    expect(world.register('b', { name: 'east' })).to.include({ role: 'spare', name: null });
    world.deregister('a');
    expect(world.beat('b')).to.include({ role: 'active', name: 'east' });
    expect(world.register('a', { name: 'east' })).to.include({ role: 'spare' });
    expect(world.register('a', { name: 'west', role: 'active' })).to.include({ role: 'spare' });
    expect(world.beat('a', { role: 'spare' })).to.include({ role: 'spare' });
    expect(world.beat('a', { role: 'active' })).to.include({ role: 'active', name: 'west' });
  });

  it('lets streams of different rooms have edges of one name, and no room two', () => {
    const world = watched(0, {});
    world.join('one', { room: 'r1' });
    world.join('two', { room: 'r2' });
    for (const [edgeId, room] of Object.entries({ x: 'r1', y: 'r2' }))
      expect(world.register(edgeId, { name: 'a', rooms: [room] })).to.include({ name: 'a' });
    expect(world.register('s', { name: 'a', rooms: ['r2', 'r3'] })).to.include({ role: 'spare' });
    world.advance(1_000, ['x', 'y', 's']);
    expect([world.namesOf('one'), world.namesOf('two')]).to.deep.equal([{ a: 'x' }, { a: 'y' }]);
    world.deregister('y');
    expect(world.beat('s')).to.include({ role: 'active', name: 'a' });
    expect(world.register('all', { name: 'a' }), 'it would be in both').to.include({
      role: 'spare',
    });
    world.register('x', { name: 'a', rooms: ['r1', 'r2'] });
    expect(world.beat('x'), 'nor does it bring the name along').to.include({ role: 'spare' });
    world.advance(20_000, ['x', 's', 'all']);
    expect(world.idsOf('one'), 'but it is there').to.have.length(1);
    expect(world.namesOf('two')).to.include({ a: 's' });
  });

  it('takes a new word of an edge in its place, and another name where it is free', () => {
    const world = watched(1, { a: {}, b: {} });
    expect(world.register('a', { name: 'b' })).to.include({ role: 'active', name: 'a' });
    expect(world.register('a', { name: 'c', region: 'r' })).to.include({ name: 'c' });
    world.advance(2_000);
    expect(world.namesOf('v0')).to.deep.equal({ c: 'a', b: 'b' });
    world.register('a', { rooms: ['other'] });
    world.advance(2_000);
    expect(world.namesOf('v0')).to.deep.equal({ b: 'b' });
    expect(world.viewers.get('v0')?.body?.excluded).to.containSubset([
      { edgeId: 'a', reason: 'other_room', kpi: null },
    ]);
  });

  it('does not put an edge back where it asked to leave', () => {
    const world = watched(1, { a: {}, b: {} });
    expect(world.beat('a', { role: 'spare' })).to.include({ role: 'spare', name: null });
    world.advance(60_000, ['a', 'b']);
    expect(world.directory.stats()).to.include({ active: 1, spare: 1 });
    expect(world.beat('a', { role: 'active' })).to.include({ role: 'active', name: 'a' });
  });
});
