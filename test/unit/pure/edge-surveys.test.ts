import { expect } from 'chai';
import { createEdgesWorld } from './edges-world.ts';

describe('edge directory: what steered players are told', () => {
  const ask = (world: ReturnType<typeof createEdgesWorld>, room = 'room', network = 'n') =>
    world.directory.survey({ room, network, isNew: true }, world.nowMs);

  it('is decided once an interval, however many ask, of rooms that nobody knows too', () => {
    const world = createEdgesWorld();
    world.register('a');
    world.join('v');
    const { edges } = ask(world);
    expect(ask(world).edges).to.equal(edges);
    expect(ask(world, 'room', 'another unknown one').edges).to.equal(edges);
    const unknown = ask(world, 'x');
    expect(ask(world, 'y').edges).to.equal(unknown.edges);
    expect(ask(world, 'y').room).to.equal('y');
    world.advance(1_000, ['a']);
    expect(ask(world).edges).not.to.equal(edges);
  });

  it('is what holds now: who goes is not offered any more', () => {
    const world = createEdgesWorld();
    world.register('a');
    world.register('b');
    expect(ask(world).edges).to.have.length(2);
    world.beat('a', { role: 'draining' });
    expect(ask(world).edges.map(({ edgeId }) => edgeId)).to.deep.equal(['b']);
    expect(ask(world, 'x').edges).to.have.length(1);
  });

  it('admits no more because edges of other rooms are busy', () => {
    const world = createEdgesWorld();
    const rooms = ['room'];
    for (const [edgeId, load] of Object.entries({ idle: 0.1, usual: 0.2, half: 0.5 }))
      world.register(edgeId, { rooms, load });
    for (let index = 0; index < 9; index++)
      world.register(`busy${index}`, { rooms: ['other'], load: 0.9 });
    const admits = ask(world).edges.map((edge) => [edge.edgeId, edge.admits]);
    expect(Object.fromEntries(admits)).to.deep.equal({ half: 0, idle: 1, usual: 1 });
  });
});
