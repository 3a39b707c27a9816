import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BenchReport, bench } from '../bench/bench.ts';
import { figureNames } from '../bench/figures/figures.ts';
import { readOptions } from '../bench/options.ts';

/** The bench itself: that it measures, not what. */
describe('bench', function () {
  this.timeout(90_000);
  const quick = ['--viewers', '2', '--seconds', '12', '--settle', '1', '--modes', 'plain'];

  it('measures plain hls.js: every viewer takes every byte from the edge', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    const jsonFile = join(folder, 'figures.json');
    const lines: string[] = [];
    try {
      const output = { signal: new AbortController().signal, progress: () => {} };
      const options = readOptions(['steady', ...quick, '--json', jsonFile]);
      await bench(options, { ...output, print: (text) => lines.push(text) });
      const report = JSON.parse(await readFile(jsonFile, 'utf8')) as BenchReport;
      const [plain] = report.results;
      expect(plain?.errors).to.deep.equal([]);
      expect(plain?.figures).to.have.all.keys(...figureNames);
      expect(plain?.figures?.viewersWithoutFrame).to.equal(0);
      expect(plain?.figures?.copiesPerSegmentSettled).to.be.closeTo(2, 0.05);
      expect(plain?.figures?.offload).to.be.closeTo(0, 0.05);
      expect(plain?.figures?.liveLatencyMsMedian).to.be.within(2_000, 12_000);
      expect(plain?.figures?.cpuSecondsPerViewerMinute).to.be.greaterThan(0);
      expect(lines.join('\n')).to.match(/copies per segment sent by edges +2\.0/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stops when told to', async () => {
    const reason = new Error('enough');
    const interrupt = new AbortController();
    const options = readOptions(quick);
    const progress = (text: string): void => {
      if (text.includes('measuring')) interrupt.abort(reason);
    };
    const running = bench(options, { signal: interrupt.signal, progress, print: () => {} });
    expect(await running.catch((error: unknown) => error)).to.equal(reason);
  });
});
