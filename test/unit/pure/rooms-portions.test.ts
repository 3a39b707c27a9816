import { expect } from 'chai';
import type { PortionFrame } from '../../../signaling/protocol/index.ts';
import { createWorld, type World } from './rooms-world.ts';

const ids = ['a', 'b', 'c', 'd'];
const segmentOf = (sequence: number) => `high/playlist.m3u8#${sequence}`;
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => segmentOf(from + index));

/** What nobody plays any more: whoever holds as much has room to keep. */
const played = Array.from({ length: 20 }, (_, index) => `low/playlist.m3u8#${index}`);

/** A group of four whose edges have gone, and which has been asked what it holds. */
function darkGroup(): World {
  const world = createWorld();
  for (const id of ids) world.join(id);
  world.advance(1_000);
  world.takeAll();
  world.report('a', { edgeHealth: 'dark' });
  world.advance(300);
  return world;
}

/** The newest portion of each, of those that were told one. */
function portions(world: World): Record<string, PortionFrame> {
  const found = ids.map((id) => {
    const frames = world.client(id).frames.filter((frame) => frame.type === 'portion');
    return [id, frames.at(-1)] as const;
  });
  return Object.fromEntries(found.filter(([, frame]) => frame)) as Record<string, PortionFrame>;
}

function keepersOf(world: World, sequence: number): string[] {
  const told = Object.entries(portions(world));
  return told.filter(([, { keeps }]) => keeps?.includes(segmentOf(sequence))).map(([id]) => id);
}

