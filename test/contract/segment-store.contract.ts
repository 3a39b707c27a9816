import { expect } from 'chai';
import { HoldfastError } from '../../sdk/errors.ts';
import type { SegmentStore } from '../../sdk/ports/segment-store.ts';

/** What a contract run needs of an implementation. */
export interface SegmentStoresUnderTest {
  /** A store of another session of the same room, on the same disk. */
  createStore(): SegmentStore;
  /** Segments of all sessions on the disk. */
  countSegments(): Promise<number>;
}

const bytesOf = (fill: number, size = 1_000) => new Uint8Array(size).fill(fill);

async function codeOf(failing: Promise<unknown>): Promise<string> {
  try {
    await failing;
    return 'none';
  } catch (error) {
    expect(error).to.be.instanceOf(HoldfastError);
    return (error as HoldfastError).code;
  }
}

/**
 * What every implementation of `SegmentStore` does.
 * @param fillDisk From now on there is no room; returns how to undo it. Without it that case is left out.
 */
export function describeSegmentStores(
  name: string,
  setUp: () => SegmentStoresUnderTest,
  fillDisk?: () => () => void,
): void {
  describe(`segment store: ${name}`, () => {
    let subject: SegmentStoresUnderTest;
    let stores: SegmentStore[];
    const create = () => {
      const store = subject.createStore();
      stores.push(store);
      return store;
    };
    beforeEach(() => {
      subject = setUp();
      stores = [];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
    });

    it('gives back what was put, and null for what was not', async () => {
      const store = create();
      expect(await store.get('a')).to.equal(null);
      await store.put('a', bytesOf(1));
      await store.put('https://[::1]/b?c=1#"é', bytesOf(2, 0));
      expect(await store.get('a')).to.deep.equal(bytesOf(1));
      expect(await store.get('https://[::1]/b?c=1#"é')).to.deep.equal(bytesOf(2, 0));
      expect(await store.get('b')).to.equal(null);
    });

    it('leaves the bytes to the caller, and gives copies', async () => {
      const store = create();
      const bytes = bytesOf(1);
      const stored = store.put('a', bytes);
      expect(bytes.byteLength).to.equal(1_000);
      bytes.fill(9);
      await stored;
      const first = await store.get('a');
      first?.fill(8);
      expect(await store.get('a')).to.deep.equal(bytesOf(1));
    });

    it('stores a part of a larger buffer alone', async () => {
      const store = create();
      await store.put('a', bytesOf(1, 100_000).subarray(10, 20));
      const bytes = await store.get('a');
      expect(bytes).to.deep.equal(bytesOf(1, 10));
      expect(bytes?.buffer.byteLength).to.equal(10);
    });

    it('replaces, and deletes', async () => {
      const store = create();
      await store.put('a', bytesOf(1));
      await store.put('a', bytesOf(2, 5));
      expect(await store.get('a')).to.deep.equal(bytesOf(2, 5));
      await store.delete('a');
      await store.delete('never there');
      expect(await store.get('a')).to.equal(null);
      expect(await subject.countSegments()).to.equal(0);
    });

    it('does what it is asked in order, without being waited for', async () => {
      const store = create();
      const results = await Promise.all([
        store.put('a', bytesOf(1)),
        store.get('a'),
        store.put('a', bytesOf(2)),
        store.get('a'),
        store.delete('a'),
        store.get('a'),
      ]);
      expect(results).to.deep.equal([
        undefined,
        bytesOf(1),
        undefined,
        bytesOf(2),
        undefined,
        null,
      ]);
    });

    it('takes many large segments at once', async () => {
      const store = create();
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      await Promise.all(
        numbers.map((number) => store.put(`${number}`, bytesOf(number, 1_000_000))),
      );
      for (const number of numbers) {
        const bytes = await store.get(`${number}`);
        expect([bytes?.byteLength, bytes?.[999_999]]).to.deep.equal([1_000_000, number]);
      }
    });

    it('keeps sessions apart, and removes with one only its own', async () => {
      const [first, second] = [create(), create()];
      await Promise.all([first.put('a', bytesOf(1)), second.put('a', bytesOf(2))]);
      await first.put('b', bytesOf(3));
      expect(await first.get('a')).to.deep.equal(bytesOf(1));
      expect(await second.get('b')).to.equal(null);
      await first.close();
      expect(await second.get('a')).to.deep.equal(bytesOf(2));
      expect(await subject.countSegments()).to.equal(1);
    });

    it('holds and takes nothing once closed, whatever was under way', async () => {
      const store = create();
      const untouched = create();
      await store.put('a', bytesOf(1));
      const late = codeOf(store.put('b', bytesOf(2)));
      await Promise.all([store.close(), store.close()]);
      await untouched.close();
      expect(await late).to.be.oneOf(['none', 'storage_failed']);
      expect(await store.get('a')).to.equal(null);
      expect(await codeOf(store.put('c', bytesOf(3)))).to.equal('storage_failed');
      await store.delete('a');
      expect(await subject.countSegments()).to.equal(0);
    });

    if (!fillDisk) return;

    it('says so when there is no room, changes nothing, and goes on when there is again', async () => {
      const store = create();
      await store.put('a', bytesOf(1));
      const makeRoom = fillDisk();
      try {
        expect(await codeOf(store.put('a', bytesOf(2)))).to.equal('storage_failed');
        expect(await codeOf(store.put('b', bytesOf(2)))).to.equal('storage_failed');
      } finally {
        makeRoom();
      }
      expect(await store.get('a')).to.deep.equal(bytesOf(1));
      expect(await store.get('b')).to.equal(null);
      await store.put('b', bytesOf(3));
      expect(await store.get('b')).to.deep.equal(bytesOf(3));
    });
  });
}
