import { expect } from 'chai';
import { SessionClock } from '../../../sdk/runtime/session-clock.ts';

function createClock() {
  const times = { rawMs: 5_000, wallMs: 1_000_000, isHidden: false };
  const clock = new SessionClock(
    () => times.rawMs,
    () => times.wallMs,
    () => times.isHidden,
  );
  return {
    clock,
    times,
    pass(rawMs: number, wallMs = rawMs): void {
      times.rawMs += rawMs;
      times.wallMs += wallMs;
    },
  };
}

describe('the clock of a session', () => {
  it('goes on as the page does', () => {
    const { clock, pass } = createClock();
    clock.expect(6_000);
    pass(1_200);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([0, 6_200]);
  });

  it('stands still from when an event was due until one comes, and says for how long', () => {
    const { clock, pass } = createClock();
    clock.expect(6_000);
    pass(31_000);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([30_000, 6_000]);
    expect(clock.standstillMs()).to.equal(0);
    pass(500);
    expect(clock.nowMs()).to.equal(6_500);
  });

  it('takes a busy page or a throttled timer for no standstill', () => {
    const { clock, pass } = createClock();
    clock.expect(6_000);
    pass(3_900);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([0, 8_900]);
  });

  it('takes a timer that fires once a minute for none either, where the page is hidden', () => {
    const { clock, times, pass } = createClock();
    times.isHidden = true;
    clock.expect(6_000);
    // A part of a segment, between two timers.
    pass(20_000);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([0, 25_000]);
    clock.expect(26_000);
    pass(61_000);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([0, 86_000]);
    clock.expect(87_000);
    pass(601_000);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([600_000, 87_000]);
  });

  it('stands still soon where a hidden page has said that it will', () => {
    const { clock, times, pass } = createClock();
    times.isHidden = true;
    clock.isAway = true;
    clock.expect(5_000);
    pass(20_000);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([20_000, 5_000]);
  });

  it('does not wait for an event that has come, nor where none was due', () => {
    const { clock, pass } = createClock();
    pass(60_000);
    expect(clock.standstillMs()).to.equal(0);
    clock.expect(65_500);
    pass(1_000);
    expect(clock.standstillMs()).to.equal(0);
    pass(60_000);
    expect(clock.standstillMs()).to.equal(0);
  });

  it('knows of a sleep during which the clock of the page was stopped', () => {
    const { clock, pass } = createClock();
    clock.expect(6_000);
    pass(100, 30_100);
    expect([clock.standstillMs(), clock.nowMs()]).to.deep.equal([30_000, 5_100]);
    expect(clock.standstillMs()).to.equal(0);
  });
});
