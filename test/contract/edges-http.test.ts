import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { SignedEdges } from '../../signaling/protocol/index.ts';
import {
  ask,
  createServers,
  discover,
  edgeOf,
  opened,
  placesOf,
  told,
  toldOf,
} from './edges-client.ts';
import { join, report, sample } from './signaling-client.ts';

describe('signaling: edges over HTTP', () => {
  const { start, end } = createServers();
  afterEach(end);

  it('registers an edge, tells viewers of it, and forgets it when it is not heard', async () => {
    const server = await start({ limits: { edgeLeaseMs: 600 } });
    const viewer = await join(server, { room: 'room' });
    const edge = await edgeOf(server, 'e1');
    expect(
      (await edge.register({ region: 'north', kpis: { bandwidth: '2 Gbps' } })).json,
    ).to.deep.equal({
      ...{ edgeId: 'e1', role: 'active', name: 'e1' },
      ...{ leaseMs: 600, heartbeatIntervalMs: 200 },
    });
    const body = await told(viewer);
    expect(body).to.deep.include({ room: 'room', excluded: [], failing: null });
    expect(body.edges[0]).to.deep.include({
      ...{ edgeId: 'e1', baseUrl: 'https://e1.example/live/', region: 'north' },
      kpis: { bandwidthBitsPerSecond: 2e9 },
    });
    expect(await sample(server, 'holdfast_edges{role="active"}')).to.equal(1);
    const endMs = performance.now() + 900;
    while (performance.now() < endMs) {
      expect((await edge.beat({ load: 0.5 })).status).to.equal(200);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect((await toldOf(viewer, ({ edges }) => edges[0]?.load === 0.5)).edges).to.have.length(1);
    expect((await toldOf(viewer, ({ edges }) => edges.length === 0)).excluded).to.deep.equal([]);
    const late = await edge.beat();
    expect(late).to.deep.include({ status: 404 });
    expect(late.json).to.include({ code: 'edge_unknown' });
    expect(await sample(server, 'holdfast_edge_events_total{event="expired"}')).to.equal(1);
  });

  it('answers what a viewer may choose from, signed, with all that speaks for and against', async () => {
    const server = await start({
      edges: [
        { edgeId: 's1', baseUrl: 'https://s1.example/', kpis: { bandwidth: '10 Mbps' } },
        {
          ...{ edgeId: 's2', baseUrl: 'https://s2.example/', name: 'south', region: 'south' },
          ...{ rooms: ['room'], costPerGigabyte: 0.01, role: 'spare', kpis: { jitter: '3 ms' } },
        },
      ],
    });
    await (await edgeOf(server, 'gpp')).register({
      svcKpi: { connBand: '1 Mbps', maxRespTime: 40, avail: 99 },
      units: { maxRespTime: 'ms' },
    });
    const viewer = await join(server, { room: 'room' });
    const jwk = viewer.welcome.edgesKey;
    const answers = [
      { minimum: { bandwidth: '5 Mbps' } },
      { minimum: { bandwidthBitsPerSecond: 5e6 }, expected: {}, isStrict: false },
      { standard: 'ACServiceKPIs', minimum: { connBand: '5 Mbps' } },
      {
        standard: 'ApplicationProfile',
        minimum: {
          networkQualityThresholds: { targetMinDownstreamRate: { value: 5, unit: 'Mbps' } },
        },
      },
    ].map(async (needs) => {
      const { status, json } = await discover(server, { needs, deviceId: 'device' });
      expect(status).to.equal(200);
      return opened(json as unknown as SignedEdges, jwk);
    });
    for (const body of await Promise.all(answers)) {
      expect(placesOf(body)).to.deep.equal({ s1: 's1' });
      expect(body.excluded).to.containSubset([
        { edgeId: 'gpp', reason: 'kpi_unmet', kpi: 'bandwidth' },
        { edgeId: 's2', reason: 'spare', kpi: null },
      ]);
    }
    const minimum = { bandwidth: '5 Gbps' };
    const { json } = await discover(server, { needs: { minimum, isStrict: true } });
    const none = await opened(json as unknown as SignedEdges, jwk);
    expect(none).to.deep.include({ edges: [], failing: 'bandwidth' });
    const all = await opened((await discover(server, {})).json as unknown as SignedEdges, jwk);
    expect(all.edges.find(({ edgeId }) => edgeId === 'gpp')?.kpis).to.deep.equal({
      ...{ bandwidthBitsPerSecond: 1e6, responseTimeMs: 40, availabilityShare: 0.99 },
    });
  });

  it('takes nobody for one that comes back who only says so', async () => {
    const server = await start();
    await (await edgeOf(server, 'e1')).register();
    const { welcome } = await join(server, { room: 'room', subject: 'v' });
    // Who has been told before by the server of before waits until all edges are back.
    const back = await join(server, { room: 'room', subject: 'v', resumeKey: welcome.resumeKey });
    const other = await join(server, { room: 'room', subject: 'w', resumeKey: welcome.resumeKey });
    expect(placesOf(await told(other))).to.deep.equal({ e1: 'e1' });
    expect(await Promise.race([told(back), wait(300, 'held')])).to.equal('held');
  });

  it('keeps to the needs that a viewer has joined with', async () => {
    const server = await start();
    await (await edgeOf(server, 'slow')).register({ kpis: { bandwidth: '1 Mbps' } });
    await (await edgeOf(server, 'good')).register({ kpis: { bandwidth: '9 Mbps' } });
    const needs = { minimum: { bandwidthBitsPerSecond: 5e6 }, expected: {}, isStrict: true };
    const body = await told(await join(server, { room: 'room', needs }));
    expect(placesOf(body)).to.deep.equal({ good: 'good' });
  });

  it('lets a spare take over before the eyes of a viewer, when the edge says that it drains', async () => {
    const server = await start();
    const active = await edgeOf(server, 'a');
    const spare = await edgeOf(server, 'b');
    await active.register({ name: 'east' });
    expect((await spare.register({ role: 'spare' })).json).to.include({ role: 'spare' });
    const viewer = await join(server, { room: 'room' });
    expect(placesOf(await told(viewer))).to.deep.equal({ east: 'a' });
    expect((await active.beat({ role: 'draining' })).json).to.include({ role: 'draining' });
    const after = await toldOf(viewer, (body) => placesOf(body).east === 'b');
    expect(after.excluded).to.containSubset([{ edgeId: 'a', reason: 'draining', kpi: null }]);
    expect((await spare.beat()).json).to.include({ role: 'active', name: 'east' });
    expect((await active.leave()).status).to.equal(204);
    expect((await active.leave()).json).to.include({ code: 'edge_unknown' });
    expect(await sample(server, 'holdfast_edge_events_total{event="promoted"}')).to.equal(1);
  });

  it('drains the edge of which viewers report failures', async () => {
    const server = await start({ limits: { edgeWindowMs: 400 } });
    await (await edgeOf(server, 'a')).register();
    await (await edgeOf(server, 'b')).register({ role: 'spare' });
    const viewers = await Promise.all(
      ['x', 'y', 'z'].map((subject) => join(server, { room: 'room', subject })),
    );
    const read = { edgeId: 'a', firstByteMs: null, bytesPerMs: null };
    const edgeOutcomes = [{ ...read, successCount: 0, failureCount: 4 }];
    const reports = setInterval(() => {
      for (const viewer of viewers) viewer.send({ ...report, edgeId: 'a', edgeOutcomes });
    }, 100);
    const [viewer] = viewers;
    if (!viewer) throw new Error('nobody');
    const after = await toldOf(viewer, (body) => placesOf(body).a === 'b');
    clearInterval(reports);
    expect(after.excluded).to.containSubset([{ edgeId: 'a', reason: 'draining', kpi: null }]);
    expect(await sample(server, 'holdfast_edges{role="draining"}')).to.equal(1);
  });

  it('tells viewers of one network what others there measured', async () => {
    const server = await start();
    await (await edgeOf(server, 'a')).register();
    for (const subject of ['x', 'y', 'z']) {
      const viewer = await join(server, { room: 'room', subject });
      const read = { edgeId: 'a', successCount: 1, failureCount: 0 };
      viewer.send({ ...report, edgeOutcomes: [{ ...read, firstByteMs: 20, bytesPerMs: 700 }] });
      await viewer.next('heartbeat');
    }
    const newcomer = await join(server, { room: 'room', subject: 'n' });
    expect((await told(newcomer)).edges[0]?.prior).to.deep.equal({
      ...{ firstByteMs: 20, bytesPerMs: 700 },
    });
  });

  it('lets pages of allowed origins discover, and read refusals; others learn nothing', async () => {
    const server = await start({ origins: ['https://tv.example'] });
    const origin = { origin: 'https://tv.example' };
    const preflight = await ask(server, '/edges/discover', {
      method: 'OPTIONS',
      headers: { ...origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).to.equal(204);
    expect(Object.fromEntries(preflight.headers)).to.include({
      'access-control-allow-origin': 'https://tv.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type',
      vary: 'origin',
    });
    for (const { headers } of [
      await discover(server, {}, origin),
      await ask(server, '/edges/discover', { body: {}, headers: origin }),
    ])
      expect(headers.get('access-control-allow-origin')).to.equal('https://tv.example');
    const other = await discover(server, {}, { origin: 'https://evil.example' });
    expect(other.json).to.include({ code: 'origin_refused' });
    expect(other.headers.has('access-control-allow-origin')).to.equal(false);
    const edge = await ask(server, '/edges/e1', { method: 'OPTIONS', headers: origin });
    expect(edge.status).to.equal(405);
    expect(edge.headers.has('access-control-allow-origin')).to.equal(false);
  });
});
