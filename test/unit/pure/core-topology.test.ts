import { expect } from 'chai';
import { neighboursOf, ringOf } from '../../../sdk/core/room/neighbours.ts';
import { treeParent } from '../../../sdk/core/swarm/tree.ts';
import { limits, type Member, type Role } from '../../../signaling/protocol/index.ts';

function membersOf(count: number, mastersCount = Math.max(2, Math.ceil(count / 10))): Member[] {
  return Array.from({ length: count }, (_, index) => {
    const role: Role =
      index < mastersCount ? 'master' : index === mastersCount ? 'secondary' : 'slave';
    return { viewerId: `viewer-${index * 7919}`, role, uploads: true, weight: 1 };
  });
}

const sizes = [1, 2, 3, 8, 11, 12, 17, 20, 30];

describe('neighbours', () => {
  for (const size of sizes) {
    it(`are symmetric, few and enough among ${size}`, () => {
      const members = membersOf(size);
      const ring = ringOf(members);
      const linked = new Map(
        members.map(({ viewerId }) => [viewerId, new Set(neighboursOf(viewerId, members, ring))]),
      );
      for (const { viewerId, role } of members) {
        const near = linked.get(viewerId) ?? new Set();
        expect(near.has(viewerId)).to.equal(false);
        for (const other of near)
          expect(linked.get(other)?.has(viewerId), 'symmetric').to.equal(true);
        if (role === 'slave') expect(near.size).to.be.at.most(limits.neighboursMax);
        else expect(near.size, 'masters reach all').to.equal(size - 1);
      }
      expect(reached(linked, members[0]?.viewerId ?? '').size).to.equal(size);
    });
  }

  it('are alike whatever the order of the members', () => {
    const members = membersOf(30);
    const shuffled = [...members].sort((a, b) => (a.viewerId < b.viewerId ? 1 : -1));
    const near = (all: Member[]) => neighboursOf('viewer-79190', all, ringOf(all)).sort();
    expect(near(shuffled)).to.deep.equal(near(members));
  });

  it('of a stranger are none', () => {
    const members = membersOf(5);
    expect(neighboursOf('stranger', members, ringOf(members))).to.deep.equal([]);
  });
});

describe('the tree of a part', () => {
  for (const size of sizes) {
    it(`reaches all of ${size} without a cycle, in few hops, with few copies each`, () => {
      const members = membersOf(size);
      const ring = ringOf(members);
      const root = members[0]?.viewerId ?? '';
      const copies = new Map<string, number>();
      const keys = Array.from(
        { length: 60 },
        (_, index) => `high#${index % 10}|${index % 6}.${index}`,
      );
      for (const key of keys) {
        const parents = new Map(
          members
            .filter(({ viewerId }) => viewerId !== root)
            .map(({ viewerId }) => {
              const others = neighboursOf(viewerId, members, ring)
                .filter((id) => id !== root)
                .map((id) => ({ id, uploads: true }));
              return [
                viewerId,
                treeParent(key, { id: viewerId, uploads: true }, others, ring) ?? root,
              ];
            }),
        );
        for (const [child, parent] of parents) {
          expect(hops(parents, child, root), `${child} below the root`).to.be.within(1, 6);
          const copiesKey = `${key}>${parent}`;
          copies.set(copiesKey, (copies.get(copiesKey) ?? 0) + 1);
        }
      }
      expect(Math.max(0, ...copies.values()), 'copies of one part by one member').to.be.at.most(8);
    });
  }

  it('asks nothing of members that may not upload, and still feeds them', () => {
    const members = membersOf(9);
    const ring = ringOf(members);
    const fed = members.map(({ viewerId }, index) => ({ id: viewerId, uploads: index % 2 === 0 }));
    for (const self of fed) {
      const others = fed.filter((other) => other !== self);
      for (let part = 0; part < 20; part += 1) {
        const parent = treeParent(`high#1|${part}`, self, others, ring);
        if (parent !== null) expect(fed.find(({ id }) => id === parent)?.uploads).to.equal(true);
        if (!self.uploads) expect(parent, 'a leaf has a parent').to.not.equal(null);
      }
    }
  });

  it('spreads the uploading evenly over the parts', () => {
    const members = membersOf(30);
    const ring = ringOf(members);
    const uploads = new Map<string, number>();
    for (let part = 0; part < 400; part += 1) {
      for (const { viewerId } of members) {
        const others = neighboursOf(viewerId, members, ring).map((id) => ({ id, uploads: true }));
        const parent = treeParent(`high#${part}`, { id: viewerId, uploads: true }, others, ring);
        if (parent) uploads.set(parent, (uploads.get(parent) ?? 0) + 1);
      }
    }
    const counts = members.map(({ viewerId }) => uploads.get(viewerId) ?? 0);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(Math.max(...counts) / mean).to.be.at.most(2);
  });
});

function reached(linked: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const seen = new Set([from]);
  const left = [from];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    for (const next of linked.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      left.push(next);
    }
  }
  return seen;
}

function hops(parents: ReadonlyMap<string, string>, child: string, root: string): number {
  let count = 0;
  for (let id = child; id !== root; count += 1) {
    if (count > parents.size) throw new Error(`a cycle at ${id}`);
    id = parents.get(id) ?? root;
  }
  return count;
}
