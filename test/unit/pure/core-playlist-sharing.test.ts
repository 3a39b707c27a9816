import { expect } from 'chai';
import fc from 'fast-check';
import { encodePeerMessage, parsePeerMessage } from '../../../sdk/core/peer-wire.ts';
import { readMediaPlaylist } from '../../../signaling/protocol/playlist-text.ts';
import { CoreViewer, playlistId, playlistUrl, self } from './core-viewer.ts';

/** A copy with all that packagers write, some of which nobody here reads; segment 20 begins after a discontinuity. */
function copy(first: number, lowLatency = false): string {
  const sequences = [first, first + 1, first + 2, first + 3];
  const segments = sequences.flatMap((sequence) => [
    ...(sequence === 20 ? ['#EXT-X-DISCONTINUITY', '#EXT-X-MAP:URI="init-b.mp4"'] : []),
    `#EXT-X-PROGRAM-DATE-TIME:2030-01-01T00:00:${sequence}.040+02:00`,
    ...(lowLatency
      ? [0, 1, 2].map((part) => `#EXT-X-PART:DURATION=0.66667,URI="${sequence}-${part}.m4s"`)
      : ['#EXT-X-BITRATE:1400']),
    `#EXTINF:2.00000,\tä "title", with commas  `,
    `${sequence}.m4s?token=a%2Fb&x=1`,
  ]);
  const head = lowLatency
    ? [
        '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=2.0,CAN-SKIP-UNTIL=24.0',
        '#EXT-X-PART-INF:PART-TARGET=0.66667',
      ]
    : [];
  const tail = lowLatency
    ? [
        `#EXT-X-PART:DURATION=0.66667,URI="${first + 4}-0.m4s",INDEPENDENT=YES`,
        `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${first + 4}-1.m4s"`,
        `#EXT-X-RENDITION-REPORT:URI="../low/playlist.m3u8",LAST-MSN=${first + 4},LAST-PART=0`,
      ]
    : [];
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:2',
    ...head,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first > 20 ? 8 : 7}`,
    '#EXT-X-DATERANGE:ID="ad-1",START-DATE="2030-01-01T00:00:19Z",DURATION=30,X-COM-EXAMPLE="a,b"',
    '## A note; and a tag of tomorrow:',
    '#EXT-X-FUTURE:WHATEVER=0xAB',
    '#EXT-X-MAP:URI="init-a.mp4"',
    '',
    ...segments,
    ...tail,
  ].join('\r\n');
}

type Neighbour = { viewerId: string; role: 'master' | 'slave'; isBridge?: boolean };

/** A viewer that plays, linked to these. */
function viewerWith(role: 'master' | 'slave', neighbours: Neighbour[]): CoreViewer {
  const viewer = new CoreViewer();
  const own = { viewerId: self, role };
  viewer.join([own, ...neighbours.filter(({ isBridge }) => !isBridge)]);
  const bridges = neighbours.filter(({ isBridge }) => isBridge);
  const member = (each: { viewerId: string; role: 'master' | 'slave' }) => ({
    viewerId: each.viewerId,
    role: each.role,
    uploads: true,
    weight: 1,
  });
  viewer.tell({
    type: 'frameReceived',
    frame: {
      type: 'directive',
      epoch: 50,
      groupId: 'g1',
      deviceRole: 'master',
      groupRole: role,
      members: [own, ...neighbours.filter(({ isBridge }) => !isBridge)].map(member),
      bridges: bridges.map(member),
    },
  });
  for (const { viewerId } of bridges) {
    viewer.tell({ type: 'linkOpened', peer: viewerId });
    viewer.says(viewerId, { type: 'hello', version: 1, follows: [] });
  }
  for (const { viewerId } of neighbours)
    viewer.says(viewerId, { type: 'follow', follows: [{ playlistId, version: -1 }] });
  return viewer;
}

/** What it passes to this peer, as that one reads it from the wire. */
function passed(viewer: CoreViewer, peer: string): string[] {
  const texts = viewer.sent('playlist').filter((each) => each.peer === peer);
  viewer.take('sendPeer');
  return texts.map(({ peer: _, ...message }) => {
    const parsed = parsePeerMessage(encodePeerMessage(message));
    if (!parsed.ok || parsed.value.type !== 'playlist') throw new Error('lost on the wire');
    return parsed.value.text;
  });
}

function receive(viewer: CoreViewer, texts: readonly string[]): string[] {
  viewer.wantPlaylist();
  viewer.wait(100);
  for (const text of texts) viewer.says('up', { type: 'playlist', playlistId, text });
  return viewer.take('deliverPlaylist').map(({ text }) => text);
}

describe('a shared playlist', () => {
  for (const lowLatency of [false, true])
    it(`crosses a group and a bridge byte for byte${lowLatency ? ', with low-latency parts' : ''}`, () => {
      const reader = viewerWith('master', [{ viewerId: 'down', role: 'slave', isBridge: true }]);
      const fed = viewerWith('slave', [
        { viewerId: 'up', role: 'master', isBridge: true },
        { viewerId: 'down', role: 'slave' },
      ]);
      const last = viewerWith('slave', [{ viewerId: 'up', role: 'slave' }]);
      for (let first = 17; first <= 22; first += 1) {
        const text = copy(first, lowLatency);
        reader.wantPlaylist();
        reader.wait(2_100);
        for (const { fetchId } of reader.take('fetchPlaylist'))
          reader.tell({ type: 'playlistFetched', fetchId, text });
        expect(reader.take('deliverPlaylist').at(-1)?.text, 'reader').to.equal(text);
        const across = passed(reader, 'down');
        expect(across, 'over the bridge').to.deep.equal([text]);
        expect(receive(fed, across).at(-1), 'fed').to.equal(text);
        const home = passed(fed, 'down');
        expect(home, 'passed on').to.deep.equal([text]);
        expect(receive(last, home).at(-1), 'last').to.equal(text);
        for (const viewer of [fed, last]) viewer.wait(2_000);
      }
    });

  it('never goes back, in whatever order copies come', () => {
    const firsts = fc.array(fc.integer({ min: 10, max: 26 }), { minLength: 2, maxLength: 14 });
    fc.assert(
      fc.property(firsts, fc.boolean(), (order, lowLatency) => {
        const viewer = viewerWith('slave', [
          { viewerId: 'up', role: 'master', isBridge: true },
          { viewerId: 'down', role: 'slave' },
        ]);
        const newest = (text: string) => readMediaPlaylist(text, playlistUrl)?.newestSequence ?? -1;
        const delivered: number[] = [];
        const shared: number[] = [];
        for (const first of order) {
          delivered.push(...receive(viewer, [copy(first, lowLatency)]).map(newest));
          shared.push(...passed(viewer, 'down').map(newest));
          viewer.wait(500);
        }
        expect(delivered.length, 'delivers').to.be.at.least(1);
        for (const each of [delivered, shared])
          expect(each).to.deep.equal([...each].sort((a, b) => a - b));
      }),
      { seed: 20_260_101, numRuns: 150 },
    );
  });
});
