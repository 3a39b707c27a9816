import { expect } from 'chai';
import { segmentTurnEvery } from '../../../sdk/core/outage/edge-thresholds.ts';
import { Turns } from '../../../sdk/core/outage/turns.ts';
import type { Room } from '../../../sdk/core/room/room.ts';

/** Whose turn each of these is, in order, with its round. */
function turnsOf(count: number, until: number): { turn: number; round: number }[] {
  const members = Array.from({ length: count }, (_, index) => ({ viewerId: `viewer-${index}` }));
  const all = members.flatMap(({ viewerId }) => {
    const turns = new Turns({ members, viewerId, clockOffsetMs: 0 } as unknown as Room);
    const own = [turns.next(0)];
    for (let last = own[0]; last && last.turn < until; last = own.at(-1))
      own.push(turns.next(last.turn + 1));
    return own;
  });
  return all.sort((a, b) => a.turn - b.turn).filter(({ turn }) => turn < until);
}

describe('turns of a group to probe an edge', () => {
  for (const count of [1, 5, 8, 30])
    it(`are one a second of ${count}, and no two running are kept for segments`, () => {
      const turns = turnsOf(count, 960);
      expect(turns.map(({ turn }) => turn)).to.deep.equal([...turns.keys()]);
      const isForSegments = ({ round }: { round: number }) =>
        round % segmentTurnEvery === segmentTurnEvery - 1;
      const kept = turns.filter(isForSegments).map(({ turn }) => turn);
      expect(kept.length, 'kept').to.be.above(0);
      // Who has no segment to ask for leaves such a turn unused.
      for (const [index, turn] of kept.entries())
        expect(turn - (kept[index - 1] ?? -2), `before turn ${turn}`).to.be.above(1);
    });
});
