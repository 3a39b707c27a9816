import { expect } from 'chai';
import { neighboursOf, ringOf } from '../../../sdk/core/room/neighbours.ts';
import { entriesOf, treeParent } from '../../../sdk/core/swarm/tree.ts';
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
    it(`reaches all of ${size} without a cycle, in few hops`, () => {
      const members = membersOf(size);
      const ring = ringOf(members);
      const ids = members.map(({ viewerId }) => viewerId);
      for (let part = 0; part < 60; part += 1) {
        const key = `high#${part % 10}|${part}`;
        const entries = entriesOf([], ids, part, size);
        const parents = new Map<string, string>();
        for (const viewerId of ids) {
          if (entries.includes(viewerId)) continue;
          const neighbours = neighboursOf(viewerId, members, ring).map(feeding);
          const parent = treeParent(key, feeding(viewerId), neighbours, entries);
          if (parent !== null) parents.set(viewerId, parent);
        }
        for (const child of parents.keys())
          expect(hops(parents, child), `${child} below its entry`).to.be.within(1, 10);
        // Where nobody comes before, somebody who holds the part is asked later on.
        expect(parents.size).to.be.at.least((ids.length - entries.length) * 0.6);
      }
    });
  }

  it('lets different parts enter at different members, in more places of larger groups', () => {
    const order = membersOf(24).map(({ viewerId }) => viewerId);
    const hubs = ['h0', 'h1'];
    const entries = [0, 1, 2, 3].map((part) => entriesOf(hubs, order, part, 30));
    expect(entries.map(([hub]) => hub)).to.deep.equal(['h0', 'h1', 'h0', 'h1']);
    expect(new Set(entries.map(([, other]) => other)).size).to.equal(4);
    expect(entriesOf(hubs, order, 0, 6), 'all are linked to all').to.deep.equal([order[0]]);
    expect(entriesOf(hubs, [], 0, 30)).to.deep.equal(['h0']);
    expect(entriesOf([], [], 3, 2)).to.deep.equal([]);
  });

  it('puts members that may not upload below others', () => {
    const members = membersOf(9).map(({ viewerId }, index) => ({
      id: viewerId,
      uploads: index % 2 === 0,
      weight: 1,
    }));
    for (const self of members) {
      const others = members.filter((other) => other !== self && other.uploads);
      for (let part = 0; part < 20; part += 1) {
        const parent = treeParent(`high#1|${part}`, self, others, []);
        if (!self.uploads) expect(parent, 'a leaf has a parent').to.not.equal(null);
      }
    }
  });

  it('spreads the uploading in proportion to shares', () => {
    const ids = membersOf(10).map(({ viewerId }) => viewerId);
    const shareOf = (id: string): number => (ids.indexOf(id) < 5 ? 3 : 1);
    const uploads = new Map<string, number>();
    for (let part = 0; part < 2_000; part += 1) {
      for (const self of ids) {
        const others = ids.filter((id) => id !== self).map((id) => ({ id, weight: shareOf(id) }));
        const parent = treeParent(`high#${part}`, feeding(self), others, []);
        if (parent) uploads.set(parent, (uploads.get(parent) ?? 0) + 1);
      }
    }
    const mean = (of: string[]): number =>
      of.reduce((sum, id) => sum + (uploads.get(id) ?? 0), 0) / of.length;
    expect(mean(ids.slice(0, 5)) / mean(ids.slice(5))).to.be.within(2, 4);
    const equal = ids.slice(0, 5).map((id) => uploads.get(id) ?? 0);
    expect(Math.max(...equal) / Math.min(...equal)).to.be.below(1.3);
  });
});

function feeding(id: string) {
  return { id, uploads: true, weight: 1 };
}

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

function hops(parents: ReadonlyMap<string, string>, child: string): number {
  let count = 0;
  for (let id: string | undefined = child; id !== undefined; id = parents.get(id)) {
    count += 1;
    if (count > parents.size + 1) throw new Error(`a cycle at ${id}`);
  }
  return count - 1;
}
