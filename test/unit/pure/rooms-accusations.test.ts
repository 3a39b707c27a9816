import { expect } from 'chai';
import { createWorld, type World } from './rooms-world.ts';

function worldOf(size: number, overrides = {}): World {
  const world = createWorld(overrides);
  for (let index = 0; index < size; index++) world.join(`v${index}`);
  world.advance(500);
  return world;
}

function uploads(world: World, viewerId: string): boolean | undefined {
  const groupId = world.client(viewerId).directive?.groupId;
  // As somebody else of the group is told.
  const asked = world
    .connected()
    .find((client) => client.viewerId !== viewerId && client.directive?.groupId === groupId);
  const members = asked?.directive?.members ?? [];
  return members.find((member) => member.viewerId === viewerId)?.uploads;
}

function accuse(world: World, accuser: string, ...accusedMembers: string[]): void {
  world.report(accuser, { accusedMembers });
  world.advance(200);
}

describe('rooms: accusations', () => {
  it('suspends accuser and accused at once and takes their roles; the accuser gets its upload back in time', () => {
    const world = worldOf(6);
    expect(world.named('v5', 'master')).to.include('v0');
    accuse(world, 'v5', 'v0');
    expect([uploads(world, 'v0'), uploads(world, 'v5'), uploads(world, 'v1')]).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect(world.named('v1', 'master')).not.to.include('v0');
    world.advance(world.limits.suspensionMs - 1_000);
    expect(uploads(world, 'v0')).to.equal(false);
    world.advance(1_500);
    expect([uploads(world, 'v0'), uploads(world, 'v5')]).to.deep.equal([false, true]);
    expect(world.counts.get('accused')).to.equal(1);
    expect(world.counts.get('suspended')).to.equal(2);
  });

  it('keeps the accused suspended for as long as its accuser is there, whatever becomes of the votes', () => {
    const world = worldOf(10);
    accuse(world, 'v1', 'v0');
    for (let minutes = 0; minutes < 30; minutes += 1) world.advance(60_000);
    accuse(world, 'v2', 'v0');
    expect([uploads(world, 'v0'), uploads(world, 'v1')]).to.deep.equal([false, true]);
    world.leave('v1');
    world.advance(200);
    expect([uploads(world, 'v0'), uploads(world, 'v2')], 'v2 stands by it').to.deep.equal([
      false,
      false,
    ]);
    world.leave('v2');
    world.advance(200);
    expect(uploads(world, 'v0')).to.equal(true);
  });

  it('lets nobody that is held hold another, its accuser least of all', () => {
    const world = worldOf(10);
    accuse(world, 'v1', 'v0');
    accuse(world, 'v0', 'v1', 'v2');
    world.advance(world.limits.suspensionMs);
    expect(['v0', 'v1', 'v2'].map((id) => uploads(world, id))).to.deep.equal([false, true, true]);
  });

  it('charges the first of many that catch one liar, and none of the others', () => {
    const world = worldOf(10);
    for (const id of ['v1', 'v2']) accuse(world, id, 'v0');
    expect([uploads(world, 'v0'), uploads(world, 'v1'), uploads(world, 'v2')]).to.deep.equal([
      false,
      false,
      true,
    ]);
    // So the second has its word left.
    accuse(world, 'v2', 'v9');
    expect([uploads(world, 'v2'), uploads(world, 'v9')]).to.deep.equal([false, false]);
  });

  it('lets whoever holds a member hold another only when the first is gone', () => {
    const world = worldOf(10);
    accuse(world, 'v1', 'v0');
    for (let minutes = 0; minutes < 15; minutes += 1) world.advance(60_000);
    accuse(world, 'v1', 'v2');
    expect([uploads(world, 'v0'), uploads(world, 'v2')]).to.deep.equal([false, true]);
    world.leave('v0');
    accuse(world, 'v1', 'v3');
    expect(uploads(world, 'v3')).to.equal(false);
  });

  it('lets all viewers of one subject, and of one device, hold one member together', () => {
    const world = worldOf(6);
    world.join('s0', { subject: 'one' });
    world.join('s1', { subject: 'one' });
    world.join('d0', { deviceId: 'two' });
    world.join('d1', { deviceId: 'two' });
    world.advance(500);
    ['s0', 's1', 'd0', 'd1'].forEach((id, index) => {
      accuse(world, id, `v${index}`);
    });
    const held = ['v0', 'v1', 'v2', 'v3'].filter((id) => !uploads(world, id));
    expect(held).to.deep.equal(['v0', 'v2']);
  });

  it('counts each pair once, however often it is reported', () => {
    const world = worldOf(6);
    for (let times = 0; times < 5; times++) accuse(world, 'v1', 'v0');
    world.advance(world.limits.suspensionMs + 500);
    accuse(world, 'v1', 'v0');
    expect(uploads(world, 'v1')).to.equal(true);
    expect(world.counts.get('accused')).to.equal(1);
    expect(world.client('v0').closed).to.equal(null);
  });

  it('lets one liar take down one member at most, at the price of its own upload', () => {
    const world = worldOf(10);
    accuse(world, 'v9', ...Array.from({ length: 9 }, (_, index) => `v${index}`));
    const suspended = world.connected().filter((client) => !uploads(world, client.viewerId));
    expect(suspended.map((client) => client.viewerId).sort()).to.deep.equal(['v0', 'v9']);
    // Whoever leaves pays no more, so its word is worth nothing any more.
    world.leave('v9');
    world.advance(200);
    expect(uploads(world, 'v0')).to.equal(true);
  });

  it('does not remove an honest member on the word of two in ten', () => {
    const world = worldOf(10);
    for (const honest of ['v0', 'v1', 'v2']) {
      accuse(world, 'v8', honest);
      accuse(world, 'v9', honest);
    }
    expect(world.connected()).to.have.length(10);
    expect(world.counts.get('removed')).to.equal(undefined);
  });

  it('removes a liar that enough devices name, for good, and takes its victims at their word', () => {
    const world = worldOf(10);
    accuse(world, 'v9', 'v1');
    accuse(world, 'v0', 'v9');
    accuse(world, 'v1', 'v9');
    expect(world.client('v9').closed).to.equal(null);
    accuse(world, 'v2', 'v9');
    expect(world.client('v9').closed).to.equal('removed');
    expect(world.take('v9')).to.deep.include({
      type: 'error',
      code: 'removed',
      message: 'members of the room got bad parts from here',
      fatal: true,
    });
    for (const id of ['v0', 'v1', 'v2']) expect(uploads(world, id), id).to.equal(true);
    expect(world.named('v0', 'master').concat(world.named('v0', 'slave'))).not.to.include('v9');
    // By its key, by its device, and by its key from another device.
    world.resume('v9');
    expect(world.client('v9').closed).to.equal('removed');
    world.join('fresh', { subject: 'subject-v9', deviceId: 'device-v9' });
    expect(world.client('fresh').closed).to.equal('removed');
    world.join('v9', { subject: 'subject-v9', deviceId: 'other' });
    expect(world.client('v9').closed).to.equal('removed');
    world.join('sibling', { subject: 'subject-v9', deviceId: 'other' });
    expect(world.client('sibling').closed).to.equal(null);
  });

  it('removes all that the liar has on its device, and in the end all of its subject', () => {
    const world = worldOf(5);
    for (let index = 0; index < world.limits.removedDevicesPerSubjectMax; index++) {
      const options = { subject: 'liar', deviceId: `liar${index}` };
      world.join(`a${index}`, options);
      world.join(`b${index}`, options);
      world.advance(200);
      for (const id of ['v0', 'v1', 'v2']) accuse(world, id, `a${index}`);
      expect(world.client(`a${index}`).closed).to.equal('removed');
      expect(world.client(`b${index}`).closed).to.equal('removed');
    }
    world.join('again', { subject: 'liar', deviceId: 'never seen' });
    expect(world.client('again').closed).to.equal('removed');
  });

  it('counts many devices of one subject, and many viewers of one device, once', () => {
    const world = worldOf(4);
    for (let index = 0; index < 3; index++) {
      world.join(`s${index}`, { subject: 'one' });
      world.join(`d${index}`, { deviceId: 'one', subject: `d${index}` });
    }
    world.advance(500);
    for (const id of ['s0', 's1', 's2', 'd0', 'd1', 'd2']) accuse(world, id, 'v0');
    // Two votes; three are needed of ten members.
    expect(world.client('v0').closed).to.equal(null);
    accuse(world, 'v1', 'v0');
    expect(world.client('v0').closed).to.equal('removed');
  });

  it('ignores accusations of strangers, of oneself, and of members of another group', () => {
    const world = worldOf(12, { groupMembersMax: 6, groupMembersMin: 2 });
    world.advance(world.limits.formerMembersMs + 1_000);
    const groupOf = (id: string) => world.client(id).directive?.groupId;
    const other = world.connected().find((client) => groupOf(client.viewerId) !== groupOf('v0'));
    accuse(world, 'v0', 'v0', 'nobody', other?.viewerId ?? '');
    expect(world.counts.get('accused')).to.equal(undefined);
    expect(uploads(world, 'v0')).to.equal(true);
  });

  it('hears of a member that was moved to another group a moment ago', () => {
    const world = worldOf(6, { groupMembersMax: 6, groupMembersMin: 2 });
    world.join('v6');
    world.advance(200);
    const groupOf = (id: string) => world.client(id).directive?.groupId;
    const moved = ['v1', 'v2', 'v3', 'v4', 'v5'].find((id) => groupOf(id) !== groupOf('v0')) ?? '';
    accuse(world, 'v0', moved);
    expect(world.counts.get('accused')).to.equal(1);
    // It was never in one group with the newcomer.
    accuse(world, 'v6', groupOf('v6') === groupOf('v0') ? moved : 'v0');
    expect(world.counts.get('accused')).to.equal(1);
  });

  it('finds the votes again when the accused leaves and comes back, on another device too', () => {
    const world = worldOf(10);
    accuse(world, 'v0', 'v9');
    accuse(world, 'v1', 'v9');
    world.leave('v9');
    world.join('again', { subject: 'subject-v9', deviceId: 'another' });
    world.advance(200);
    world.advance(2 * world.limits.suspensionMs + 500);
    expect(uploads(world, 'again')).to.equal(false);
    accuse(world, 'v2', 'again');
    expect(world.client('again').closed).to.equal('removed');
  });

  it('forgets votes in time, so that liars who pass by do not add up', () => {
    const world = worldOf(10, { accusationMs: 120_000 });
    accuse(world, 'v1', 'v0');
    accuse(world, 'v2', 'v0');
    world.advance(120_000);
    accuse(world, 'v3', 'v0');
    expect(world.client('v0').closed).to.equal(null);
  });
});