describe('rooms: portions', () => {
  it('asks members what they hold while an edge fails, and not before or after', () => {
    const world = createWorld();
    for (const id of ids) world.join(id);
    world.advance(1_000);
    world.tellHoldings('b', { gained: [segmentOf(1)] });
    expect(portions(world)).to.deep.equal({});
    expect(world.rooms.holdings('room').size).to.equal(0);
    world.report('a', { edgeHealth: 'dark' });
    world.advance(300);
    expect(Object.keys(portions(world))).to.deep.equal(ids);
    world.tellHoldings('b', { gained: [segmentOf(1)] });
    expect(world.rooms.holdings('room').get('b')).to.deep.equal(new Set([segmentOf(1)]));
    world.report('a', { edgeHealth: 'healthy' });
    world.advance(300);
    expect(Object.values(portions(world)).map(({ keeps }) => keeps)).to.deep.equal(
      ids.map(() => null),
    );
    expect(world.rooms.holdings('room').size).to.equal(0);
  });

  it('follows what members gain and lose, and forgets it with the connection', () => {
    const world = darkGroup();
    world.tellHoldings('b', { gained: range(1, 3) });
    world.tellHoldings('b', { gained: [segmentOf(4)], lost: [segmentOf(1)] });
    expect(world.rooms.holdings('room').get('b')).to.deep.equal(new Set(range(2, 4)));
    world.tellHoldings('b', { gained: range(100, 400) });
    expect(world.rooms.holdings('room').get('b')?.size).to.equal(world.limits.holdingsMax);
    world.drop('b');
    expect(world.rooms.holdings('room').has('b')).to.equal(false);
  });

  it('has two keep each segment from the slowest playhead on, first of those that hold it', () => {
    const world = darkGroup();
    for (const id of ids) world.tellHoldings(id, { gained: played });
    world.tellHoldings('b', { gained: range(1, 9), playing: [segmentOf(5)] });
    world.tellHoldings('c', { gained: range(1, 9), playing: [segmentOf(4)] });
    world.advance(300);
    expect(keepersOf(world, 3)).to.deep.equal([]);
    for (const sequence of [4, 5, 6, 7]) {
      expect(keepersOf(world, sequence)).to.deep.equal(['b', 'c']);
    }
  });

  it('has another get what one alone holds, and takes a third where that fails', () => {
    const world = darkGroup();
    for (const id of ids) world.tellHoldings(id, { gained: played });
    world.tellHoldings('b', { gained: range(1, 9), playing: [segmentOf(2)] });
    world.advance(300);
    const [first] = keepersOf(world, 2).filter((id) => id !== 'b');
    expect(keepersOf(world, 2)).to.have.length(2);
    world.advance(world.limits.portionWithinMs + 4_500);
    const [second] = keepersOf(world, 2).filter((id) => id !== 'b');
    expect(keepersOf(world, 2)).to.have.length(2);
    expect(second).to.not.equal(first);
  });

  it('has two keep an init segment, however new all that is played of it is', () => {
    const init = 'high/playlist.m3u8#init:init.mp4';
    const world = darkGroup();
    for (const id of ids) world.tellHoldings(id, { gained: played });
    world.tellHoldings('b', { gained: [init, ...range(1, 2)], playing: [segmentOf(1)] });
    world.advance(300);
    const told = Object.entries(portions(world)).filter(([, { keeps }]) => keeps?.includes(init));
    expect(told.map(([id]) => id)).to.have.length(2);
  });

  it('links whoever is to have what few hold with those that keep it', () => {
    const world = darkGroup();
    for (const id of ['b', 'c']) world.tellHoldings(id, { gained: played });
    world.tellHoldings('b', { gained: range(1, 9), playing: [segmentOf(9)] });
    world.tellHoldings('c', { gained: range(5, 9), playing: [segmentOf(9)] });
    world.tellHoldings('d', { gained: [], playing: [segmentOf(5)] });
    world.advance(300);
    const told = portions(world);
    expect(told.d?.links).to.deep.equal(['b', 'c']);
    expect(told.b?.links).to.include('d');
    expect(told.c?.links).to.include('d');
  });

  it('leaves no room of what is played to what one makes up', () => {
    const outcome = (lies: boolean): Record<string, PortionFrame> => {
      const world = darkGroup();
      for (const id of ['b', 'c', 'd'])
        world.tellHoldings(id, { gained: range(1, 40), playing: [segmentOf(1)] });
      const named = (name: string) => Array.from({ length: 16 }, (_, index) => `${name}${index}`);
      if (lies)
        world.tellHoldings('a', {
          gained: [
            ...named('high/playlist.m3u8#init:'),
            ...named('own/playlist.m3u8#init:'),
            ...named('unplayed/playlist.m3u8#init:'),
            ...named('own/playlist.m3u8#'),
          ],
          playing: [segmentOf(1), 'own/playlist.m3u8#0'],
        });
      world.advance(300);
      return portions(world);
    };
    const told = outcome(true);
    const kept = (id: string) => new Set(told[id]?.keeps);
    const unlied = outcome(false);
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      const keepers = ['b', 'c', 'd'].filter((id) => kept(id).has(segmentOf(sequence)));
      expect(keepers, `${sequence}`).to.have.length(2);
    }
    const truly = ['b', 'c', 'd'].flatMap((id) => unlied[id]?.keeps ?? []).length;
    const still = ['b', 'c', 'd'].flatMap((id) =>
      [...kept(id)].filter((each) => !each.includes('init')),
    );
    // Two names of init segments, which it alone holds, may be true: another gets each.
    expect(still.length).to.be.at.least(truly - 2);
  });

  it('takes no claim of one for what has spread', () => {
    const world = darkGroup();
    for (const id of ids) world.tellHoldings(id, { gained: played });
    world.tellHoldings('b', { gained: range(1, 9), playing: [segmentOf(1)] });
    world.tellHoldings('a', { gained: [segmentOf(1_000_000)], playing: [segmentOf(1)] });
    world.advance(300);
    // Nobody but the one that just got it is to keep what is new: it comes by itself.
    expect(keepersOf(world, 9)).to.deep.equal(['b']);
  });

  it('asks only the master of a device to keep', () => {
    const world = createWorld();
    world.join('a');
    for (const id of ['b', 'c']) world.join(id, { deviceId: 'shared' });
    world.join('d');
    world.advance(1_000);
    world.report('a', { edgeHealth: 'dark' });
    world.advance(300);
    for (const id of ids) world.tellHoldings(id, { gained: played });
    for (const id of ['b', 'c'])
      world.tellHoldings(id, { gained: range(1, 9), playing: [segmentOf(1)] });
    world.advance(300);
    const keepers = keepersOf(world, 1);
    expect(keepers).to.have.length(2);
    expect(keepers).to.not.include('c');
  });

  it('plans anew when a keeper leaves, with a later epoch', () => {
    const world = darkGroup();
    for (const id of ['b', 'c', 'd'])
      world.tellHoldings(id, { gained: range(1, 9), playing: [segmentOf(1)] });
    world.advance(300);
    const before = portions(world);
    const [leaver] = keepersOf(world, 1) as [string];
    world.takeAll();
    world.leave(leaver);
    world.advance(600);
    const after = portions(world);
    const [taker] = keepersOf(world, 1);
    expect(taker).to.not.equal(leaver);
    expect(after[taker ?? '']?.epoch).to.be.greaterThan(before[taker ?? '']?.epoch ?? Infinity);
  });

  it('tells nobody to keep more than half of what it holds, nor the room of what is new', () => {
    const world = darkGroup();
    world.tellHoldings('b', { gained: range(1, 8), playing: [segmentOf(1)] });
    world.tellHoldings('c', { gained: range(1, 8), playing: [segmentOf(1)] });
    world.advance(300);
    const told = portions(world);
    expect(told.b?.keeps).to.deep.equal(range(1, 4));
    expect(told.c?.keeps).to.deep.equal(range(1, 4));
    for (const id of ['b', 'c'])
      world.tellHoldings(id, { lost: range(6, 8), playing: [segmentOf(1)] });
    world.advance(300);
    expect(portions(world).b?.keeps).to.deep.equal([segmentOf(1)]);
  });
});
