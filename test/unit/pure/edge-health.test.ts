import { expect } from 'chai';
import { Drain } from '../../../sdk/core/outage/drain.ts';
import { type EdgeState, newEdgeState } from '../../../sdk/core/outage/edge-state.ts';
import { isDoubtful, isDown, judge, type Resource } from '../../../sdk/core/outage/health.ts';
import { Pace } from '../../../sdk/core/outage/pace.ts';

let nowMs = 0;

function answer(
  state: EdgeState,
  resource: Resource,
  isFailure: boolean,
  isAnswered = false,
): void {
  nowMs += 100;
  const lane = state[resource];
  lane.outcomes.push(isFailure);
  lane.failures = isFailure ? lane.failures + 1 : 0;
  state.successes = isFailure ? 0 : state.successes + 1;
  if (isFailure) lane.failedAtMs = nowMs;
  else lane.succeededAtMs = nowMs;
  state.isAnswered = isFailure && isAnswered;
  state.failure = isAnswered ? 'status 503' : 'network';
  [state.health] = judge(state, nowMs);
}

describe('health of an edge', () => {
  beforeEach(() => {
    nowMs = 100_000;
  });

  it('is strained after a failure and dark after two of any kind, and names the reason', () => {
    const state = newEdgeState('https://e.example');
    answer(state, 'segments', true);
    expect(judge(state, nowMs)).to.deep.equal(['strained', 'network']);
    expect(isDoubtful(state, 'playlists'), 'the other kind too').to.equal(true);
    answer(state, 'playlists', true);
    expect(state.health).to.equal('dark');
  });

  it('is not in doubt for ever over what nobody has asked for since', () => {
    const state = newEdgeState('https://e.example');
    for (const isFailure of [true, false, true, false, true]) answer(state, 'segments', isFailure);
    expect(state.health).to.equal('strained');
    expect(judge(state, nowMs + 9_000)[0]).to.equal('strained');
    expect(judge(state, nowMs + 11_000)).to.deep.equal(['healthy', 'answers reliably']);
    const gone = newEdgeState('https://e.example');
    for (let count = 0; count < 2; count += 1) answer(gone, 'segments', true);
    expect(judge(gone, nowMs + 60_000)[0], 'without an answer').to.equal('dark');
  });

  it('is partial where one kind is gone and the other answers, until that is long ago', () => {
    const state = newEdgeState('https://e.example');
    for (const isFailure of [true, false, true, true]) {
      answer(state, 'playlists', false);
      answer(state, 'segments', isFailure);
    }
    for (let count = 0; count < 4; count += 1) answer(state, 'segments', true);
    expect(judge(state, nowMs)).to.deep.equal(['partial', 'segments: network']);
    expect([isDown(state, 'segments'), isDown(state, 'playlists')]).to.deep.equal([true, false]);
    answer(state, 'segments', true);
    expect(judge(state, nowMs + 20_000)[0]).to.equal('dark');
  });

  it('bears more of an edge that says no itself, and most of one that answers in between', () => {
    const refusing = newEdgeState('https://e.example');
    for (let count = 0; count < 2; count += 1) answer(refusing, 'segments', true, true);
    expect(refusing.health).to.equal('strained');
    answer(refusing, 'segments', true, true);
    expect(refusing.health).to.equal('dark');
    const flaky = newEdgeState('https://e.example');
    for (const isFailure of [true, false, true, true]) answer(flaky, 'segments', isFailure, true);
    expect(judge(flaky, nowMs)).to.deep.equal(['strained', 'some requests: status 503']);
  });

  it('takes a single silence for darkness where those that read for the group are silent too', () => {
    const state = newEdgeState('https://e.example');
    state.isSuspected = true;
    answer(state, 'playlists', true);
    expect(state.health).to.equal('dark');
  });

  it('recovers with the first answer and is healthy with the second', () => {
    const state = newEdgeState('https://e.example');
    for (let count = 0; count < 2; count += 1) answer(state, 'segments', true);
    answer(state, 'segments', false);
    expect(judge(state, nowMs)).to.deep.equal(['recovering', 'answers again']);
    state.segments.outcomes = [];
    answer(state, 'segments', false);
    expect(state.health).to.equal('healthy');
  });

  it('says a late first byte by the own history of the edge', () => {
    const pace = new Pace();
    for (let count = 0; count < 5; count += 1) {
      expect(pace.firstByte(60)).to.equal(false);
      pace.sample(100_000, 100);
    }
    expect(pace.firstByte(700), 'late, but nothing to speak of').to.equal(false);
    expect(new Pace().firstByte(1_500)).to.equal(true);
    expect(pace.firstByteWithinMs).to.be.within(800, 2_500);
    pace.timedOut();
    expect(pace.firstByteWithinMs).to.be.at.least(1_600);
  });

  it('sees a buffer that runs out, and not the ups and downs between two segments', () => {
    const measure = (values: number[]): boolean[] => {
      const drain = new Drain();
      return values.map((bufferMs, second) => drain.measured(bufferMs, second * 1_000));
    };
    expect(measure([6_000, 5_000, 6_000, 5_000, 6_000, 5_000, 4_000])).to.not.include(true);
    expect(measure([6_000, 5_000, 4_000, 3_000, 2_000]).at(-1)).to.equal(true);
    expect(measure([30_000, 29_000, 28_000, 27_000, 26_000]).at(-1)).to.equal(false);
  });
});
