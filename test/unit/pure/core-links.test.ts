import { expect } from 'chai';
import { Context } from '../../../sdk/core/context.ts';
import type { CoreOptions, Effect } from '../../../sdk/core/core.ts';
import { Links } from '../../../sdk/core/room/links.ts';
import { neighboursOf, ringOf } from '../../../sdk/core/room/neighbours.ts';
import type { Member, Role } from '../../../signaling/protocol/index.ts';

type Opened = Extract<Effect, { type: 'openLink' }>;

/** One viewer's links, in virtual time. */
class LinksOfOne {
  nowMs = 0;
  readonly opened: { peer: string; initiator: boolean; atMs: number }[] = [];
  readonly closed: string[] = [];
  readonly #context = new Context({ random: () => 0.5 } as CoreOptions);
  readonly #links = new Links(this.#context, () => {});

  constructor(viewerId: string) {
    this.do((links) => links.join(viewerId, []));
  }

  do(action: (links: Links) => void): void {
    this.#context.begin(this.nowMs, true);
    action(this.#links);
    this.#links.tick();
    for (const effect of this.#context.end()) {
      if (effect.type === 'openLink') this.#note(effect);
      if (effect.type === 'closeLink') this.closed.push(effect.peer);
    }
  }

  wait(forMs: number): void {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; this.nowMs += 10)
      this.do(() => {});
  }

  offer(peer: string): void {
    this.do((links) => links.signalReceived(peer, { type: 'offer', sdp: '' }));
  }

  #note({ peer, initiator }: Opened): void {
    this.opened.push({ peer, initiator, atMs: this.nowMs });
  }
}

/** In order of joining. */
function room(...viewerIds: string[]): Member[] {
  return viewerIds.map((viewerId) => {
    const role: Role = viewerId.startsWith('m') ? 'master' : 'slave';
    return { viewerId, role, uploads: true, weight: 1 };
  });
}

describe('links to neighbours', () => {
  it('are made by whoever joined later, one after another, masters first', () => {
    const viewer = new LinksOfOne('me');
    viewer.do((links) => links.follow(room('a', 'b', 'm1', 'c', 'me')));
    viewer.wait(600);
    expect(viewer.opened.map(({ peer, initiator }) => [peer, initiator])).to.deep.equal([
      ['m1', true],
      ['a', true],
      ['b', true],
      ['c', true],
    ]);
    expect(viewer.opened.map(({ atMs }) => atMs)).to.deep.equal([0, 150, 300, 450]);
  });

  it('wait for the offers of those who come later, and take them', () => {
    const viewer = new LinksOfOne('me');
    viewer.do((links) => links.follow(room('me', 'a', 'b')));
    viewer.wait(500);
    expect(viewer.opened).to.deep.equal([]);
    viewer.offer('a');
    expect(viewer.opened).to.deep.equal([{ peer: 'a', initiator: false, atMs: 500 }]);
  });

  it('are made to others in place of those that nothing gets to, which take them as guests', () => {
    const members = room(
      'm1',
      'm2',
      'm3',
      ...Array.from({ length: 26 }, (_, index) => `s${index}`),
      'me',
    );
    const near = neighboursOf('me', members, ringOf(members));
    const viewer = new LinksOfOne('me');
    viewer.do((links) => links.follow(members));
    const out = near.find((peer) => peer.startsWith('s')) ?? '';
    viewer.wait(2_000);
    viewer.do((links) => {
      for (const peer of near) if (peer !== out) links.opened(peer);
    });
    viewer.wait(60_000);
    const peers = new Set(viewer.opened.map(({ peer }) => peer));
    const [instead, ...more] = [...peers].filter((peer) => !near.includes(peer));
    expect(more, 'one for one').to.deep.equal([]);
    const host = new LinksOfOne(instead ?? '');
    host.do((links) => links.follow(members));
    host.offer('me');
    host.do((links) => links.opened('me'));
    host.closed.length = 0;
    host.do((links) => links.follow(members));
    expect(host.closed, 'kept').to.deep.equal([]);
    host.do((links) => links.closed('me'));
    host.wait(60_000);
    const made = host.opened.filter(({ peer }) => peer === 'me');
    expect(made, 'and not made anew by the host').to.have.length(1);
  });

  it('are offered by the other side when no offer has come in five seconds', () => {
    const viewer = new LinksOfOne('me');
    viewer.do((links) => links.follow(room('me', 'a')));
    viewer.wait(5_100);
    expect(viewer.opened).to.deep.equal([{ peer: 'a', initiator: true, atMs: 5_000 }]);
  });

  it('follow the offer of who joined later when both have made one', () => {
    const older = new LinksOfOne('old');
    const younger = new LinksOfOne('young');
    for (const viewer of [older, younger]) viewer.do((links) => links.follow(room('old', 'young')));
    older.wait(5_100);
    older.offer('young');
    expect(older.opened.map(({ initiator }) => initiator)).to.deep.equal([true, false]);
    younger.offer('old');
    expect(younger.opened.map(({ initiator }) => initiator)).to.deep.equal([true]);
  });

  it('are not made anew for a peer that offers again and again', () => {
    const viewer = new LinksOfOne('me');
    viewer.do((links) => links.follow(room('me', 'a')));
    viewer.offer('a');
    viewer.do((links) => links.opened('a'));
    for (let offers = 0; offers < 5; offers += 1) viewer.offer('a');
    expect(viewer.opened).to.have.length(1);
    viewer.wait(600);
    viewer.offer('a');
    expect(viewer.opened).to.have.length(2);
  });

  it('are made anew one after another when the page wakes up', () => {
    const viewer = new LinksOfOne('m0');
    const others = Array.from({ length: 29 }, (_, index) => `v${index}`);
    viewer.do((links) => links.follow(room('m0', ...others)));
    for (const peer of others) {
      viewer.offer(peer);
      viewer.do((links) => links.opened(peer));
    }
    viewer.opened.length = 0;
    viewer.do((links) => links.disturbed(30_000));
    viewer.wait(5_000);
    expect(viewer.opened).to.have.length(29);
    const gapsMs = viewer.opened
      .slice(1)
      .map(({ atMs }, at) => atMs - (viewer.opened[at]?.atMs ?? 0));
    expect(Math.min(...gapsMs)).to.be.at.least(150);
  });

  it('leave a newcomer the time to make one to everybody', () => {
    const viewer = new LinksOfOne('late');
    const others = Array.from({ length: 29 }, (_, index) => `m${index}`);
    viewer.do((links) => links.follow(room(...others, 'late')));
    viewer.wait(4_990);
    expect(viewer.opened).to.have.length(29);
    expect(viewer.opened.every(({ initiator }) => initiator)).to.equal(true);
  });
});
