import { expect } from 'chai';
import { createWorld, type World } from './rooms-world.ts';

function joinMany(world: World, count: number): string[] {
  const ids = Array.from({ length: count }, (_, index) => `v${index}`);
  for (const id of ids) world.join(id);
  world.advance(200);
  return ids;
}

/** Sizes of groups, ascending, from the clients' newest directives. */
function groupSizes(world: World): number[] {
  const sizes = new Map<string, number>();
  for (const client of world.connected()) {
    const { groupId = '', members = [] } = client.directive ?? {};
    sizes.set(groupId, members.length);
  }
  return [...sizes.values()].sort((a, b) => a - b);
}

describe('rooms: groups', () => {
  it('gives the viewer after a full group half of its members, masters on both sides', () => {
    const world = createWorld({ membersPerMaster: 4 });
    joinMany(world, 30);
    expect(groupSizes(world)).to.deep.equal([30]);
    world.join('late');
    world.advance(200);
    expect(groupSizes(world)).to.deep.equal([15, 16]);
    for (const client of world.connected()) {
      expect(world.named(client.viewerId, 'master').length).to.be.within(4, 5);
    }
  });

  it('takes a device for one member, however many viewers it has', () => {
    const world = createWorld({ groupMembersMax: 6, groupMembersMin: 2 });
    for (let index = 0; index < 18; index++)
      world.join(`v${index}`, { deviceId: `device-${index % 6}` });
    world.advance(200);
    const groups = world.connected().map(({ directive }) => directive?.groupId);
    expect(new Set(groups).size).to.equal(1);
    expect(world.client('v0').directive?.members).to.have.length(6);
    world.join('late');
    world.advance(200);
    expect(world.rooms.stats().groups).to.equal(2);
    for (let device = 0; device < 6; device++) {
      const ofDevice = [0, 6, 12].map(
        (offset) => world.client(`v${device + offset}`).directive?.groupId,
      );
      expect(new Set(ofDevice).size, `device ${device}`).to.equal(1);
    }
  });

  it('merges a group that has become too small, with epochs that only grow', () => {
    const world = createWorld();
    joinMany(world, 31);
    const [first] = world.connected();
    const small = first?.directive?.members.map((member) => member.viewerId) ?? [];
    for (const id of small.slice(4)) world.leave(id);
    world.advance(200);
    expect(world.counts.get('groupMerged')).to.equal(1);
    expect(new Set(world.connected().map((client) => client.directive?.groupId)).size).to.equal(1);
    expect(groupSizes(world)).to.deep.equal([4 + 31 - small.length]);
    expect(world.rooms.stats().groups).to.equal(1);
  });

  it('keeps a viewer without peers in a group of its own until it allows them', () => {
    const world = createWorld();
    joinMany(world, 3);
    world.join('loner', { profile: { peersAllowed: false } });
    world.advance(200);
    expect(world.client('loner').directive?.members).to.have.length(1);
    expect(world.named('loner', 'master')).to.deep.equal([]);
    expect(world.client('v0').directive?.members).to.have.length(3);
    world.report('loner', { profile: { peersAllowed: true } });
    world.advance(200);
    expect(world.client('loner').directive?.members).to.have.length(4);
    world.report('v0', { profile: { peersAllowed: false } });
    world.advance(200);
    expect(world.client('v0').directive?.members).to.have.length(1);
    expect(world.client('loner').directive?.members).to.have.length(3);
  });

  it('fills ten thousand viewers into level groups, at a cost per event that does not grow', () => {
    const world = createWorld({ heartbeatIntervalMs: 1_000_000 });
    for (let index = 0; index < 10_000; index++) world.join(`v${index}`);
    world.advance(200, false);
    const sizes = groupSizes(world);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(10_000);
    expect(sizes[0]).to.be.at.least(15);
    expect(sizes.at(-1)).to.be.at.most(30);
    const effects = world.report('v5000', { profile: { metered: true } });
    expect(effects.length).to.be.at.most(40);
  }).timeout(20_000);
});

