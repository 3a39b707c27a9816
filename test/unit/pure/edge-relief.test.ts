import { expect } from 'chai';
import { createEdgesWorld } from './edges-world.ts';

describe('edge directory: a room with a spare is not without an edge', () => {
  it('after a restart, when the edge that the spare stood in for has not come back', () => {
    const world = createEdgesWorld();
    const viewer = world.join('v', { isReturning: true });
    world.register('s', { role: 'spare' });
    world.advance(20_000, ['s']);
    expect(world.idsOf('v')).to.deep.equal(['s']);
    expect(viewer.body?.excluded).to.deep.equal([]);
    expect(world.beat('s', { role: 'spare' })).to.include({ role: 'active', name: 's' });
    expect(world.register('a'), 'who comes after all has its place').to.include({ name: 'a' });
  });

  it('where the edges have time to come back first', () => {
    const world = createEdgesWorld();
    world.join('v');
    world.register('s', { role: 'spare' });
    expect(world.idsOf('v'), 'better than none').to.deep.equal(['s']);
    world.advance(12_000, ['s']);
    world.register('a');
    world.advance(60_000, ['s', 'a']);
    expect(world.namesOf('v')).to.deep.equal({ a: 'a' });
  });

  it('when the spare comes late', () => {
    const world = createEdgesWorld();
    world.register('a');
    world.join('v');
    world.advance(700_000);
    world.register('s', { role: 'spare' });
    world.advance(2_000, ['s']);
    expect(world.namesOf('v'), 'players know the name').to.deep.equal({ a: 's' });
  });

  it('when the spare serves one room of an edge that served all', () => {
    const world = createEdgesWorld();
    world.register('a');
    world.register('s', { role: 'spare', rooms: ['room'] });
    world.register('t', { role: 'spare', rooms: ['other'] });
    world.join('v');
    world.advance(20_000, ['a', 's', 't']);
    world.deregister('a');
    world.advance(2_000, ['s', 't']);
    expect(world.namesOf('v')).to.deep.equal({ s: 's' });
    expect(world.directory.stats(), 'nobody need be in it').to.include({ active: 2, spare: 0 });
    expect(world.register('a')).to.include({ role: 'active', name: 'a' });
  });

  it('when the spare serves all rooms, of which one has no edge', () => {
    const world = createEdgesWorld();
    world.register('a', { rooms: ['other'] });
    world.register('s', { role: 'spare' });
    world.advance(20_000, ['a', 's']);
    expect(world.directory.stats(), 'nobody misses one').to.include({ active: 1, spare: 1 });
    world.join('v');
    world.advance(2_000, ['a', 's']);
    expect(world.idsOf('v')).to.deep.equal(['s']);
    expect(world.directory.stats()).to.include({ active: 2 });
  });
});
