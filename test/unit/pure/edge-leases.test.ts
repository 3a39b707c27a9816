import { expect } from 'chai';
import { createEdgesWorld, registrationOf } from './edges-world.ts';

describe('edge directory: leases', () => {
  it('takes an edge in, tells who is there, and whoever comes', () => {
    const world = createEdgesWorld();
    const early = world.join('early');
    expect(early.toldCount, 'nothing to tell').to.equal(0);
    const answer = world.register('e1', {
      region: 'eu-west',
      kpis: { bandwidth: '5 Gbps' },
      load: 0.31,
      costPerGigabyte: 0.02,
    });
    expect(answer).to.deep.equal({
      ok: true,
      edgeId: 'e1',
      role: 'active',
      name: 'e1',
      leaseMs: 30_000,
      heartbeatIntervalMs: 10_000,
    });
    const late = world.join('late');
    for (const viewer of [early, late]) {
      expect(viewer.body).to.deep.include({ room: 'room', excluded: [], failing: null });
      expect(viewer.body?.edges).to.deep.equal([
        {
          edgeId: 'e1',
          name: 'e1',
          baseUrl: 'https://e1.example/',
          region: 'eu-west',
          kpis: { bandwidthBitsPerSecond: 5e9 },
          load: 0.3,
          costPerGigabyte: 0.02,
          prior: null,
          admits: 1,
          validForMs: 30_000,
        },
      ]);
    }
  });

  it('keeps an edge while it is heard, and forgets it within a second of the end of its lease', () => {
    const world = createEdgesWorld();
    world.register('e1');
    world.register('e2');
    world.join('v');
    world.advance(29_000, ['e1']);
    expect(world.idsOf('v')).to.deep.equal(['e1', 'e2']);
    world.advance(2_000, ['e1']);
    expect(world.idsOf('v')).to.deep.equal(['e1']);
    expect(world.counts.get('expired')).to.equal(1);
    expect(world.beat('e2')).to.include({ ok: false, code: 'edge_unknown' });
    world.advance(600_000, ['e1']);
    expect(world.idsOf('v')).to.deep.equal(['e1']);
    world.deregister('e1');
    expect(world.viewers.get('v')?.body?.edges).to.deep.equal([]);
  });

  it('renews what viewers hold before it has run out, and tells nothing else while nothing changes', () => {
    for (const world of [
      createEdgesWorld({ edges: [registrationOf('e1', { load: 0.5 })] }),
      createEdgesWorld(),
    ]) {
      world.register('e1', { load: 0.5 });
      const viewer = world.join('v');
      for (let round = 0; round < 60; round++) world.advance(10_000, ['e1']);
      expect(viewer.toldCount, 'not for every heartbeat').to.equal(3);
      for (const [index, { atMs, body }] of viewer.told.entries()) {
        const nextMs = viewer.told[index + 1]?.atMs ?? world.nowMs;
        expect(nextMs - atMs).to.be.at.most(body.validForMs);
      }
    }
  });

  it('answers who asks for no longer than edges have leases', () => {
    const world = createEdgesWorld();
    world.register('e1');
    world.advance(5_000);
    const request = { room: 'room', needs: null, deviceId: null, network: null };
    expect(world.directory.discover(request, world.nowMs).validForMs).to.equal(25_000);
  });

  it('never ends an edge of the configuration, nor lets anybody register as one', () => {
    const world = createEdgesWorld({ edges: [registrationOf('s1')] });
    world.join('v');
    world.advance(3_600_000);
    expect(world.idsOf('v')).to.deep.equal(['s1']);
    for (const answer of [world.register('s1'), world.beat('s1'), world.deregister('s1')])
      expect(answer).to.include({ ok: false, code: 'edge_static' });
  });

  it('has room for so many edges, and refuses the next without touching those there', () => {
    const world = createEdgesWorld({ limits: { edgesMax: 4, edgesOfRoomMax: 2 } });
    expect(world.register('a', { rooms: ['x', 'y'] })).to.include({ ok: true });
    expect(world.register('b', { rooms: ['x'] })).to.include({ ok: true });
    expect(world.register('c', { rooms: ['y', 'x'] })).to.include({ code: 'room_edges_full' });
    expect(world.register('c', { rooms: ['y'] })).to.include({ ok: true });
    expect(world.register('b', { rooms: ['y'] }), 'an update too').to.include({
      code: 'room_edges_full',
    });
    world.join('v', { room: 'x' });
    expect(world.idsOf('v'), 'the earlier word of it is in force').to.deep.equal(['a', 'b']);
    expect(world.register('d')).to.include({ ok: true });
    expect(world.register('e')).to.include({ code: 'edges_full' });
    expect(world.register('a', { rooms: ['x'] }), 'who is there may say more').to.include({
      ok: true,
    });
  });
});
