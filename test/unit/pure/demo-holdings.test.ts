import { expect } from 'chai';
import {
  horizonOf,
  type RoomReading,
  type ViewerReading,
  viewHoldings,
} from '../../../demo/page/holdings.ts';
import { outageWords, speedWords } from '../../../demo/page/outage-words.ts';

type Segment = ViewerReading['segments'][number];

function segment(sequence: number, facts: Partial<Segment> = {}): Segment {
  const bytes = { edge: 0, peers: 1_000 };
  const segmentId = `high/playlist.m3u8#${sequence}`;
  return { segmentId, heldShare: 1, bytes, pending: null, holders: 0, isKept: false, ...facts };
}

function viewer(number: number, facts: Partial<ViewerReading> = {}): ViewerReading {
  return {
    number,
    role: 'slave',
    edge: 'edge-a',
    health: 'healthy',
    reason: '',
    readsEdge: false,
    playhead: 100.5,
    playbackRate: 1,
    isStalled: false,
    segments: [99, 100, 101, 102].map((sequence) => segment(sequence)),
    ...facts,
  };
}

const cutOff = { health: 'dark', reason: 'network' } as const;
const reader = { role: 'master', readsEdge: true } as const;

function view(viewers: ViewerReading[], facts: Partial<RoomReading> = {}) {
  return viewHoldings({
    viewers,
    others: 0,
    horizonAgeMs: 500,
    segmentMs: 2_000,
    columnCount: 10,
    ...facts,
  });
}

