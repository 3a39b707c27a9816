import { expect } from 'chai';
import { RowKeys } from '../../../sdk/adapters/row-keys.ts';

/** Sequences from one on, at these keys. */
function keysOf(...pairs: [sequence: number, key: number][]): RowKeys {
  const keys = new RowKeys();
  for (const [sequence, key] of pairs) keys.add(sequence, key);
  return keys;
}

describe('keys of rows on a shared disk', () => {
  it('are one entry as long as nobody else writes', () => {
    const keys = new RowKeys();
    for (let sequence = 5; sequence < 1_000; sequence += 1) keys.add(sequence, sequence + 70);
    expect(keys.runCount).to.equal(1);
    expect([keys.through(4), keys.through(5), keys.through(600)]).to.deep.equal([null, 75, 670]);
  });

  it('follow the rows where others write in between', () => {
    const keys = keysOf([1, 1], [2, 2], [3, 8], [4, 9], [5, 20]);
    expect([1, 2, 3, 4, 5].map((sequence) => keys.through(sequence))).to.deep.equal([
      1, 2, 8, 9, 20,
    ]);
  });

  it('stay below the next row where some were never written, and below what others wrote last', () => {
    // 3 to 9 are lost, and 10 follows at once.
    const keys = keysOf([1, 1], [2, 2], [10, 3], [11, 4]);
    expect([keys.through(7), keys.through(10), keys.through(50)]).to.deep.equal([2, 3, 4]);
  });

  it('forget what is deleted', () => {
    const keys = keysOf([1, 1], [2, 5], [3, 9], [4, 10]);
    keys.forgetThrough(1);
    expect(keys.runCount).to.equal(3);
    keys.forgetThrough(3);
    expect([keys.runCount, keys.through(3), keys.through(4)]).to.deep.equal([1, 9, 10]);
    keys.clear();
    expect(keys.through(4)).to.equal(null);
  });
});
