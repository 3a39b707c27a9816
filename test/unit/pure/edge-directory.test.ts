import { expect } from 'chai';
import { parseKpis } from '../../../signaling/protocol/index.ts';
import { createEdgesWorld, outcome, registrationOf } from './edges-world.ts';

const needs = (minimum: object, isStrict = false) => ({
  minimum: parseKpis(minimum) as object,
  expected: {},
  isStrict,
});

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
    const world = createEdgesWorld();
    world.register('e1', { load: 0.5 });
    const viewer = world.join('v');
    for (let round = 0; round < 12; round++) world.advance(10_000, ['e1']);
    for (const [index, { atMs, body }] of viewer.told.entries()) {
      const nextMs = viewer.told[index + 1]?.atMs ?? world.nowMs;
      expect(nextMs - atMs).to.be.at.most(body.validForMs);
      expect(nextMs - atMs, 'not for every heartbeat').to.be.at.least(body.validForMs / 2);
    }
    const { limits } = world;
    const fixed = createEdgesWorld({ edges: [registrationOf('s1')] });
    const watcher = fixed.join('v');
    fixed.advance(limits.edgesValidMs);
    expect(watcher.toldCount).to.equal(2);
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

describe('edge directory: what viewers are told', () => {
  it('offers what meets the needs, and says of all others why not', () => {
    const world = createEdgesWorld();
    world.register('good', { kpis: { bandwidth: '10 Mbps', responseTime: '20 ms' } });
    world.register('slow', { kpis: { bandwidth: '1 Mbps' } });
    world.register('silent', {});
    world.register('spare', { role: 'spare' });
    world.register('leaving', { role: 'draining' });
    world.register('elsewhere', { rooms: ['other'] });
    const minimum = { bandwidth: '5 Mbps' };
    world.join('v', { needs: needs(minimum) });
    expect(world.idsOf('v')).to.deep.equal(['good', 'silent']);
    expect(world.reasons('room', needs(minimum))).to.deep.equal({
      slow: 'kpi_unmet bandwidth',
      leaving: 'draining',
      spare: 'spare',
      elsewhere: 'other_room',
    });
    expect(world.reasons('room', needs(minimum, true))).to.include({
      silent: 'kpi_unknown bandwidth',
      slow: 'kpi_unmet bandwidth',
    });
    world.join('w', { room: 'other' });
    expect(world.idsOf('w')).to.include('elsewhere');
  });

  it('names the KPI by which most fail where none does', () => {
    const world = createEdgesWorld();
    world.register('a', { kpis: { bandwidth: '1 Mbps' } });
    world.register('b', { kpis: { bandwidth: '9 Mbps', responseTime: '900 ms' } });
    world.register('c', { kpis: { bandwidth: '9 Mbps', responseTime: '800 ms' } });
    const request = { room: 'room', deviceId: null, network: null };
    const wanted = needs({ bandwidth: '5 Mbps', responseTime: '50 ms' });
    const body = world.directory.discover({ ...request, needs: wanted }, world.nowMs);
    expect(body).to.deep.include({ edges: [], failing: 'responseTime' });
  });

  it('deals more than eight out among viewers, those with room first, and each its own', () => {
    const world = createEdgesWorld();
    const ids = Array.from({ length: 20 }, (_, index) => `e${index}`);
    for (const edgeId of ids) world.register(edgeId, { load: edgeId < 'e12' ? 0.2 : 0.5 });
    world.register('busy', { load: 0.9 });
    const uses = new Map<string, number>();
    for (let index = 0; index < 200; index++) {
      world.join(`v${index}`);
      const told = world.idsOf(`v${index}`);
      expect(told).to.have.length(8);
      for (const edgeId of told) uses.set(edgeId, (uses.get(edgeId) ?? 0) + 1);
    }
    expect(uses.has('busy')).to.equal(false);
    expect([...uses.keys()].sort()).to.deep.equal([...ids].sort());
    const before = world.idsOf('v0');
    const away = before[0] ?? '';
    world.report('v1', [], world.idsOf('v1')[0]);
    world.deregister(away);
    const after = world.idsOf('v0');
    expect(after.filter((edgeId) => !before.includes(edgeId))).to.have.length(1);
    const { excluded } = world.viewers.get('v0')?.body ?? {};
    expect(excluded?.filter(({ reason }) => reason === 'surplus')).to.have.length(12);
    expect(world.bodies.length, 'one body to a hand').to.be.at.most(200 + 17);
  });

  it('keeps the edge that a viewer reads from on its list', () => {
    const world = createEdgesWorld();
    for (let index = 0; index < 20; index++) world.register(`e${index}`, { load: 0.2 });
    world.join('v');
    const reading = world.idsOf('v')[3] ?? '';
    world.report('v', [outcome(reading)], reading);
    world.beat(reading, { load: 0.85 });
    world.register('another');
    world.advance(2_000);
    expect(world.idsOf('v')).to.include(reading);
    world.join('w', { deviceId: 'device-v' });
    expect(world.idsOf('w'), 'nobody else is sent to a busy one').not.to.include(reading);
  });

  it('signs one body for all that are alike', () => {
    const world = createEdgesWorld();
    for (let index = 0; index < 30; index++)
      world.join(`v${index}`, { needs: index % 2 ? needs({ bandwidth: '5 Mbps' }) : null });
    world.register('e1', { kpis: { bandwidth: '1 Mbps' } });
    expect(world.bodies).to.have.length(2);
    expect(world.counts.get('told')).to.equal(30);
  });

  it('tells a room once an interval, however often things change, and loads less often', () => {
    const world = createEdgesWorld();
    world.register('e1', { load: 0.1 });
    const viewer = world.join('v');
    world.advance(1_000);
    for (let index = 0; index < 50; index++) {
      world.register(`n${index % 5}`, { region: `r${index}` });
      world.advance(100, ['e1']);
    }
    expect(viewer.toldCount).to.be.within(4, 8);
    world.advance(2_000);
    const before = viewer.toldCount;
    for (let second = 0; second < 9; second++) {
      world.beat('e1', { load: second / 10 });
      world.advance(1_000);
    }
    expect(viewer.toldCount - before, 'loads alone').to.be.at.most(1);
    world.advance(11_000);
    expect(viewer.body?.edges[0]?.load).to.equal(0.8);
    world.beat('e1', { load: 0.81 });
    world.beat('e1', { load: 0.79 });
    const told = viewer.toldCount;
    world.advance(5_000);
    expect(viewer.toldCount, 'less than a step is no news').to.equal(told);
  });

  it('makes so many bodies in one go, and gets to all', () => {
    const world = createEdgesWorld({ limits: { edgesBodiesPerTurnMax: 10 } });
    for (let index = 0; index < 25; index++) {
      world.join(`odd${index}`, { room: 'odd', needs: needs({ bandwidth: `${index + 1} Mbps` }) });
      world.join(`v${index}`, { room: `room-${index}` });
    }
    const before = world.bodies.length;
    world.register('e1');
    expect(world.bodies.length - before).to.be.within(1, 10);
    world.advance(7_000, ['e1']);
    for (const { connectionId } of world.viewers.values())
      expect(world.idsOf(connectionId), connectionId).to.deep.equal(['e1']);
  });

  it('leaves viewers with what they know after a restart, until the edges are back', () => {
    const world = createEdgesWorld();
    world.register('first');
    world.join('new');
    expect(world.idsOf('new')).to.deep.equal(['first']);
    const back = world.join('back', { isReturning: true });
    world.advance(9_000, ['first']);
    world.register('second');
    expect(world.idsOf('new')).to.deep.equal(['first', 'second']);
    expect(back.toldCount).to.equal(0);
    world.advance(8_000, ['first', 'second']);
    expect(world.idsOf('back')).to.deep.equal(['first', 'second']);
    expect(world.join('later', { isReturning: true }).toldCount).to.equal(1);
  });

  it('sends newcomers away from a full edge and leaves those who are there', () => {
    const world = createEdgesWorld();
    world.register('full', { load: 0.5 });
    world.register('other');
    world.join('early');
    world.beat('full', { load: 0.96 });
    world.join('between');
    expect(world.idsOf('between'), 'one heartbeat is a peak').to.include('full');
    world.advance(1_000);
    world.beat('full', { load: 0.97 });
    world.join('late');
    world.advance(15_000, ['other', 'full']);
    expect(world.idsOf('early')).to.deep.equal(['full', 'other']);
    expect(world.idsOf('late')).to.deep.equal(['other']);
    expect(world.reasons()).to.deep.equal({ full: 'draining' });
    world.deregister('other');
    world.advance(2_000);
    expect(world.idsOf('late'), 'better than none').to.deep.equal(['full']);
    world.register('other');
    world.beat('full', { load: 0.9 });
    expect(world.reasons()).to.deep.equal({ full: 'draining' });
    world.beat('full', { load: 0.8 });
    expect(world.reasons()).to.deep.equal({});
  });

  it('admits to an edge what it can bear, by what its load is of', () => {
    const world = createEdgesWorld();
    world.register('idle', { load: 0 });
    world.register('half', { load: 0.4 });
    world.register('silent', {});
    world.register('busy', { load: 0.85 });
    for (let index = 0; index < 200; index++) {
      world.join(`v${index}`);
      world.report(`v${index}`, [], index < 20 ? 'half' : 'busy');
    }
    world.join('v');
    const { edges = [] } = world.viewers.get('v')?.body ?? {};
    const admits = Object.fromEntries(edges.map((edge) => [edge.edgeId, edge.admits]));
    // 20 viewers are a load of 0.4: 20 more fit below 0.8, of 180 elsewhere.
    expect(admits).to.deep.equal({ busy: 0, half: 0.11, idle: 0.25, silent: 0.25 });
  });
});
