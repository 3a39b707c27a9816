import { expect } from 'chai';
import { createWorld } from './rooms-world.ts';

describe('rooms: roles of a group', () => {
  it('names two masters and a secondary among three, and one more per four members', () => {
    const world = createWorld({ membersPerMaster: 4 });
    for (let index = 0; index < 3; index++) world.join(`v${index}`);
    world.advance(200);
    expect(world.named('v0', 'master')).to.deep.equal(['v0', 'v1']);
    expect(world.named('v0', 'secondary')).to.deep.equal(['v2']);
    for (let index = 3; index < 20; index++) world.join(`v${index}`);
    world.advance(200);
    expect(world.named('v0', 'master')).to.have.length(5);
    expect(world.named('v0', 'secondary')).to.have.length(1);
  });

  it('never names more masters than the maximum', () => {
    const world = createWorld({ membersPerMaster: 1, mastersPerGroupMax: 3 });
    for (let index = 0; index < 12; index++) world.join(`v${index}`);
    world.advance(200);
    expect(world.named('v0', 'master')).to.have.length(3);
  });

  for (const [name, profile] of [
    ['metered', { metered: true }],
    ['save-data', { saveData: true }],
    ['without consent', { uploadAllowed: false }],
  ] as const) {
    it(`names no master among viewers that are ${name}`, () => {
      const world = createWorld();
      world.join('a', { profile });
      world.join('b', { profile });
      world.advance(200);
      expect(world.named('a', 'master')).to.deep.equal([]);
      expect(world.client('a').directive?.members.map((member) => member.uploads)).to.deep.equal([
        false,
        false,
      ]);
      world.join('c');
      world.advance(200);
      expect(world.named('a', 'master')).to.deep.equal(['c']);
    });
  }

  it('promotes the secondary when a master leaves and leaves the other master alone', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c', 'd']) world.join(id);
    world.advance(200);
    expect(world.named('d', 'secondary')).to.deep.equal(['c']);
    world.leave('a');
    world.advance(200);
    expect(world.named('d', 'master')).to.deep.equal(['b', 'c']);
    expect(world.named('d', 'secondary')).to.deep.equal(['d']);
  });

  it('replaces a dropped master after the grace time and not before', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id);
    world.advance(200);
    world.drop('a');
    world.advance(world.limits.roleGraceMs - 200);
    expect(world.named('c', 'master')).to.deep.equal(['a', 'b']);
    world.advance(400);
    expect(world.named('c', 'master')).to.deep.equal(['b', 'c']);
  });

  it('takes the role from a master whose edge is dark, and keeps roles when every edge is', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id);
    world.advance(200);
    world.report('a', { edgeHealth: 'dark' });
    world.advance(200);
    expect(world.named('c', 'master')).to.deep.equal(['b', 'c']);
    world.report('b', { edgeHealth: 'dark' });
    world.advance(200);
    expect(world.named('c', 'master')).to.deep.equal(['c']);
    world.takeAll();
    world.report('c', { edgeHealth: 'dark' });
    world.advance(200);
    expect(world.named('c', 'master')).to.include('c');
    world.report('a', { edgeHealth: 'recovering' });
    world.advance(200);
    expect(world.named('c', 'master')).to.deep.equal(['a']);
  });

  it('tells the measured uplink as a power of two that does not follow every measurement', () => {
    const world = createWorld();
    world.join('a');
    const weight = () => world.client('a').directive?.members[0]?.weight;
    const bytesPerSecond = (units: number) => units * world.limits.weightUnitBytesPerSecond;
    expect(weight()).to.equal(world.limits.weightUnknown);
    world.report('a', { uplinkBytesPerSecond: bytesPerSecond(41.6) });
    world.advance(200);
    expect(weight()).to.equal(32);
    world.take('a');
    for (const units of [32, 28.8, 70.4, 25.6]) {
      world.report('a', { uplinkBytesPerSecond: bytesPerSecond(units) });
    }
    world.advance(200);
    expect(world.take('a').map((frame) => frame.type)).to.deep.equal(Array(4).fill('heartbeat'));
    world.report('a', { uplinkBytesPerSecond: 1e12 });
    world.advance(200);
    expect(weight()).to.equal(world.limits.weightMax);
    world.report('a', { uplinkBytesPerSecond: 0 });
    world.advance(200);
    expect(weight()).to.equal(1);
  });

  it('lets those read who can pass on most, and changes roles only for much more', () => {
    const world = createWorld({ membersPerMaster: 10 });
    for (const name of ['a', 'b', 'c', 'd']) world.join(name);
    expect(world.named('a', 'master')).to.deep.equal(['a', 'b']);
    const reports = (name: string, units: number, neighbourCount = 3) => {
      const uplinkBytesPerSecond = units * world.limits.weightUnitBytesPerSecond;
      world.report(name, { uplinkBytesPerSecond, neighbourCount });
      world.advance(200);
    };
    for (const name of ['a', 'b', 'c']) reports(name, 32);
    reports('d', 64);
    expect(world.named('a', 'master'), 'twice as much').to.deep.equal(['a', 'b']);
    reports('d', 256);
    expect(world.named('a', 'master'), 'much more').to.include('d');
    reports('d', 32);
    expect(world.named('a', 'master'), 'no way back for nothing').to.include('d');
  });

  it('lets nobody read for a group that can hardly link to it', () => {
    const world = createWorld();
    for (const name of ['a', 'b', 'c', 'd', 'e']) world.join(name);
    world.report('b', { neighbourCount: 1 });
    world.advance(200);
    expect(world.named('a', 'master'), 'links are still being made').to.deep.equal(['a', 'b']);
    for (let beat = 0; beat < 3; beat += 1) {
      world.advance(world.limits.heartbeatIntervalMs);
      for (const name of ['a', 'c', 'd', 'e']) world.report(name, { neighbourCount: 4 });
      world.report('b', { neighbourCount: 1 });
    }
    world.advance(200);
    expect(world.named('a', 'master')).to.have.members(['a', 'c']);
  });

  it('takes a role from a master whose edge is strained only for a better one', () => {
    const world = createWorld();
    for (const name of ['a', 'b', 'c']) world.join(name);
    world.report('a', { edgeHealth: 'strained' });
    world.advance(200);
    expect(world.named('a', 'master')).to.deep.equal(['a', 'b']);
  });
});

