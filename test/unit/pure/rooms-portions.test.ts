import { expect } from 'chai';
import type { HoldingsFrame, PortionFrame } from '../../../signaling/protocol/index.ts';
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

function tell(world: World, viewerId: string, frame: Partial<HoldingsFrame>): void {
  const { connectionId } = world.client(viewerId);
  const holdings = { gained: [], lost: [], playing: [], ...frame };
  world.handle({ type: 'frame', connectionId, frame: { type: 'holdings', ...holdings } });
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
    tell(world, 'b', { gained: [segmentOf(1)] });
    expect(portions(world)).to.deep.equal({});
    expect(world.rooms.holdings('room').size).to.equal(0);
    world.report('a', { edgeHealth: 'dark' });
    world.advance(300);
    expect(Object.keys(portions(world))).to.deep.equal(ids);
    tell(world, 'b', { gained: [segmentOf(1)] });
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
    tell(world, 'b', { gained: range(1, 3) });
    tell(world, 'b', { gained: [segmentOf(4)], lost: [segmentOf(1)] });
    expect(world.rooms.holdings('room').get('b')).to.deep.equal(new Set(range(2, 4)));
    tell(world, 'b', { gained: range(100, 400) });
    expect(world.rooms.holdings('room').get('b')?.size).to.equal(world.limits.holdingsMax);
    world.drop('b');
    expect(world.rooms.holdings('room').has('b')).to.equal(false);
  });

  it('has two keep each segment from the slowest playhead on, first of those that hold it', () => {
    const world = darkGroup();
    for (const id of ids) tell(world, id, { gained: played });
    tell(world, 'b', { gained: range(1, 9), playing: [segmentOf(5)] });
    tell(world, 'c', { gained: range(1, 9), playing: [segmentOf(4)] });
    world.advance(300);
    expect(keepersOf(world, 3)).to.deep.equal([]);
    for (const sequence of [4, 5, 6, 7]) {
      expect(keepersOf(world, sequence)).to.deep.equal(['b', 'c']);
    }
  });

  it('has another get what one alone holds, and takes a third where that fails', () => {
    const world = darkGroup();
    for (const id of ids) tell(world, id, { gained: played });
    tell(world, 'b', { gained: range(1, 9), playing: [segmentOf(2)] });
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
    for (const id of ids) tell(world, id, { gained: played });
    tell(world, 'b', { gained: [init, ...range(1, 2)], playing: [segmentOf(1)] });
    world.advance(300);
    const told = Object.entries(portions(world)).filter(([, { keeps }]) => keeps?.includes(init));
    expect(told.map(([id]) => id)).to.have.length(2);
  });

  it('links whoever is to have what few hold with those that keep it', () => {
    const world = darkGroup();
    for (const id of ['b', 'c']) tell(world, id, { gained: played });
    tell(world, 'b', { gained: range(1, 9), playing: [segmentOf(9)] });
    tell(world, 'c', { gained: range(5, 9), playing: [segmentOf(9)] });
    tell(world, 'd', { gained: [], playing: [segmentOf(5)] });
    world.advance(300);
    const told = portions(world);
    expect(told.d?.links).to.deep.equal(['b', 'c']);
    expect(told.b?.links).to.include('d');
    expect(told.c?.links).to.include('d');
  });

  it('counts two viewers of a device as one', () => {
    const world = createWorld();
    world.join('a');
    for (const id of ['b', 'c']) world.join(id, { deviceId: 'shared' });
    world.join('d');
    world.advance(1_000);
    world.report('a', { edgeHealth: 'dark' });
    world.advance(300);
    for (const id of ids) tell(world, id, { gained: played });
    for (const id of ['b', 'c']) tell(world, id, { gained: range(1, 9), playing: [segmentOf(1)] });
    world.advance(300);
    const keepers = keepersOf(world, 1);
    expect(keepers).to.have.length(2);
    expect(keepers).to.not.include.members(['b', 'c']);
  });

  it('plans anew when a keeper leaves, with a later epoch', () => {
    const world = darkGroup();
    for (const id of ['b', 'c', 'd'])
      tell(world, id, { gained: range(1, 9), playing: [segmentOf(1)] });
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
    tell(world, 'b', { gained: range(1, 8), playing: [segmentOf(1)] });
    tell(world, 'c', { gained: range(1, 8), playing: [segmentOf(1)] });
    world.advance(300);
    const told = portions(world);
    expect(told.b?.keeps).to.deep.equal(range(1, 4));
    expect(told.c?.keeps).to.deep.equal(range(1, 4));
    for (const id of ['b', 'c']) tell(world, id, { lost: range(6, 8), playing: [segmentOf(1)] });
    world.advance(300);
    expect(portions(world).b?.keeps).to.deep.equal([segmentOf(1)]);
  });
});
