import { expect } from 'chai';
import { createWorld } from './rooms-world.ts';

describe('rooms: roles of a device', () => {
  it('makes the first viewer master, the second secondary, later ones slaves', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c', 'd']) world.join(id, { deviceId: 'one' });
    world.join('e', { deviceId: 'two' });
    world.advance(200);
    expect(['a', 'b', 'c', 'd', 'e'].map(world.deviceRole)).to.deep.equal([
      'master',
      'secondary',
      'slave',
      'slave',
      'master',
    ]);
  });

  it('promotes the secondary and the next slave when the master leaves', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'one' });
    world.leave('a');
    world.advance(200);
    expect(world.client('a').closed).to.equal('left');
    expect(['b', 'c'].map(world.deviceRole)).to.deep.equal(['master', 'secondary']);
  });

  it('keeps the role of a dropped master for the grace time, then gives it on; back, it stands last', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'one' });
    world.drop('a');
    world.advance(world.limits.roleGraceMs - 200);
    expect(world.deviceRole('b')).to.equal('secondary');
    world.advance(400);
    expect(world.deviceRole('b')).to.equal('master');
    world.resume('a');
    world.advance(200);
    expect(['b', 'c', 'a'].map(world.deviceRole)).to.deep.equal(['master', 'secondary', 'slave']);
  });

  it('has the master alone in the group, and tells it whom it feeds', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'one' });
    world.join('d');
    world.advance(200);
    const { members = [], siblings = [] } = world.client('a').directive ?? {};
    expect(members.map(({ viewerId }) => viewerId)).to.deep.equal(['a', 'd']);
    expect(siblings.map(({ viewerId, role }) => `${viewerId} ${role}`)).to.deep.equal([
      'b secondary',
      'c slave',
    ]);
    expect(world.client('d').directive?.members).to.have.length(2);
    expect(world.client('d').directive?.siblings).to.equal(undefined);
  });

  it('tells a slave whose it is, and which streams it is not sent, as they change', () => {
    const world = createWorld();
    world.join('a', { deviceId: 'one' });
    world.report('a', { plays: ['low.m3u8'] });
    world.join('b', { deviceId: 'one', profile: { uploadAllowed: false } });
    const told = () => world.client('b').directive;
    expect(told()).to.deep.include({ deviceRole: 'secondary', groupRole: 'slave' });
    expect(world.named('b', 'master')).to.deep.equal(['a']);
    expect(told()?.withheld).to.deep.equal(['low.m3u8']);
    const { epoch = 0 } = told() ?? {};
    world.advance(200);
    world.report('a', { plays: ['low.m3u8', 'high.m3u8'] });
    expect(told()?.withheld).to.deep.equal(['low.m3u8', 'high.m3u8']);
    expect(told()?.epoch).to.be.greaterThan(epoch);
    world.takeAll();
    world.report('a');
    expect(world.take('b')).to.deep.equal([]);
    // However often it changes, they are told no oftener than of anything else.
    for (let times = 0; times < 40; times++) {
      world.report('a', { plays: [`${times}.m3u8`] });
      world.advance(5, false);
    }
    world.advance(200);
    const directives = world.take('b').filter(({ type }) => type === 'directive');
    expect(directives.length).to.be.within(1, 4);
    expect(told()?.withheld).to.deep.equal(['39.m3u8']);
  });

  it('tells slaves nothing of what only concerns their group', () => {
    const world = createWorld();
    for (const id of ['a', 'b']) world.join(id, { deviceId: 'one' });
    world.advance(500);
    world.takeAll();
    for (const id of ['x', 'y', 'z']) world.join(id);
    world.report('x', { uplinkBytesPerSecond: 4_000_000 });
    world.advance(500);
    expect(world.take('a').some(({ type }) => type === 'directive')).to.equal(true);
    expect(world.take('b').some(({ type }) => type === 'directive')).to.equal(false);
  });

  it('tells them whatever changes their order, and what their lines are worth', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.join(id, { deviceId: 'one' });
    world.drop('c');
    world.advance(world.limits.roleGraceMs + 200);
    const line = () => world.client('e').directive?.members.map(({ viewerId }) => viewerId);
    expect(line()).to.deep.equal(['a', 'b', 'd', 'e', 'c']);
    world.report('d', { uplinkBytesPerSecond: 4_000_000 });
    world.advance(200);
    const weights = world.client('e').directive?.members.map(({ weight }) => weight) ?? [];
    expect(weights[2]).to.be.greaterThan(weights[3] ?? Infinity);
  });

  it('gives the device to one that is known to reach an edge when the master has lost its own', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'one' });
    world.report('c', { edgeSeenMs: 60_000 });
    world.report('a', { edgeHealth: 'dark' });
    world.advance(200);
    // Nobody is known to do better.
    expect(world.deviceRole('a')).to.equal('master');
    world.report('c', { edgeSeenMs: 100 });
    world.advance(200);
    expect(['b', 'c', 'a'].map(world.deviceRole)).to.deep.equal(['master', 'secondary', 'slave']);
    // The order among those that have an edge is as it was; what b's is worth it finds out now.
    world.report('b', { edgeHealth: 'dark' });
    world.report('c', { edgeSeenMs: 100 });
    world.advance(200);
    expect(world.deviceRole('c')).to.equal('master');
  });

  it('lets one viewer make it change its master now and then, and no oftener', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c', 'd']) world.join(id, { deviceId: 'one' });
    world.report('d', { missedMaster: 'a' });
    world.report('d', { missedMaster: 'b' });
    // Nor one that leads nobody.
    world.report('c', { missedMaster: 'd' });
    world.advance(200, false);
    expect(['a', 'b', 'c', 'd'].map(world.deviceRole)).to.deep.equal([
      'slave',
      'master',
      'secondary',
      'slave',
    ]);
  });

  it('puts the successor into the place of the master, with a newer epoch for all', () => {
    const world = createWorld();
    world.join('a', { deviceId: 'one' });
    for (const id of ['x', 'y']) world.join(id);
    for (const id of ['b', 'c']) world.join(id, { deviceId: 'one' });
    world.report('a', { uplinkBytesPerSecond: 4_000_000 });
    world.advance(200);
    const epochs = ['b', 'c', 'x'].map((id) => world.client(id).epochMax);
    world.leave('a');
    world.advance(200);
    for (const id of ['b', 'x', 'y']) {
      const members = world.client(id).directive?.members ?? [];
      // It makes the links, so it counts as the newest; and its line is the one that was measured.
      expect(members.map(({ viewerId }) => viewerId)).to.deep.equal(['x', 'y', 'b']);
      expect(members[2]?.weight).to.equal(128);
    }
    expect(world.named('c', 'master')).to.deep.equal(['b']);
    for (const [index, id] of ['b', 'c', 'x'].entries())
      expect(world.client(id).epochMax).to.be.greaterThan(epochs[index] ?? Infinity);
    expect(world.rooms.stats()).to.include({ groups: 1, viewers: 4 });
  });

  it('gives the device to the next at once when a viewer of it misses the master', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'one' });
    world.join('x');
    world.report('x', { missedMaster: 'a' });
    expect(world.deviceRole('a')).to.equal('master');
    // It hangs: its socket is still there.
    world.report('b', { lostMembers: ['a'] });
    expect(world.deviceRole('a')).to.equal('master');
    world.report('b', { missedMaster: 'a' });
    world.advance(200, false);
    expect(['b', 'c', 'a'].map(world.deviceRole)).to.deep.equal(['master', 'secondary', 'slave']);
    // The next is known to be gone.
    world.drop('b');
    world.report('c', { missedMaster: 'b' });
    world.advance(200, false);
    expect(world.deviceRole('c')).to.equal('master');
    // Heard of again, the first is no worse than others.
    world.report('a');
    world.leave('c');
    world.advance(200);
    expect(world.deviceRole('a')).to.equal('master');
  });

  it('has another lead those that are linked while the master has dropped, or may not upload', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id, { deviceId: 'site' });
    world.advance(200);
    world.drop('a');
    world.advance(150, false);
    expect(world.deviceRole('b')).to.equal('secondary');
    expect(world.named('c', 'master')).to.deep.equal(['b']);
    world.resume('a');
    world.advance(200);
    expect(world.named('c', 'master')).to.deep.equal(['a']);
    world.report('a', { profile: { metered: true } });
    world.advance(200);
    expect(world.named('c', 'master')).to.deep.equal(['b']);
    expect(world.client('c').directive?.members[0]?.viewerId).to.equal('a');
  });

  it('makes an agent the master, whenever it comes', () => {
    const world = createWorld();
    for (const id of ['a', 'b']) world.join(id, { deviceId: 'site' });
    world.join('agent', { deviceId: 'site', leads: true });
    world.advance(200);
    expect(['agent', 'a', 'b'].map(world.deviceRole)).to.deep.equal([
      'master',
      'secondary',
      'slave',
    ]);
    // It comes back with a token that says nothing of this.
    world.drop('agent');
    world.advance(world.limits.roleGraceMs + 200);
    world.client('agent').leads = false;
    world.resume('agent');
    world.advance(200);
    expect(world.deviceRole('a')).to.equal('master');
    world.leave('agent');
    world.advance(200);
    expect(['a', 'b'].map(world.deviceRole)).to.deep.equal(['master', 'secondary']);
  });

  it('follows a successor into a group of its own where that has no peers', () => {
    const world = createWorld();
    for (const id of ['x', 'y']) world.join(id);
    world.join('a', { deviceId: 'one' });
    for (const id of ['b', 'c'])
      world.join(id, { deviceId: 'one', profile: { peersAllowed: false } });
    world.leave('a');
    world.advance(200);
    expect(world.client('b').directive?.members).to.have.length(1);
    expect(world.client('c').directive?.groupId).to.equal(world.client('b').directive?.groupId);
    expect(world.client('x').directive?.members).to.have.length(2);
    expect(world.rooms.stats()).to.include({ groups: 2, viewers: 4 });
  });
});
