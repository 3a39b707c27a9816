import { assert, expect } from 'chai';
import { Context } from '../../../sdk/core/context.ts';
import { behindMsMin } from '../../../sdk/core/outage/edge-thresholds.ts';
import { Slowing } from '../../../sdk/core/outage/slowing.ts';

/** A buffer that is measured every second; says the rate that playback has then. */
function player(slowdownMax = 0.05) {
  const context = new Context({
    profile: {
      metered: false,
      saveData: false,
      uploadAllowed: true,
      peersAllowed: true,
      batteryLevel: null,
    },
    isSite: false,
    noPeersReason: 'peers_not_allowed',
    iceServers: null,
    uploadBytesPerSecondMax: 1_000_000,
    memoryBytesMax: 1_000_000,
    storageBytesMax: 0,
    slowdownMax,
    integrityMin: 'none',
    random: () => 0.5,
  });
  const slowing = new Slowing(context);
  let nowMs = 10_000;
  let rate = 1;
  return (bufferMs: number | null, isEdgeDown: boolean): number => {
    nowMs += 1_000;
    context.begin(nowMs, false);
    slowing.measured(bufferMs, isEdgeDown);
    for (const effect of context.end()) {
      assert(effect.type === 'setPlaybackRate', 'it seeks nowhere');
      rate = effect.rate;
    }
    return rate;
  };
}

describe('core: slow playback near the horizon', () => {
  it('slows the more the less is left, by five hundredths at most, and only while the edge is down', () => {
    const measure = player();
    expect(measure(1_000, false)).to.equal(1);
    expect([8_000, 5_000, 3_000, 1_000].map((bufferMs) => measure(bufferMs, true))).to.deep.equal([
      1, 0.99, 0.96, 0.95,
    ]);
    expect(measure(1_000, false)).to.equal(1);
  });

  it('makes up for what it has lost and not for more, once there is enough in reserve', () => {
    const measure = player();
    for (let second = 0; second <= 20; second += 1) measure(1_000, true);
    expect(measure(2_000, false), 'too little').to.equal(1);
    let seconds = 0;
    while (measure(5_000, false) > 1) seconds += 1;
    expect(seconds).to.be.within(18, 22);
    expect(measure(5_000, false)).to.equal(1);
  });

  for (const slowdownMax of [0.05, 0.02])
    it(`gets back to where it was by playing faster by ${slowdownMax} at most, and skips nothing`, () => {
      const measure = player(slowdownMax);
      let latencyMs = 8_000;
      let latencyMsMax = latencyMs;
      let rate = 1;
      for (let second = 0; second < 150; second += 1) {
        // What peers bring comes six seconds late.
        const isEdgeDown = second >= 10 && second < 50;
        latencyMs += (1 - rate) * 1_000;
        latencyMsMax = Math.max(latencyMsMax, latencyMs);
        const bufferMs = latencyMs - (isEdgeDown ? 6_000 : 0);
        expect(bufferMs, 'never empty').to.be.above(0);
        rate = measure(bufferMs, isEdgeDown);
        expect(rate).to.be.within(1 - slowdownMax, 1 + slowdownMax);
      }
      expect(latencyMsMax, 'it has slowed').to.be.above(8_400);
      expect(latencyMs).to.be.closeTo(8_000, behindMsMin);
      expect(rate).to.equal(1);
    });

  it('owes nothing to other media that begins', () => {
    const measure = player();
    for (let second = 0; second <= 20; second += 1) measure(1_000, true);
    measure(null, false);
    expect(measure(5_000, false)).to.equal(1);
  });

  it('never does where it is turned off, nor before playback', () => {
    expect(player(0)(500, true)).to.equal(1);
    expect(player()(null, true)).to.equal(1);
  });

  it('never goes below what is allowed, and does not count the time that a player stood still', () => {
    expect(player(0.005)(500, true)).to.equal(0.995);
    expect(player(0.025)(500, true)).to.equal(0.975);
    const measure = player();
    for (let second = 0; second < 60; second += 1) measure(0, true);
    expect(measure(5_000, false)).to.equal(1);
  });
});
