import { expect } from 'chai';
import fc from 'fast-check';
import type { EdgesEvent, EdgesRequest } from '../../signaling/core/index.ts';
import { limits, parseClientFrame, parseEdges } from '../../signaling/protocol/index.ts';
import {
  type EdgeInput,
  parseDiscovery,
  parseHeartbeat,
  parseRegistration,
} from '../../signaling/protocol/registration.ts';
import { createEdgesWorld, type EdgesWorld } from '../unit/pure/edges-world.ts';

/** What an edge, a viewer or somebody else might send; some of it is damaged before it gets in. */
type Step =
  | { do: 'register'; edge: number; body: unknown }
  | { do: 'heartbeat'; edge: number; body: unknown }
  | { do: 'deregister'; edge: number }
  | { do: 'join'; viewer: number; room: number; needs: unknown }
  | { do: 'leave'; viewer: number }
  | { do: 'report'; viewer: number; outcomes: unknown; edge: number }
  | { do: 'discover'; body: unknown }
  | { do: 'advance'; ms: number };

const codes = /^(registration|heartbeat|discovery)_invalid$|^kpi_\w+$/;
const profile = {
  ...{ metered: false, saveData: false, uploadAllowed: true, peersAllowed: true },
  batteryLevel: null,
};

const edge = fc.nat({ max: 14 });
const viewer = fc.nat({ max: 9 });
const roomName = fc.constantFrom('r0', 'r1', 'r2');
const role = fc.constantFrom('active', 'active', 'spare', 'draining');
const load = fc.oneof(fc.constantFrom(null, 0, 0.5, 0.96, 1), fc.double({ min: 0, max: 1 }));
const kpiTexts = fc.record(
  { bandwidth: fc.constantFrom('1 Mbps', '5 Mbps', '1 Gbps'), jitter: fc.constantFrom('3 ms') },
  { requiredKeys: [], noNullPrototype: true },
);
const junk = fc.oneof(
  fc.constantFrom(null, '', -1, 1e308, Number.NaN, [], {}, '__proto__', 'x'.repeat(3_000)),
  fc.anything(),
);

const registration = fc.record(
  {
    baseUrl: fc.constantFrom('https://e.example/', 'http://10.0.0.1:8080/live/'),
    name: fc.constantFrom('east', 'west', 'north'),
    rooms: fc.oneof(fc.constant(null), fc.uniqueArray(roomName, { minLength: 1 })),
    region: fc.constantFrom(null, 'eu', 'us'),
    kpis: kpiTexts,
    load,
    costPerGigabyte: fc.constantFrom(null, 0, 0.1),
    role,
  },
  { requiredKeys: ['baseUrl'], noNullPrototype: true },
);
const heartbeat = fc.record(
  { load, role, kpis: kpiTexts },
  { requiredKeys: [], noNullPrototype: true },
);
const needs = fc.record(
  { minimum: kpiTexts, expected: kpiTexts, isStrict: fc.boolean() },
  { noNullPrototype: true },
);
const discovery = fc.record(
  { room: roomName, needs, deviceId: fc.constantFrom('d1', 'd2') },
  { requiredKeys: ['room'], noNullPrototype: true },
);
const countOf = fc.constantFrom(0, 1, 5, Number.MAX_SAFE_INTEGER);
const measured = fc.constantFrom(null, 0, 1, 20, 1e308);
const outcomes = fc.array(
  fc.record({
    edgeId: edge.map((index) => `e${index}`),
    ...{ successCount: countOf, failureCount: countOf },
    ...{ firstByteMs: measured, bytesPerMs: measured },
  }),
  { maxLength: 9 },
);

/** Replaces one field, or all, by something else; every second time. */
function mutated(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    arbitrary,
    fc.tuple(arbitrary, fc.nat(), junk).map(([value, at, bad]) => {
      if (typeof value !== 'object' || value === null) return bad;
      const keys = [...Object.keys(value), 'extra'];
      const key = keys[at % (keys.length + 1)];
      return key === undefined ? bad : { ...value, [key]: bad };
    }),
  );
}

const record = <Name extends string>(name: Name, fields: object) =>
  fc.record({ do: fc.constant(name), ...fields }) as fc.Arbitrary<never>;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: record('register', { edge, body: mutated(registration) }) },
  { weight: 4, arbitrary: record('heartbeat', { edge, body: mutated(heartbeat) }) },
  { weight: 1, arbitrary: record('deregister', { edge }) },
  {
    weight: 3,
    arbitrary: record('join', { viewer, room: fc.nat({ max: 2 }), needs: mutated(needs) }),
  },
  { weight: 1, arbitrary: record('leave', { viewer }) },
  { weight: 6, arbitrary: record('report', { viewer, outcomes: mutated(outcomes), edge }) },
  { weight: 4, arbitrary: record('discover', { body: mutated(discovery) }) },
  { weight: 3, arbitrary: record('advance', { ms: fc.integer({ min: 0, max: 20_000 }) }) },
);

/** What was refused has a code that says so. */
function parsed<T>(input: EdgeInput<T>): T | null {
  if (input.ok) return input.value;
  expect(input.code).to.match(codes);
  expect(input.message.length).to.be.within(1, 300);
  return null;
}

/** As they come over HTTP and in frames: through JSON. */
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