describe('rooms: resume', () => {
  it('gives place, group and roles back within the grace time without telling the others', () => {
    const world = createWorld();
    joinMany(world, 4);
    const before = world.client('v0').directive;
    world.drop('v0');
    world.advance(1_000);
    world.takeAll();
    const { welcome } = world.resume('v0');
    world.advance(200);
    expect(welcome?.resumed).to.equal(true);
    expect(welcome?.directive).to.deep.equal(before);
    expect(world.take('v1')).to.deep.equal([]);
  });

  it('keeps the place for the resume window', () => {
    const world = createWorld();
    joinMany(world, 4);
    world.drop('v0');
    world.advance(world.limits.resumeWindowMs - 200);
    expect(world.client('v1').directive?.members).to.have.length(4);
    const { welcome } = world.resume('v0');
    expect(welcome?.resumed).to.equal(true);
    expect(welcome?.directive.groupRole).to.equal('slave');
    world.drop('v0');
    world.advance(world.limits.resumeWindowMs + 300);
    expect(world.client('v1').directive?.members).to.have.length(3);
    expect(world.resume('v0').welcome?.resumed).to.equal(false);
  });

  it('lets a second connection take over and tells the first', () => {
    const world = createWorld();
    const { connectionId } = world.join('a');
    const sent: unknown[] = [];
    const handle = world.rooms.handle;
    world.rooms.handle = (event, nowMs) => {
      const effects = handle(event, nowMs);
      sent.push(
        ...effects.filter(
          (effect) => 'connectionId' in effect && effect.connectionId === connectionId,
        ),
      );
      return effects;
    };
    expect(world.resume('a').welcome?.resumed).to.equal(true);
    expect(sent).to.deep.equal([
      {
        type: 'send',
        connectionId,
        frame: { type: 'bye', reason: 'replaced', reconnectAfterMs: 0 },
      },
      { type: 'close', connectionId, reason: 'replaced' },
    ]);
    world.handle({ type: 'disconnected', connectionId });
    expect(world.rooms.stats().connected).to.equal(1);
  });

  it('refuses the viewer id of another subject', () => {
    const world = createWorld();
    world.join('a');
    const thief = world.join('a', { subject: 'thief' });
    expect(thief.closed).to.equal('token_invalid');
    expect(world.rooms.stats()).to.include({ viewers: 1, connected: 1 });
  });

  it('removes a dropped viewer that two members have lost, and not for one alone', () => {
    const world = createWorld();
    joinMany(world, 4);
    world.report('v1', { lostMembers: ['v0'] });
    expect(world.rooms.stats().viewers).to.equal(4);
    world.drop('v0');
    expect(world.rooms.stats().viewers).to.equal(4);
    world.report('v1', { lostMembers: ['v0'] });
    expect(world.rooms.stats().viewers).to.equal(4);
    world.report('v2', { lostMembers: ['v0', 'nobody'] });
    expect(world.rooms.stats().viewers).to.equal(3);
    world.advance(100);
    expect(world.named('v3', 'master')).to.deep.equal(['v1', 'v2']);
  });

  it('removes at the word of the only other member, and never a connected viewer', () => {
    const world = createWorld();
    joinMany(world, 2);
    world.report('v1', { lostMembers: ['v0', 'v1'] });
    expect(world.rooms.stats().viewers).to.equal(2);
    world.drop('v0');
    // The link was reported before the socket broke: that counts.
    expect(world.rooms.stats().viewers).to.equal(1);
  });

  it('closes a silent socket and keeps its place', () => {
    const world = createWorld();
    world.join('quiet');
    world.advance(12_000, false);
    expect(world.client('quiet').closed).to.equal(null);
    world.advance(1_000, false);
    expect(world.client('quiet').closed).to.equal('silent');
    expect(world.rooms.stats()).to.include({ viewers: 1, connected: 0 });
    expect(world.resume('quiet').welcome?.resumed).to.equal(true);
  });
});