describe('what the demo draws of an outage', () => {
  it('names nobody first or second while the edges answer', () => {
    const { phase, sentence, rows } = view([viewer(1, reader), viewer(2)]);
    expect(phase).to.equal('calm');
    expect(sentence).to.equal('The edges answer. Viewer 1 reads for the room.');
    expect(rows.map(({ standing }) => standing)).to.deep.equal([null, null]);
  });

  it('calls first who reads from an edge, second whom they feed', () => {
    const { phase, sentence, rows } = view([
      viewer(1, cutOff),
      viewer(2, reader),
      // Its edge may be gone as well: it has not tried.
      viewer(3),
    ]);
    expect(phase).to.equal('partial');
    expect(sentence).to.equal('Viewer 2 reaches its edge and feeds the other 2.');
    expect(rows.map(({ standing }) => standing)).to.deep.equal(['second', 'first', 'second']);
    expect(rows[0]?.edge).to.equal('edge A dark: no connection');
  });

  it('tells an edge that gives only one kind of thing from one that gives all', () => {
    const half = viewer(1, { ...reader, health: 'partial', reason: 'segments: status 503' });
    expect(view([half, viewer(2)]).phase).to.equal('total');
    expect(view([half, viewer(2, reader)]).rows[0]?.standing).to.equal('second');
  });

  it('tells of a strained edge as long as it is read from', () => {
    const strained = viewer(2, { health: 'strained', reason: 'throughput', readsEdge: true });
    expect(view([viewer(1, reader), strained]).sentence).to.equal(
      'Viewer 2 gets too little from the edges; the others help out.',
    );
    expect(view([viewer(1, reader), { ...strained, readsEdge: false }]).phase).to.equal('calm');
  });

  it('knows a room that another page feeds', () => {
    const viewers = [viewer(1, cutOff), viewer(2, cutOff)];
    const { phase, rows } = view(viewers, { others: 2 });
    expect(phase).to.equal('elsewhere');
    expect(rows.map(({ standing }) => standing)).to.deep.equal(['second', 'second']);
    expect(view(viewers, { others: 2, horizonAgeMs: 7_000 }).phase).to.equal('total');
  });

  it('counts down to the horizon when nobody reaches an edge', () => {
    const at = (playhead: number, playbackRate = 1) =>
      view([
        viewer(1, { ...cutOff, playhead, playbackRate }),
        viewer(2, { ...cutOff, playhead: 99 }),
      ]);
    expect(at(100.5).leftMs).to.equal(5_000);
    expect(at(100.5).rows.map(({ leftMs }) => leftMs)).to.deep.equal([5_000, 8_000]);
    expect(at(101.5, 0.95).leftMs).to.be.closeTo(3_158, 1);
    expect(at(100.5).rows.map(({ standing }) => standing)).to.deep.equal(['adrift', 'adrift']);
    const [standing] = view([viewer(1, { ...cutOff, playhead: 102.95, isStalled: true })]).rows;
    expect(standing?.leftMs).to.equal(0);
  });

  it('ends the horizon at what nobody holds, whoever holds the rest', () => {
    const held = [100, 101].map((sequence) => segment(sequence));
    const heard = segment(102, { heldShare: 0, holders: 1 });
    const part = segment(103, { heldShare: 0.9 });
    const behindGap = segment(104);
    const one = viewer(1, { segments: [...held, part, behindGap] });
    expect(view([one]).rows[0]?.leftMs).to.equal(3_000);
    expect(view([one, viewer(2, { playhead: null, segments: [heard] })]).leftMs).to.equal(5_000);
    expect(horizonOf(new Set(), [100.5])).to.equal(100.5);
    expect(horizonOf(new Set(), [])).to.equal(null);
    // What is on the screen may have left the room's memory.
    expect(horizonOf(new Set([101, 102]), [100.5])).to.equal(103);
  });

  it('shows segments around the playheads, and does not wait for one far behind', () => {
    expect(view([viewer(1), viewer(2, { playhead: 99.2 })]).columns[0]).to.equal(96);
    const lost = viewer(3, { playhead: 20 });
    const { columns, rows, horizon } = view([viewer(1), viewer(2), lost]);
    expect(columns).to.have.length(10);
    expect(columns[0]).to.equal(93);
    expect(rows.map(({ playhead }) => playhead)).to.deep.equal([7.5, 7.5, 0]);
    expect(horizon).to.equal(10);
    expect(view([viewer(1, { playhead: null })]).columns).to.include(102);
  });

  it('fills a cell by what is held and where it comes from', () => {
    const segments = [
      segment(98, { bytes: { edge: 900, peers: 100 } }),
      segment(99, { isKept: true }),
      segment(100, { heldShare: 0.25, pending: 'peers' }),
      segment(101, { heldShare: 0, pending: 'edge', bytes: { edge: 0, peers: 0 } }),
      segment(102, { heldShare: 0, holders: 3 }),
      { ...segment(103), segmentId: 'high/playlist.m3u8#init:init.mp4' },
      // The better of two renditions counts.
      { ...segment(99, { heldShare: 0 }), segmentId: 'low/playlist.m3u8#99' },
    ];
    const [row] = view([viewer(1, { segments, playhead: 100.5 })]).rows;
    const cells = row?.cells
      .slice(1, 7)
      .map(({ kind, source, isComing }) => [kind, source, isComing]);
    expect(cells).to.deep.equal([
      ['held', 'edge', false],
      ['held', 'peers', false],
      ['part', 'peers', true],
      ['coming', 'edge', true],
      ['none', null, false],
      ['none', null, false],
    ]);
    expect(row?.description).to.equal(
      'holds 2 of 10 segments, 0 of them ahead of its playhead; 1 from its edge and 1 from other viewers; 1 held in part; 1 kept for the room; 2 on the way',
    );
  });

  it('says what was done to whom, and how fast is played', () => {
    expect(outageWords('silent', 'others', 2)).to.equal(
      'the edges of everybody but viewer 2 have been put in a black hole',
    );
    expect(outageWords('cut', 'one', null)).to.equal(
      'the edges of a viewer of another page have been cut off',
    );
    expect([0.95, 1, 1.05].map(speedWords)).to.deep.equal(['5 % slower', '', '5 % faster']);
  });
});
