import { expect } from 'chai';
import fc from 'fast-check';
import { type Client, createWorld, type World } from '../unit/pure/rooms-world.ts';

type Step =
  | { do: 'join'; who: number; device: number; peers: boolean; upload: boolean }
  | { do: 'drop'; who: number }
  | { do: 'leave'; who: number }
  | { do: 'resume'; who: number }
  | { do: 'signal'; who: number; other: number }
  | { do: 'lost'; who: number; other: number }
  | { do: 'accuse'; who: number; other: number }
  | { do: 'health'; who: number; health: 'healthy' | 'dark' }
  | { do: 'profile'; who: number; metered: boolean; peers: boolean }
  | { do: 'uplink'; who: number; uplinkBytesPerSecond: number }
  | { do: 'advance'; ms: number; reporting: boolean };

const who = fc.nat({ max: 24 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      who,
      device: fc.nat({ max: 12 }),
      peers: fc.nat({ max: 5 }).map((value) => value > 0),
      upload: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('signal' as const), who, other: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lost' as const), who, other: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('accuse' as const), who, other: who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('health' as const),
      who,
      health: fc.constantFrom('healthy', 'dark'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('profile' as const),
      who,
      metered: fc.boolean(),
      peers: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('uplink' as const),
      who,
      uplinkBytesPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.integer({ min: 1, max: 14_000 }),
      reporting: fc.boolean(),
    }),
  },
);

function perform(world: World, step: Step): void {
  if (step.do === 'advance') {
    world.advance(step.ms, step.reporting);
    return;
  }
  const id = `v${step.who}`;
  const client = world.clients.get(id);
  if (step.do === 'join') {
    if (client?.closed === null) return;
    const profile = { peersAllowed: step.peers, uploadAllowed: step.upload };
    world.join(id, { deviceId: `d${step.device}`, profile });
    return;
  }
  if (!client) return;
  if (step.do === 'resume') world.resume(id);
  else if (client.closed !== null) return;
  else if (step.do === 'drop') world.drop(id);
  else if (step.do === 'leave') world.leave(id);
  else if (step.do === 'signal') world.signal(id, `v${step.other}`);
  else if (step.do === 'lost')
    world.report(id, { lostMembers: [`v${step.other}`], missedMaster: `v${step.other}` });
  else if (step.do === 'accuse') world.report(id, { accusedMembers: [`v${step.other}`] });
  else if (step.do === 'health') world.report(id, { edgeHealth: step.health });
  else if (step.do === 'uplink')
    world.report(id, { uplinkBytesPerSecond: step.uplinkBytesPerSecond });
  else world.report(id, { profile: { metered: step.metered, peersAllowed: step.peers } });
}

function willingly({ profile }: Client): boolean {
  return profile.uploadAllowed && profile.peersAllowed && !profile.metered && !profile.saveData;
}

/** Whoever is accused may be held by one that is there. Slaves of a device upload to nobody. */
function uploads(client: Client): boolean {
  const { members = [], deviceRole } = client.directive ?? {};
  if (deviceRole !== 'master') return false;
  return members.some((member) => member.viewerId === client.viewerId && member.uploads);
}

/** What must hold once everybody who dropped is gone and nothing is on its way. */
function checkQuiet(world: World, accusers: ReadonlySet<string>): void {
  const connected = world.connected();
  const held = connected.filter(
    (client) => client.directive?.deviceRole === 'master' && willingly(client) && !uploads(client),
  );
  const holders = connected.filter(({ viewerId }) => accusers.has(viewerId));
  const holderDevices = new Set(holders.map(({ deviceId }) => deviceId));
  expect(held.length, 'held').to.be.at.most(holderDevices.size);
  for (const client of connected) if (uploads(client)) expect(willingly(client)).to.equal(true);
  expect(world.rooms.stats()).to.include({
    viewers: connected.length,
    connected: connected.length,
  });
  const devices = groupBy(connected, (client) => client.deviceId);
  for (const [deviceId, clients] of devices) {
    const roles = clients.map((client) => client.directive?.deviceRole).sort();
    const expected = ['master', 'secondary', ...Array(64).fill('slave')]
      .slice(0, clients.length)
      .sort();
    expect(roles, `roles of ${deviceId}`).to.deep.equal(expected);
  }
  for (const ofDevice of devices.values()) checkDevice(ofDevice);
  const leading = connected.filter(({ directive }) => directive?.deviceRole === 'master');
  const groups = groupBy(leading, (client) => client.directive?.groupId ?? '');
  expect(world.rooms.stats().groups).to.equal(groups.size);
  for (const [groupId, clients] of groups) checkGroup(world, groupId, clients);
  const small = [...groups.values()].filter(
    (clients) => clients.length === 1 && shares(clients[0]),
  );
  const room = [...groups.values()].some(
    (clients) =>
      clients.length > 1 && clients.length < world.limits.groupMembersMax && shares(clients[0]),
  );
  if (small.length > 0) expect(room, 'somebody is alone while others have room').to.equal(false);
}

