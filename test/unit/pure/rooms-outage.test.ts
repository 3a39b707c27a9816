import { expect } from 'chai';
import { createWorld, type World } from './rooms-world.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Two groups of four; edges of the first are dark for all, that of one of the second answers. */
function twoGroups(): { world: World; dark: string[]; lit: string[] } {
  const world = createWorld({ groupMembersMax: 5, groupMembersMin: 2 });
  for (const id of ids) world.join(id);
  world.advance(1_000);
  const groupOf = (id: string) => world.client(id).directive?.groupId;
  const dark = ids.filter((id) => groupOf(id) === groupOf('a'));
  const lit = ids.filter((id) => groupOf(id) !== groupOf('a'));
  expect([dark.length, lit.length]).to.deep.equal([4, 4]);
  return { world, dark, lit };
}

function darken(world: World, viewerIds: readonly string[]): void {
  for (const id of viewerIds) world.report(id, { edgeHealth: 'dark' });
}

function bridgesOf(world: World, viewerIds: readonly string[]): [string, string, string][] {
  const here = viewerIds.filter((id) => world.client(id).closed === null);
  return here.flatMap((id) =>
    (world.client(id).directive?.bridges ?? []).map(
      ({ viewerId, role }) => [id, viewerId, role] as [string, string, string],
    ),
  );
}

describe('rooms: an outage', () => {
  it('gives the group to whose edge has answered since trouble began', () => {
    const world = createWorld();
    for (const id of ids.slice(0, 4)) world.join(id);
    world.advance(200);
    darken(world, ['a', 'b']);
    world.advance(200);
    world.report('d', { edgeSeenMs: 20 });
    world.advance(200);
    expect(world.named('a', 'master')).to.include('d');
    expect(world.named('a', 'master')).to.not.include.members(['a']);
    darken(world, ['c']);
    world.advance(200);
    expect(world.named('a', 'master')).to.deep.equal(['d']);
    // Who cannot read spreads what is read.
    expect(world.named('a', 'secondary')).to.have.length(1);
  });

  it('asks nobody for anything whose page may be gone', () => {
    const world = createWorld();
    for (const id of ids.slice(0, 4)) world.join(id);
    darken(world, ['a', 'b']);
    world.advance(200);
    world.drop('c');
    world.advance(200);
    const told = world.client('a').directive?.members.find(({ viewerId }) => viewerId === 'c');
    expect(told).to.include({ uploads: false, role: 'slave' });
    world.resume('c');
    world.advance(200);
    const back = world.client('a').directive?.members.find(({ viewerId }) => viewerId === 'c');
    expect(back).to.include({ uploads: true });
  });

  it('builds two bridges between members of their own from a group with an edge to one without', () => {
    const { world, dark, lit } = twoGroups();
    darken(world, dark);
    world.advance(200);
    const fed = bridgesOf(world, dark);
    expect(fed.map(([, , role]) => role)).to.deep.equal(['master', 'master']);
    expect(new Set(fed.flatMap((bridge) => bridge.slice(0, 2))).size).to.equal(4);
    const feeding = bridgesOf(world, lit);
    expect(feeding.map(([id, other]) => [other, id]).sort()).to.deep.equal(
      fed.map(([id, other]) => [id, other]).sort(),
    );
    expect(feeding.map(([, , role]) => role)).to.deep.equal(['slave', 'slave']);
    // The two may signal to one another, though they are not of one group.
    const [receiver, feeder] = fed[0] ?? ['', ''];
    world.takeAll();
    world.signal(receiver, feeder);
    expect(world.take(feeder).some(({ type }) => type === 'signal')).to.equal(true);
  });

  it('builds another when an end of one leaves, and none over a group that has nothing', () => {
    const { world, dark, lit } = twoGroups();
    darken(world, dark);
    world.advance(200);
    const [, feeder] = bridgesOf(world, dark)[0] ?? ['', ''];
    world.leave(feeder);
    world.advance(5_000);
    const after = bridgesOf(world, dark);
    expect(after).to.have.length(2);
    expect(after.map(([, other]) => other)).to.not.include(feeder);
    darken(
      world,
      lit.filter((id) => id !== feeder),
    );
    world.advance(5_000);
    expect(bridgesOf(world, ids)).to.deep.equal([]);
  });

  it('takes them down once the edge has been back for a while', () => {
    const { world, dark } = twoGroups();
    // What newcomers cause is over: nothing but the end of the outage makes the server look at the group.
    world.advance(20_000);
    darken(world, dark);
    world.advance(200);
    for (const id of dark) world.report(id, { edgeHealth: 'healthy', edgeSeenMs: 10 });
    world.advance(1_000);
    expect(bridgesOf(world, dark)).to.have.length(2);
    world.advance(world.limits.bridgeHoldMs + 5_000);
    expect(bridgesOf(world, ids)).to.deep.equal([]);
  });

  /** All but one of a group of four have lost their edge, and that one says that it reaches it. */
  function claimingGroup(): { world: World; dark: string[]; lit: string[] } {
    const { world, dark: all, lit } = twoGroups();
    const dark = all.slice(1);
    darken(world, dark);
    world.report(all[0] ?? '', { edgeHealth: 'healthy', edgeSeenMs: 0 });
    world.advance(200);
    return { world, dark, lit };
  }

  function gainFor(world: World, viewerIds: readonly string[], durationMs: number): void {
    for (let atMs = 0; atMs < durationMs; atMs += 4_000) {
      for (const id of viewerIds)
        world.tellHoldings(id, { gained: [`high/playlist.m3u8#${world.nowMs}`] });
      world.advance(4_000);
    }
  }

  it('believes who says that it reaches an edge for as long as the others get something', () => {
    const { world, dark } = claimingGroup();
    gainFor(world, dark, 3 * world.limits.starvedAfterMs);
    expect(bridgesOf(world, dark)).to.deep.equal([]);
    for (const id of dark) world.tellHoldings(id, {});
    world.advance(world.limits.starvedAfterMs + 5_000);
    expect(bridgesOf(world, dark)).to.have.length(2);
    // Its word counts for nothing any more in this outage, though all are fed now.
    gainFor(world, dark, world.limits.bridgeHoldMs + world.limits.starvedAfterMs + 5_000);
    expect(bridgesOf(world, dark)).to.have.length(2);
    for (const id of dark) world.report(id, { edgeHealth: 'healthy', edgeSeenMs: 10 });
    world.advance(world.limits.bridgeHoldMs + 5_000);
    expect(bridgesOf(world, ids)).to.deep.equal([]);
  });

  it('replaces who was to feed a group and does not, each once', () => {
    const { world, dark } = twoGroups();
    darken(world, dark);
    world.advance(200);
    for (const id of dark) world.tellHoldings(id, { gained: ['high/playlist.m3u8#1'] });
    const feeders = () => bridgesOf(world, dark).map(([, other]) => other);
    const first = feeders();
    expect(first).to.have.length(2);
    world.advance(world.limits.starvedAfterMs + 5_000);
    const second = feeders();
    expect(second).to.have.length(2);
    expect(second).to.not.include.members([first[0]]);
    expect(second).to.not.include.members([first[1]]);
    world.advance(world.limits.starvedAfterMs + 5_000);
    expect(feeders(), 'when all were tried').to.deep.equal([]);
  });
});
