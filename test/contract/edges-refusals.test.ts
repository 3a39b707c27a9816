import { expect } from 'chai';
import { SignJWT } from 'jose';
import { startSignaling } from '../../signaling/adapters/server.ts';
import type { SignedEdges } from '../../signaling/protocol/index.ts';
import {
  type Ask,
  ask,
  createServers,
  discover,
  edgeOf,
  key,
  opened,
  placesOf,
  told,
} from './edges-client.ts';
import { join, sample } from './signaling-client.ts';

describe('signaling: requests of edges and for edges that are refused', () => {
  const { start, end } = createServers();
  afterEach(end);
  const sign = (claims: object, secret = key) =>
    new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
  const edgeToken = () => sign({ edge: 'e1' });
  const roomToken = () => sign({ room: 'room', sub: 'v' });
  const good = { baseUrl: 'https://e1.example/' };
  const put = (body: unknown, token = edgeToken): (() => Promise<[string, Ask]>) => {
    return async () => ['/edges/e1', { method: 'PUT', token: await token(), body }];
  };
  const beat = (body: unknown): (() => Promise<[string, Ask]>) => {
    return async () => ['/edges/e1/heartbeat', { token: await edgeToken(), body }];
  };
  const find = (body: unknown, token = roomToken): (() => Promise<[string, Ask]>) => {
    return async () => ['/edges/discover', { token: await token(), body }];
  };

  for (const [name, make, status, code] of [
    ['no token', async () => ['/edges/e1', { method: 'PUT', body: good }], 401, 'token_missing'],
    ['another key', put(good, () => sign({ edge: 'e1' }, 'x'.repeat(32))), 401, 'token_invalid'],
    ['another audience', put(good, () => sign({ edge: 'e1', aud: 'x' })), 401, 'token_invalid'],
    ['a token for ever', put(good, () => sign({ edge: 'e1', exp: 9e9 })), 401, 'token_invalid'],
    ['a long token', put(good, async () => 'x'.repeat(5_000)), 401, 'token_invalid'],
    ['an old token', put(good, () => sign({ edge: 'e1', exp: 1 })), 401, 'token_expired'],
    ['a viewer’s token', put(good, roomToken), 401, 'token_invalid'],
    ['another edge’s', put(good, () => sign({ edge: 'e2' })), 403, 'token_edge_mismatch'],
    ['no base URL', put({}), 400, 'registration_invalid'],
    ['a list', put([]), 400, 'registration_invalid'],
    ['no slash', put({ baseUrl: 'https://e1.example/live' }), 400, 'registration_invalid'],
    ['a query', put({ baseUrl: 'https://e1.example/?a/' }), 400, 'registration_invalid'],
    ['a script', put({ baseUrl: 'javascript:alert(1)/' }), 400, 'registration_invalid'],
    ['credentials', put({ baseUrl: 'https://u:p@e1.example/' }), 400, 'registration_invalid'],
    ['no port', put({ baseUrl: 'https://e1.example:99999/' }), 400, 'registration_invalid'],
    ['an unknown field', put({ ...good, weight: 1 }), 400, 'registration_invalid'],
    ['a load of 2', put({ ...good, load: 2 }), 400, 'registration_invalid'],
    ['a bad name', put({ ...good, name: 'a b' }), 400, 'registration_invalid'],
    ['no room', put({ ...good, rooms: [] }), 400, 'registration_invalid'],
    ['a KPI without unit', put({ ...good, kpis: { bandwidth: '5' } }), 400, 'kpi_invalid'],
    ['an unknown KPI', put({ ...good, kpis: { beauty: '5 ms' } }), 400, 'kpi_invalid'],
    [
      'a standard’s, no unit',
      put({ ...good, svcKpi: { maxRespTime: 4 } }),
      400,
      'kpi_unit_missing',
    ],
    ['two words', put({ ...good, kpis: {}, svcKpi: {} }), 400, 'kpi_invalid'],
    ['no JSON', put('{"baseUrl":'), 400, 'body_invalid'],
    ['too much', put({ ...good, name: 'x'.repeat(40_000) }), 413, 'body_too_large'],
    ['a bad heartbeat', beat({ load: 'full' }), 400, 'heartbeat_invalid'],
    ['a bad role', beat({ role: 'king' }), 400, 'heartbeat_invalid'],
    ['bad KPIs', beat({ kpis: 5 }), 400, 'kpi_invalid'],
    ['no room named', find({}), 400, 'discovery_invalid'],
    ['another room', find({ room: 'other' }), 403, 'token_room_mismatch'],
    ['an edge’s token', find({ room: 'room' }, edgeToken), 401, 'token_invalid'],
    ['needs that are none', find({ room: 'room', needs: 5 }), 400, 'discovery_invalid'],
    ['needs', find({ room: 'room', needs: { minimum: { jitter: 'x' } } }), 400, 'kpi_invalid'],
    ['a standard', find({ room: 'room', needs: { standard: 'x' } }), 400, 'discovery_invalid'],
    [
      'form data',
      async () => [
        '/edges/discover',
        { token: await roomToken(), body: 'a=b', headers: { 'content-type': 'text/plain' } },
      ],
      415,
      'content_type_invalid',
    ],
    ['a GET', async () => ['/edges/e1', { method: 'GET' }], 405, 'method_not_allowed'],
    ['a strange path', async () => ['/edges/e1/x', {}], 404, 'not_found'],
    ['a strange id', async () => ['/edges/e%00', { method: 'PUT' }], 404, 'not_found'],
  ] as [string, () => Promise<[string, Ask]>, number, string][]) {
    it(`${name}: ${code}, counted, and what was registered is as it was`, async () => {
      const server = await start();
      await (await edgeOf(server, 'e1')).register({ region: 'north' });
      const viewer = await join(server, { room: 'room' });
      const before = await told(viewer);
      const [path, request] = await make();
      const answer = await ask(server, path, request);
      expect([answer.status, answer.json.code]).to.deep.equal([status, code]);
      expect(answer.json.message).to.be.a('string').that.is.not.empty;
      expect(await sample(server, `holdfast_edge_refusals_total{code="${code}"}`)).to.equal(1);
      const after = await opened(
        (await discover(server, {})).json as unknown as SignedEdges,
        viewer.welcome.edgesKey,
      );
      expect(after.edges[0]?.region).to.equal('north');
      expect(placesOf(after)).to.deep.equal(placesOf(before));
    });
  }

  it('an edge of the configuration, and edges beyond the limits', async () => {
    const edges = [{ edgeId: 'e1', baseUrl: 'https://e1.example/' }];
    const server = await start({ edges, limits: { edgesMax: 3, edgesOfRoomMax: 2 } });
    expect(await (await edgeOf(server, 'e1')).register()).to.deep.include({ status: 409 });
    const answers = [];
    for (const [edgeId, said] of Object.entries({
      e2: {},
      e3: {},
      e4: { rooms: ['x'] },
      e5: { rooms: ['x'] },
    })) {
      const { status, json } = await (await edgeOf(server, edgeId)).register(said);
      answers.push(json.code ?? status);
    }
    expect(answers).to.deep.equal([200, 'room_edges_full', 200, 'edges_full']);
  });

  it('more requests than an address may make', async () => {
    const server = await start({ limits: { edgeRequestsPerMinutePerAddressMax: 3 } });
    const edge = await edgeOf(server, 'e1');
    const answers = [await edge.register(), await edge.beat(), await edge.beat()];
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    const refused = await edge.beat();
    expect([refused.status, refused.json.code]).to.deep.equal([429, 'rate_limited']);
    expect(refused.headers.get('retry-after')).to.equal('60');
  });

  it('static edges that cannot work', async () => {
    const edge = { edgeId: 'e1', baseUrl: 'https://e1.example/' };
    for (const edges of [
      [edge, edge],
      [edge, { ...edge, edgeId: 'e2', name: 'e1' }],
      [{ ...edge, baseUrl: 'https://e1.example/x' }],
      [{ ...edge, kpis: { bandwidth: 'fast' } }],
      [{ ...edge, edgeId: 'discover' }],
      [edge, { ...edge, edgeId: 'e2' }, { ...edge, edgeId: 'e3' }],
    ]) {
      const limits = { edgesMax: 2 };
      const failed = await startSignaling({ key, edges, limits }).catch((error: unknown) => error);
      expect(failed).to.include({ code: 'config_invalid' });
    }
  });

  it('tokens for edges that cannot be', async () => {
    const server = await start();
    for (const request of [
      { edge: '', lifetimeSeconds: 60 },
      { edge: 'e1', lifetimeSeconds: 700_000 },
      { edge: 'an edge', lifetimeSeconds: 60 },
      { edge: 'discover', lifetimeSeconds: 60 },
    ]) {
      const failed = await server.issueToken(request).catch((error: unknown) => error);
      expect(failed).to.include({ code: 'config_invalid' });
    }
  });
});
