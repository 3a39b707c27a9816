import { expect } from 'chai';
import { messageParts, readMessageOptions } from '../bench/messages/options.ts';
import { readCommand, readOptions } from '../bench/options.ts';
import { outageNames, scenarioNames, scenarioOf } from '../bench/scenarios.ts';

describe('bench: options', () => {
  it('takes outages for one after another, each with a file of its own', () => {
    const runs = readCommand(['outages', '--viewers', '3', '--json', 'figures/x.json']);
    expect(runs.map(({ scenario }) => scenario)).to.deep.equal(outageNames);
    expect(runs.map(({ viewers }) => viewers)).to.deep.equal(outageNames.map(() => 3));
    expect(runs[0]?.jsonFile).to.equal('figures/outage-segments-x.json');
    expect(readCommand(['outages'])[0]?.jsonFile).to.equal(null);
    expect(readCommand(['crowd'])).to.deep.equal([readOptions(['crowd'])]);
    expect(readCommand([])).to.deep.equal([readOptions([])]);
  });

  it('reads scenario and options', () => {
    const options = readOptions([
      'crowd',
      '--viewers',
      '3',
      '--modes',
      'plain,holdfast',
      '--json',
      'x.json',
    ]);
    expect(options).to.deep.include({ scenario: 'crowd', viewers: 3, jsonFile: 'x.json' });
    expect(options).to.deep.include({ durationMs: 60_000, rounds: 1, joinIntervalMs: null });
    expect(options.modes).to.deep.equal(['plain', 'holdfast']);
  });

  for (const args of [
    ['nowhere'],
    ['--viewers', '0'],
    ['--viewers', '2.5'],
    ['--modes', 'other'],
    ['--x'],
  ]) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => readOptions(args)).to.throw();
    });
  }

  it('keeps outages inside the settled window, with time before and after', () => {
    for (const durationMs of [4_000, 60_000]) {
      for (const name of scenarioNames) {
        const { outage } = scenarioOf(name, durationMs);
        if (!outage) continue;
        expect(outage.startMs).to.be.greaterThan(0);
        expect(outage.startMs + outage.durationMs).to.be.lessThan(durationMs);
      }
    }
  });
});

describe('bench: options of messages', () => {
  it('reads parts, seconds and a file', () => {
    const none = { parts: [...messageParts], durationMs: 60_000, jsonFile: null };
    expect(readMessageOptions([])).to.deep.include(none);
    const given = ['--parts', 'runtime', '--seconds', '5', '--json', 'x.json'];
    const read = { parts: ['runtime'], durationMs: 5_000, jsonFile: 'x.json' };
    expect(readMessageOptions(given)).to.deep.include(read);
  });

  for (const args of [['--parts', 'other'], ['--seconds', '1'], ['--seconds', 'a'], ['more']]) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => readMessageOptions(args)).to.throw();
    });
  }
});