describe('rooms: directives', () => {
  it('welcomes with the members at once and tells the others with the same epoch', () => {
    const world = createWorld();
    world.join('a');
    world.take('a');
    const b = world.join('b');
    expect(b.welcome?.directive.members.map((member) => member.viewerId)).to.deep.equal(['a', 'b']);
    world.advance(200);
    expect(world.take('a').map((frame) => frame.type)).to.deep.equal(['directive']);
    expect(world.client('a').directive?.epoch).to.equal(b.directive?.epoch);
  });

  it('sends no directive for a report that changes nothing', () => {
    const world = createWorld();
    for (const id of ['a', 'b', 'c']) world.join(id);
    world.advance(200);
    world.takeAll();
    world.report('a', { bufferMs: 3_000, neighbourCount: 2, epoch: 7 });
    world.report('b', { edgeHealth: 'strained', profile: { batteryLevel: 0.4 } });
    world.advance(1_000);
    expect(world.takeAll().map((frame) => frame.type)).to.deep.equal(['heartbeat', 'heartbeat']);
  });

  it('makes a burst of joins cost each member few directives', () => {
    const world = createWorld();
    world.join('first');
    for (let index = 0; index < 25; index++) {
      world.join(`v${index}`);
      world.advance(10);
    }
    world.advance(200);
    const directives = world.take('first').filter((frame) => frame.type === 'directive');
    expect(directives.length).to.be.within(2, 5);
    expect(world.client('first').directive?.members).to.have.length(26);
  });

  it('keeps epochs growing when the rooms start anew with a later clock', () => {
    const before = createWorld();
    before.join('a');
    before.join('b');
    const after = createWorld();
    after.advance(5_000, false);
    const a = after.join('a');
    expect(a.welcome?.directive.epoch).to.be.above(before.client('a').epochMax);
    expect(a.welcome?.resumed).to.equal(false);
  });
});