describe('rooms: signals', () => {
  it('relays inside a group, after telling the receiver who is in it', () => {
    const world = createWorld();
    joinMany(world, 2);
    world.take('v0');
    world.join('new');
    world.join('newer');
    world.take('v0');
    world.signal('newer', 'v0');
    expect(world.take('v0').map((frame) => frame.type)).to.deep.equal(['directive', 'signal']);
    expect(world.client('v0').directive?.members).to.have.length(4);
  });

  it('answers member_unknown for others, and stays connected', () => {
    const world = createWorld();
    joinMany(world, 2);
    world.join('loner', { profile: { peersAllowed: false } });
    world.join('elsewhere', { room: 'another' });
    world.drop('v1');
    world.advance(200);
    for (const to of ['loner', 'elsewhere', 'v1', 'v0', 'nobody']) {
      world.takeAll();
      world.signal('v0', to);
      expect(world.take('v0'), to).to.have.nested.property('[0].code', 'member_unknown');
      expect(world.takeAll(), to).to.deep.equal([]);
    }
    expect(world.client('v0').closed).to.equal(null);
  });

  it('refuses a second join on a connection', () => {
    const world = createWorld();
    const { connectionId, profile } = world.join('a');
    const frame = {
      type: 'join',
      version: 1,
      room: 'room',
      token: 't',
      deviceId: 'd',
      profile,
    } as const;
    world.handle({ type: 'frame', connectionId, frame });
    expect(world.client('a').closed).to.equal('already_joined');
  });
});

describe('rooms: limits and end', () => {
  it('refuses above the limits of server, room, subject and device', () => {
    const full = createWorld({ roomsMax: 1, viewersPerRoomMax: 3 });
    joinMany(full, 3);
    expect(full.join('more').closed).to.equal('room_full');
    expect(full.join('other', { room: 'other' }).closed).to.equal('server_full');
    const shared = createWorld({ viewersPerSubjectMax: 2, viewersPerDeviceMax: 2 });
    for (const id of ['a', 'b']) shared.join(id, { subject: 's', deviceId: 'd' });
    expect(shared.join('c', { subject: 's' }).closed).to.equal('room_full');
    expect(shared.join('d', { deviceId: 'd' }).closed).to.equal('room_full');
    expect(shared.rooms.stats()).to.include({ viewers: 2, connected: 2 });
  });

  it('lets absent viewers of the same subject make way', () => {
    const world = createWorld({ viewersPerSubjectMax: 2 });
    for (const id of ['a', 'b']) world.join(id, { subject: 's' });
    world.drop('a');
    world.advance(3_000);
    expect(world.join('c', { subject: 's' }).closed).to.equal(null);
    expect(world.rooms.stats().viewers).to.equal(2);
  });

  it('forgets a room when its last viewer goes', () => {
    const world = createWorld();
    joinMany(world, 40);
    for (let index = 0; index < 20; index++) world.leave(`v${index}`);
    for (let index = 20; index < 40; index++) world.drop(`v${index}`);
    world.advance(world.limits.resumeWindowMs + 300);
    expect(world.rooms.stats()).to.deep.equal({ rooms: 0, groups: 0, viewers: 0, connected: 0 });
  });

  it('says bye to everybody on shutdown, spread over time, and sends later joins away', () => {
    const world = createWorld();
    joinMany(world, 40);
    world.takeAll();
    world.handle({ type: 'shutdown' });
    for (let index = 0; index < 40; index++) {
      expect(world.take(`v${index}`)).to.deep.equal([
        { type: 'bye', reason: 'shutdown', reconnectAfterMs: 2_000 },
      ]);
    }
    expect(world.connected()).to.deep.equal([]);
    expect(world.rooms.stats()).to.deep.equal({ rooms: 0, groups: 0, viewers: 0, connected: 0 });
    expect(world.join('late').closed).to.equal('shutdown');
  });
});