function groupBy(clients: Client[], keyOf: (client: Client) => string): Map<string, Client[]> {
  const groups = new Map<string, Client[]>();
  for (const client of clients) {
    const key = keyOf(client);
    groups.set(key, [...(groups.get(key) ?? []), client]);
  }
  return groups;
}

function shares(client: Client | undefined): boolean {
  return client?.profile.peersAllowed ?? false;
}

/** All viewers of a device know the same ones, and are told of the same group. */
function checkDevice(clients: Client[]): void {
  const ids = clients.map((client) => client.viewerId).sort();
  for (const { viewerId, directive } of clients) {
    const { deviceRole, members = [], siblings = [] } = directive ?? {};
    const told =
      deviceRole === 'master'
        ? [...siblings.map((each) => each.viewerId), viewerId]
        : members.map((each) => each.viewerId);
    expect(told.sort(), `device as ${viewerId} knows it`).to.deep.equal(ids);
  }
  expect(new Set(clients.map(({ directive }) => directive?.groupId)).size).to.equal(1);
}

function checkGroup(world: World, groupId: string, clients: Client[]): void {
  const name = `group ${groupId}`;
  expect(
    new Set(clients.map((client) => client.directive?.epoch)).size,
    `${name}: epochs`,
  ).to.equal(1);
  const ids = clients.map((client) => client.viewerId).sort();
  for (const client of clients) {
    const named = client.directive?.members.map((member) => member.viewerId).sort();
    expect(named, `${name} as ${client.viewerId} knows it`).to.deep.equal(ids);
    if (!client.profile.peersAllowed) expect(ids, name).to.deep.equal([client.viewerId]);
  }
  const able = clients.filter(uploads);
  const lit = able.filter((client) => client.report.edgeHealth !== 'dark');
  const whole = lit.filter((client) => client.report.edgeHealth !== 'partial');
  const candidates = [whole, lit].find(({ length }) => length > 0) ?? able;
  const masters = clients.filter((client) => client.directive?.groupRole === 'master');
  for (const master of masters) expect(candidates, `${name}: unwilling master`).to.include(master);
  const { membersPerMaster, mastersPerGroupMax } = world.limits;
  const hubs = Math.min(
    Math.max(2, Math.ceil(clients.length / membersPerMaster)),
    mastersPerGroupMax,
  );
  const wanted = Math.min(hubs, candidates.length);
  expect(masters.length, `${name}: masters`).to.be.within(wanted, wanted + 1);
  const secondaries = clients.filter((client) => client.directive?.groupRole === 'secondary');
  // Where few can read, others spread what these bring.
  expect(secondaries.length, `${name}: secondaries`).to.equal(
    Math.min(able.length - masters.length, Math.max(1, hubs - masters.length)),
  );
}

describe('rooms: whatever happens', () => {
  it('never breaks a promise to any viewer', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.integer({ min: 2, max: 8 }),
        (steps, max) => {
          // Those of accusers are over when everything is quiet.
          const world = createWorld({
            groupMembersMax: max,
            mastersPerGroupMax: 3,
            suspensionMs: 20_000,
          });
          for (const each of steps) perform(world, each);
          for (const client of world.connected()) world.report(client.viewerId);
          world.advance(world.limits.resumeWindowMs + 1_000);
          const accusers = steps.filter((each) => each.do === 'accuse');
          checkQuiet(world, new Set(accusers.map(({ who }) => `v${who}`)));
          for (const client of world.connected()) world.leave(client.viewerId);
          expect(world.rooms.stats()).to.deep.equal({
            rooms: 0,
            groups: 0,
            viewers: 0,
            connected: 0,
          });
        },
      ),
      { seed: 20_260_102, numRuns: 300 },
    );
  }).timeout(60_000);

  it('decides the same from the same events', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const record = () => {
          const world = createWorld({ groupMembersMax: 4 });
          for (const each of steps) perform(world, each);
          return world.takeAll();
        };
        expect(record()).to.deep.equal(record());
      }),
      { seed: 20_260_103, numRuns: 50 },
    );
  }).timeout(60_000);
});
