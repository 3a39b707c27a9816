import { expect } from 'chai';
import { Learning } from '../../../signaling/core/index.ts';
import { edgeWeightsUnlearned } from '../../../signaling/protocol/index.ts';
import { createEdgesWorld, type EdgesWorld, outcome } from './edges-world.ts';

const measured = (firstByteMs: number, bytesPerMs: number) =>
  outcome('e1', { firstByteMs, bytesPerMs });

describe('edge directory: what viewers of one network measured', () => {
  it('is told to others of that network, once three devices have', () => {
    const world = createEdgesWorld();
    world.register('e1');
    for (const name of ['a', 'b', 'c']) world.join(name, { network: 'home' });
    world.report('a', [measured(10, 1_000)]);
    world.report('b', [measured(20, 2_000)]);
    world.report('a', [measured(30, 3_000)]);
    expect(world.join('d', { network: 'home' }).body?.edges[0]?.prior).to.equal(null);
    world.report('c', [measured(40, 4_000)]);
    expect(world.join('e', { network: 'home' }).body?.edges[0]?.prior).to.deep.equal({
      firstByteMs: 30,
      bytesPerMs: 3_000,
    });
    expect(world.join('f', { network: 'away' }).body?.edges[0]?.prior).to.equal(null);
    world.advance(10_000, ['e1']);
    expect(world.viewers.get('a')?.body?.edges[0]?.prior, 'those there too').not.to.equal(null);
  });

  it('is moved out of what others say by no single liar, whatever it sends', () => {
    for (const lie of [0, 1e-9, 1e308]) {
      const world = createEdgesWorld();
      world.register('e1');
      world.join('liar', { network: 'home' });
      for (let index = 0; index < 9; index++) {
        world.join(`v${index}`, { network: 'home' });
        world.join(`more${index}`, { network: 'home', subject: 'subject-liar' });
        world.report(`more${index}`, [measured(lie, lie)]);
        world.report('liar', [measured(lie, lie)]);
        world.report(`v${index}`, [measured(10 + index, 1_000)]);
        const prior = world.join(`w${index}`, { network: 'home' }).body?.edges[0]?.prior;
        if (!prior) continue;
        expect(prior.firstByteMs).to.be.within(10, 18);
        expect(prior.bytesPerMs).to.equal(1_000);
      }
    }
  });

  it('is forgotten after some minutes, and of so many networks the longest unheard first', () => {
    const world = createEdgesWorld({ limits: { priorNetworksMax: 2 } });
    world.register('e1');
    const measureIn = (network: string) => {
      for (const name of ['a', 'b', 'c']) {
        world.join(`${network}-${name}`, { network });
        world.report(`${network}-${name}`, [measured(10, 1_000)]);
      }
    };
    const priorIn = (network: string) => {
      const request = { room: 'room', needs: null, deviceId: null, network };
      return world.directory.discover(request, world.nowMs).edges[0]?.prior;
    };
    for (const network of ['x', 'y', 'z']) measureIn(network);
    expect(['x', 'y', 'z'].map((network) => priorIn(network) !== null)).to.deep.equal([
      false,
      true,
      true,
    ]);
    world.advance(world.limits.priorMs, ['e1']);
    expect(priorIn('z')).to.equal(null);
  });

  it('does not keep a crowd from hearing at once what all must know', () => {
    const world = createEdgesWorld({ limits: { edgesBodiesPerTurnMax: 6 } });
    world.register('e1');
    for (let index = 0; index < 30; index++) {
      world.join(`v${index}`, { network: `n${index % 10}` });
      world.report(`v${index}`, [measured(10 + (index % 10), 1_000)]);
    }
    world.advance(15_000, ['e1']);
    const bodyCount = world.bodies.length;
    world.register('e2');
    expect(world.bodies.length - bodyCount, 'in one turn').to.be.at.most(6);
    for (const { connectionId } of world.viewers.values())
      expect(world.idsOf(connectionId), connectionId).to.deep.equal(['e1', 'e2']);
    world.advance(3_000, ['e1', 'e2']);
    for (const [index, { body }] of [...world.viewers.values()].entries())
      expect(body?.edges[0]?.prior?.firstByteMs).to.equal(10 + (index % 10));
  });

  it('counts nothing of edges that are none of the viewer’s', () => {
    const world = createEdgesWorld();
    world.register('e1', { rooms: ['other'] });
    world.join('v');
    world.report('v', [measured(10, 1_000), outcome('nobody')], 'e1');
    expect(world.counts.get('outcomeUnknown')).to.equal(2);
    world.report('stranger', [measured(10, 1_000)]);
    expect(world.counts.get('outcomeUnknown')).to.equal(2);
  });
});

function weightsOf({ directory, nowMs }: EdgesWorld) {
  const request = { room: 'room', needs: null, deviceId: null, network: null };
  return directory.discover(request, nowMs).weights;
}

describe('edge directory: weights', () => {
  it('are learned from samples now and then, and told with the next word', () => {
    const samples: string[] = [];
    const weights = { version: 1, load: 2, age: 0.5 };
    const world = createEdgesWorld({
      learning: {
        add: (voice) => samples.push(voice),
        learn: () => (samples.length > 0 ? weights : null),
      },
    });
    world.register('e1');
    const viewer = world.join('v');
    expect(viewer.body?.weights.version).to.equal(0);
    const sample = { predictedMs: 100, completedMs: 200, load: 0.1, age: 0 };
    world.report('v', [outcome('e1', { sample })]);
    expect(samples).to.deep.equal(['subject-v']);
    world.advance(60_000, ['e1']);
    world.register('e1', { region: 'other' });
    world.advance(1_000);
    expect(viewer.body?.weights).to.deep.equal(weights);
  });

  it('come from what many devices found, with the real learning', () => {
    const world = createEdgesWorld({ learning: new Learning(edgeWeightsUnlearned) });
    world.register('e1');
    for (let index = 0; index < 400; index++) {
      if (index < 40) world.join(`v${index}`);
      // Pressure does half of what the sdk comes with.
      const load = ((index * 7) % 20) / 20;
      const sample = { predictedMs: 100, completedMs: 100 * Math.exp(1.5 * load), age: 0 };
      world.report(`v${index % 40}`, [outcome('e1', { sample: { ...sample, load } })]);
    }
    world.advance(60_000, ['e1']);
    const weights = weightsOf(world);
    expect(weights.version).to.be.at.least(1);
    expect(weights.load).to.be.closeTo(1.5, 0.1);
  });

  it('are not moved by one subject, whatever it calls its devices', () => {
    const world = createEdgesWorld({ learning: new Learning(edgeWeightsUnlearned) });
    world.register('e1');
    const say = (connectionId: string, by: number, round: number) => {
      const load = ((round * 7) % 20) / 20;
      const completedMs = 1_000 * Math.exp(by * load);
      const sample = { predictedMs: 1_000, completedMs, load, age: 0 };
      world.report(connectionId, [outcome('e1', { sample })]);
    };
    for (let index = 0; index < 60; index++) {
      world.join(`v${index}`);
      for (let round = 0; round < 10; round++) say(`v${index}`, 3, round + index);
    }
    for (let index = 0; index < 300; index++) {
      world.join(`liar${index}`, { subject: 'liar' });
      for (let round = 0; round < 10; round++) say(`liar${index}`, 0, round);
      world.leave(`liar${index}`);
    }
    world.advance(60_000, ['e1']);
    expect(weightsOf(world).load).to.be.closeTo(3, 0.1);
  });
});