function perform(world: EdgesWorld, step: Step): void {
  if (step.do === 'advance') world.advance(step.ms);
  else if (step.do === 'register') {
    const registration = parsed(parseRegistration(`e${step.edge}`, json(step.body)));
    if (registration) tell(world, { type: 'registered', registration });
  } else if (step.do === 'heartbeat') {
    const heartbeat = parsed(parseHeartbeat(json(step.body)));
    if (heartbeat) tell(world, { type: 'heartbeat', edgeId: `e${step.edge}`, heartbeat });
  } else if (step.do === 'deregister')
    tell(world, { type: 'deregistered', edgeId: `e${step.edge}` });
  else if (step.do === 'discover') {
    const asked = parsed(parseDiscovery(json(step.body)));
    if (asked) checkBody(world, asked);
  } else performOfViewer(world, step);
}

/** A refusal changes nothing. */
function tell(world: EdgesWorld, event: EdgesEvent): void {
  // What time has made due by itself comes first.
  world.handle({ type: 'woke' });
  const before = stateOf(world);
  const answer = world.handle(event);
  if (!answer) throw new Error('no answer');
  if (answer.ok) return;
  expect(answer.code).to.be.oneOf(['edge_unknown', 'edge_static', 'edges_full', 'room_edges_full']);
  expect(stateOf(world)).to.equal(before);
}

function stateOf({ directory, nowMs }: EdgesWorld): string {
  const request = { needs: null, deviceId: null, network: null };
  const bodies = ['r0', 'r1', 'r2'].map((room) => directory.discover({ ...request, room }, nowMs));
  return JSON.stringify([bodies, directory.stats()]);
}

function performOfViewer(world: EdgesWorld, step: Step & { viewer: number }): void {
  const connectionId = `v${step.viewer}`;
  const isThere = world.viewers.has(connectionId);
  if (step.do === 'join' && !isThere) {
    const asked = parseDiscovery({ room: 'x', needs: json(step.needs) });
    const needs = asked.ok ? asked.value.needs : null;
    world.join(connectionId, { room: `r${step.room}`, network: `n${step.viewer % 2}`, needs });
  } else if (step.do === 'leave' && isThere) world.leave(connectionId);
  else if (step.do === 'report') {
    const frame = parseClientFrame(
      JSON.stringify({
        ...{ type: 'report', epoch: 0, profile, edgeHealth: 'healthy', bufferMs: null },
        ...{ uplinkBytesPerSecond: null, neighbourCount: 0, lostMembers: [] },
        ...{ accusedMembers: [], plays: [], edgeOutcomes: step.outcomes },
      }),
    );
    if (frame.ok && frame.value.type === 'report')
      world.report(connectionId, frame.value.edgeOutcomes ?? [], `e${step.edge}`);
  }
}

/** Whatever came before, a list is one that a viewer takes, and consistent in itself. */
function checkBody(world: EdgesWorld, asked: Omit<EdgesRequest, 'network'>): void {
  const before = stateOf(world);
  const request = { ...asked, network: 'n0' };
  const body = world.directory.discover(request, world.nowMs);
  expect(parseEdges(JSON.stringify(body)), 'a viewer takes it').to.deep.equal(json(body));
  expect(body.edges.length).to.be.at.most(limits.edgesPerRoomMax);
  expect(body.excluded.length).to.be.at.most(limits.edgeExclusionsMax);
  const ids = [...body.edges, ...body.excluded].map(({ edgeId }) => edgeId);
  expect(new Set(ids).size, 'offered or excluded, and once').to.equal(ids.length);
  const names = body.edges.map(({ name }) => name);
  expect(new Set(names).size, 'one edge to a name').to.equal(names.length);
  expect(body.failing === null || body.edges.length === 0).to.equal(true);
  expect(stateOf(world), 'a question changes nothing').to.equal(before);
}

/** Each edge says what it is; together that is what the directory says. */
function checkPlaces(world: EdgesWorld): void {
  const roles = { active: 0, spare: 0, draining: 0 };
  for (let index = 0; index <= 14; index++) {
    const answer = world.beat(`e${index}`);
    if (!answer?.ok) continue;
    roles[answer.role]++;
    expect(answer.name !== null).to.equal(answer.role === 'active');
  }
  expect(world.directory.stats()).to.deep.equal({ ...roles, viewers: world.viewers.size });
}

describe('edge directory: whatever comes', () => {
  it('throws never, wakes never at once, refuses with a code, and keeps its lists in order', function () {
    this.timeout(60_000);
    let stepCount = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        // The world checks each wake-up and each body.
        const world = createEdgesWorld({ limits: { edgesMax: 12, edgesOfRoomMax: 6 } });
        for (const each of steps) perform(world, each);
        for (const room of ['r0', 'r1', 'r2'])
          checkBody(world, { room, needs: null, deviceId: null });
        checkPlaces(world);
        stepCount += steps.length;
      }),
      { numRuns: 400 },
    );
    expect(stepCount).to.be.at.least(10_000);
  });

  it('refuses or takes a registration, and nothing in between', () => {
    const texts = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }), fc.webUrl());
    fc.assert(
      fc.property(texts, fc.anything(), (baseUrl, extra) => {
        const input = parseRegistration('e1', json({ baseUrl, region: extra }));
        if (!input.ok) {
          expect(input.code).to.equal('registration_invalid');
          return;
        }
        expect(new URL('a/b.m4s', input.value.baseUrl).href).to.include('a/b.m4s');
        expect(parseRegistration('e1', { baseUrl: input.value.baseUrl }).ok).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
