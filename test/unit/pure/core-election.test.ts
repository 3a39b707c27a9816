import { expect } from 'chai';
import { hashToUnit, rankByWeight } from '../../../sdk/core/swarm/rendezvous.ts';

const candidates = Array.from({ length: 8 }, (_, index) => ({ id: `v${index}`, weight: 1 }));
const keys = Array.from({ length: 8_000 }, (_, index) => `high/playlist.m3u8#${index}`);

function wins(members: readonly { id: string; weight: number }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    const winner = rankByWeight(key, members)[0] as string;
    counts.set(winner, (counts.get(winner) ?? 0) + 1);
  }
  return counts;
}

describe('rendezvous hashing', () => {
  it('hashes uniformly into (0, 1)', () => {
    const values = keys.map(hashToUnit);
    expect(Math.min(...values)).to.be.above(0);
    expect(Math.max(...values)).to.be.below(1);
    for (let bucket = 0; bucket < 10; bucket += 1) {
      const share =
        values.filter((value) => Math.floor(value * 10) === bucket).length / values.length;
      expect(share, `bucket ${bucket}`).to.be.within(0.085, 0.115);
    }
  });

  it('gives equal members equal shares', () => {
    for (const count of wins(candidates).values()) {
      expect(count / keys.length).to.be.within(1 / 8 - 0.02, 1 / 8 + 0.02);
    }
  });

  it('gives shares in proportion to weight', () => {
    const weighted = candidates.map(({ id }, index) => ({ id, weight: index === 0 ? 8 : 1 }));
    const counts = wins(weighted);
    expect((counts.get('v0') ?? 0) / keys.length).to.be.within(8 / 15 - 0.03, 8 / 15 + 0.03);
    expect((counts.get('v1') ?? 0) / keys.length).to.be.within(1 / 15 - 0.02, 1 / 15 + 0.02);
  });

  it('changes only what a member that leaves had won', () => {
    const rest = candidates.filter(({ id }) => id !== 'v3');
    for (const key of keys.slice(0, 1_000)) {
      const before = rankByWeight(key, candidates);
      expect(rankByWeight(key, rest)).to.deep.equal(before.filter((id) => id !== 'v3'));
    }
  });

  it('ranks alike whatever the order of the members', () => {
    const reversed = [...candidates].reverse();
    for (const key of keys.slice(0, 200)) {
      expect(rankByWeight(key, reversed)).to.deep.equal(rankByWeight(key, candidates));
    }
  });
});
