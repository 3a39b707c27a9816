import { expect } from 'chai';
import {
  CoreViewer,
  playlistId,
  playlistText,
  playlistUrl,
  segmentOf,
  self,
} from './core-viewer.ts';

const theirUrl = `${playlistUrl}?token=theirs`;

/** Alone in its group, with what it needs for others. */
class Master extends CoreViewer {
  #loadId = 900;

  constructor() {
    super();
    this.join([{ viewerId: self, role: 'master' }]);
  }

  askPlaylist(versionHeld: number, url = theirUrl): number {
    this.#loadId += 1;
    const loadId = this.#loadId;
    this.tell({
      type: 'playlistWanted',
      loadId,
      playlistId,
      url,
      multivariant: false,
      onBehalf: true,
      versionHeld,
    });
    return loadId;
  }

  askSegment(sequence: number): number {
    this.#loadId += 1;
    const loadId = this.#loadId;
    const url = `https://their-edge.example/live/high/${sequence}.m4s`;
    const request = { segmentId: segmentOf(sequence), url, byteRange: null, durationMs: 2_000 };
    const deadlineMs = this.nowMs + 9_000;
    this.tell({ type: 'segmentWanted', loadId, request, deadlineMs, onBehalf: true });
    return loadId;
  }

  /** The edge answers the playlist's fetch that is under way. */
  fetched(text: string): void {
    for (const { fetchId } of this.take('fetchPlaylist'))
      this.tell({ type: 'playlistFetched', fetchId, text });
  }

  given(): { loadId: number; version: number | undefined }[] {
    return this.take('deliverPlaylist').map(({ loadId, version }) => ({ loadId, version }));
  }
}

const first = { oldest: 100, count: 6 };
const second = { oldest: 101, count: 6 };

describe('core: what a master loads for its device', () => {
  it('gives each viewer a playlist when it is news to that one, whoever else has it', () => {
    const master = new Master();
    const own = master.wantPlaylist();
    master.fetched(playlistText(first));
    expect(master.given()).to.deep.equal([{ loadId: own, version: undefined }]);
    // It has nothing yet, and what there is it gets at once.
    const a = master.askPlaylist(-1);
    const [given] = master.given();
    expect(given?.loadId).to.equal(a);
    const held = given?.version ?? -1;
    expect(held).to.be.greaterThan(0);
    // Both wait for the next.
    const aAgain = master.askPlaylist(held);
    const ownAgain = master.wantPlaylist();
    expect(master.given()).to.deep.equal([]);
    master.wait(2_100);
    master.fetched(playlistText(second));
    const news = master.given();
    expect(news.map(({ loadId }) => loadId)).to.have.members([aAgain, ownAgain]);
    expect(news.find(({ loadId }) => loadId === aAgain)?.version).to.be.greaterThan(held);
    // One that comes later has missed it.
    const b = master.askPlaylist(held);
    expect(master.given().map(({ loadId }) => loadId)).to.deep.equal([b]);
  });

  it('says of a copy that does not follow on what they have that they have yet to get it', () => {
    const master = new Master();
    master.askPlaylist(-1);
    master.fetched(playlistText(first));
    const [{ version: held = -1 } = { version: -1 }] = master.given();
    master.askPlaylist(held);
    master.wait(2_100);
    master.fetched(playlistText({ oldest: 200, count: 6 }));
    const [torn] = master.given();
    // It is given once more, as the own player is.
    const again = master.askPlaylist(torn?.version ?? -1);
    expect(master.given().map(({ loadId }) => loadId)).to.deep.equal([again]);
  });

  it('asks with its own URLs, and with theirs only where it has none', () => {
    const master = new Master();
    master.askPlaylist(-1);
    expect(master.effects.filter(({ type }) => type === 'fetchPlaylist')).to.have.nested.property(
      '[0].url',
      theirUrl,
    );
    const known = new Master();
    known.wantPlaylist();
    known.fetched(playlistText(first));
    known.given();
    known.askPlaylist(1_000_000);
    known.wait(10_000);
    const urls = known.take('fetchPlaylist').map(({ url }) => url);
    expect(new Set(urls)).to.deep.equal(new Set([playlistUrl]));
    known.askSegment(103);
    known.askSegment(500);
    expect(known.take('fetchSegment').map(({ url }) => url)).to.deep.equal([
      'https://edge.example/live/high/103.m4s',
      'https://their-edge.example/live/high/500.m4s',
    ]);
  });

  it('reads a segment once for all, and hands it to each', () => {
    const master = new Master();
    const loadIds = [master.wantSegment(100), master.askSegment(100), master.askSegment(100)];
    const [fetch, ...more] = master.take('fetchSegment');
    expect(more).to.deep.equal([]);
    const fetchId = fetch?.fetchId ?? -1;
    master.tell({ type: 'fetchHeaders', fetchId, sizeBytes: 10 });
    master.tell({ type: 'fetchPart', fetchId, part: 0, bytes: 10 });
    master.tell({ type: 'fetchEnded', fetchId, sizeBytes: 10 });
    expect(master.take('deliverSegment').map((effect) => effect.loadIds)).to.deep.equal([loadIds]);
    // One that comes later gets it from memory.
    const late = master.askSegment(100);
    expect(master.take('deliverSegment').map((effect) => effect.loadIds)).to.deep.equal([[late]]);
    expect(master.take('fetchSegment')).to.deep.equal([]);
  });

  it('ends a read when nobody waits for it any more', () => {
    const master = new Master();
    const loadIds = [master.askSegment(100), master.askSegment(100)];
    master.take('fetchSegment');
    for (const loadId of loadIds) {
      expect(master.take('abortFetch')).to.deep.equal([]);
      master.tell({ type: 'segmentAbandoned', loadId, segmentId: segmentOf(100) });
    }
    expect(master.take('abortFetch')).to.have.length(1);
  });

  it('gives what there is to one that holds what an encoder had before it started over', () => {
    const master = new Master();
    master.askPlaylist(-1);
    master.fetched(playlistText({ oldest: 5_000, count: 6 }));
    const [{ version = -1 } = { version: -1 }] = master.given();
    const restarted = new Master();
    restarted.join([
      { viewerId: self, role: 'master' },
      { viewerId: 'v1', role: 'master' },
    ]);
    restarted.wantPlaylist();
    restarted.fetched(playlistText({ oldest: 3, count: 6 }));
    restarted.given();
    const loadId = restarted.askPlaylist(version);
    expect(restarted.given().map((each) => each.loadId)).to.deep.equal([loadId]);
  });

  it('tells that a stream has ended to those that wait for more of it', () => {
    const master = new Master();
    master.askPlaylist(-1);
    master.fetched(playlistText(first));
    const [{ version = -1 } = { version: -1 }] = master.given();
    const waiting = master.askPlaylist(version);
    master.wait(2_100);
    master.fetched(playlistText({ ...first, ended: true }));
    expect(master.given().map(({ loadId }) => loadId)).to.deep.equal([waiting]);
  });
});
