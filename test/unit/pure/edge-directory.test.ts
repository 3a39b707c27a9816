import { expect } from 'chai';
import { parseKpis, parseServerFrame } from '../../../signaling/protocol/index.ts';
import { createEdgesWorld, outcome } from './edges-world.ts';

const needs = (minimum: object, isStrict = false) => ({
  minimum: parseKpis(minimum) as object,
  expected: {},
  isStrict,
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

  it('makes no more bodies because more edges are heard', () => {
    const world = createEdgesWorld();
    world.register('e1');
    world.register('e2');
    for (let index = 0; index < 3_000; index++) world.join(`v${index}`, { room: `room-${index}` });
    world.advance(1_000, ['e1', 'e2']);
    const before = world.bodies.length;
    world.register('e1', { region: 'other' });
    for (let index = 0; index < 20; index++) world.beat('e2', { load: (index % 2) / 2 });
    world.advance(1_500);
    expect(world.bodies.length - before).to.be.within(1, 2 * world.limits.edgesBodiesPerTurnMax);
    world.advance(8_000, ['e1', 'e2']);
    const regions = [...world.viewers.values()].map(({ body }) => body?.edges[0]?.region);
    expect(regions.every((region) => region === 'other')).to.equal(true);
  });

  it('spends on a burst of registrations no more bodies than on one', () => {
    const world = createEdgesWorld();
    for (let index = 0; index < 900; index++) world.join(`v${index}`, { room: `room-${index}` });
    world.register('e1');
    world.advance(5_000, ['e1']);
    const before = world.bodies.length;
    for (let index = 0; index < 20; index++) world.register('e1', { region: `r${index}` });
    expect(world.bodies.length - before).to.be.within(1, world.limits.edgesBodiesPerTurnMax);
  });

  it('fits a frame, however much edges say of themselves', () => {
    const room = '"'.repeat(128);
    const world = createEdgesWorld();
    const odd = '0.123456789';
    const kpis = {
      ...{ bandwidth: `9${odd} Tbps`, requestRate: `9${odd} /min`, responseTime: `9${odd} min` },
      ...{ availability: `99.1234567 %`, compute: `1${odd} cores`, memory: `1${odd} TiB` },
      ...{ graphicalCompute: `1${odd} cores`, storage: `1${odd} TiB` },
      ...{ jitter: `1${odd} min`, loss: '1.1234567 %' },
    };
    for (let index = 0; index < 30; index++) {
      const edgeId = `${index}`.padStart(64, '-');
      const baseUrl = `https://e.example/${'x'.repeat(490)}/`;
      const said = { baseUrl, region: edgeId, kpis, load: 1 / 3, costPerGigabyte: 1 / 3 };
      world.register(edgeId, { ...said, rooms: index < 20 ? null : ['elsewhere'] });
    }
    const signature = 'x'.repeat(86);
    for (let index = 0; index < 3; index++) {
      world.join(`v${index}`, { room });
      world.report(
        `v${index}`,
        world.idsOf(`v${index}`).map((edgeId) => ({
          ...outcome(edgeId, { firstByteMs: 1.2345, bytesPerMs: 123_456_789 }),
        })),
      );
    }
    world.join('v', { room });
    const [body = ''] = world.bodies.slice(-1);
    const frame = JSON.stringify({ type: 'edges', signed: { body, signature } });
    expect(world.idsOf('v')).to.have.length(8);
    expect(body.length).to.be.within(10_000, world.limits.edgesBytesMax);
    expect(parseServerFrame(frame).ok).to.equal(true);
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
    expect(world.reasons()).to.deep.equal({ full: 'full' });
    world.deregister('other');
    world.advance(2_000);
    expect(world.idsOf('late'), 'better than none').to.deep.equal(['full']);
    world.register('other');
    world.beat('full', { load: 0.9 });
    expect(world.reasons()).to.deep.equal({ full: 'full' });
    world.beat('full', { load: 0.8 });
    expect(world.reasons()).to.deep.equal({});
  });

  it('counts nobody at an edge that is gone, nor who says that it reads from none', () => {
    const world = createEdgesWorld();
    world.register('a', { load: 0.5 });
    world.register('b', { load: 0.5 });
    const admits = () => {
      const request = { room: 'room', needs: null, deviceId: null, network: null };
      const { edges } = world.directory.discover(request, world.nowMs);
      return Object.fromEntries(edges.map((edge) => [edge.edgeId, edge.admits]));
    };
    for (let index = 0; index < 100; index++) {
      world.join(`v${index}`);
      world.report(`v${index}`, [], 'a');
    }
    expect(admits().b).to.be.below(1);
    world.deregister('a');
    expect(admits(), 'removed').to.deep.equal({ b: 1 });
    world.register('a', { load: 0.5 });
    for (let index = 0; index < 100; index++) world.report(`v${index}`, [], 'a');
    expect(admits().b).to.be.below(1);
    for (let index = 0; index < 100; index++)
      world.report(`v${index}`, [], index % 2 ? null : 'unknown');
    expect(admits()).to.deep.equal({ a: 1, b: 1 });
  });

  it('leaves a viewer that was there before its connection broke', () => {
    const world = createEdgesWorld();
    world.register('full', { load: 0.5 });
    world.register('other');
    world.join('v');
    for (const load of [0.96, 0.97]) world.beat('full', { load });
    world.advance(20_000, ['other', 'full']);
    world.leave('v');
    world.join('again', { deviceId: 'device-v', subject: 'subject-v', isReturning: true });
    world.join('new');
    world.advance(1_000);
    expect(world.idsOf('again')).to.deep.equal(['full', 'other']);
    expect(world.idsOf('new')).to.deep.equal(['other']);
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
    // A load of 0.4 is what they have on average: ten of 180 elsewhere are borne by any edge, and no more.
    expect(admits).to.deep.equal({ busy: 0, half: 0.06, idle: 0.25, silent: 0.25 });
  });
});
