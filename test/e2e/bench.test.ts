import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BenchReport, bench } from '../bench/bench.ts';
import { figureNames } from '../bench/figures/figures.ts';
import { modes, readOptions } from '../bench/options.ts';

/** The bench itself: that it measures, not what. */
describe('bench', function () {
  this.timeout(140_000);
  const quick = ['steady', '--viewers', '2', '--seconds', '12'];

  it('measures all three: plain takes every byte from the edge, the others feed one another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    const jsonFile = join(folder, 'figures.json');
    const lines: string[] = [];
    try {
      const output = { signal: new AbortController().signal, progress: () => {} };
      const options = readOptions([...quick, '--settle', '6', '--json', jsonFile]);
      await bench(options, { ...output, print: (text) => lines.push(text) });
      const report = JSON.parse(await readFile(jsonFile, 'utf8')) as BenchReport;
      expect(report.results.map(({ mode }) => mode)).to.deep.equal([...modes]);
      for (const { mode, errors, figures } of report.results) {
        expect(errors, mode).to.deep.equal([]);
        expect(figures, mode).to.have.all.keys(...figureNames);
        expect(figures?.viewersWithoutFrame, mode).to.equal(0);
        expect(figures?.liveLatencyMsMedian, mode).to.be.within(2_000, 12_000);
        expect(figures?.cpuSecondsPerViewerMinute, mode).to.be.greaterThan(0);
      }
      const [plain, p2pml, holdfast] = report.results;
      expect(plain?.figures?.copiesPerSegmentSettled).to.be.closeTo(2, 0.05);
      expect(plain?.figures?.offload).to.be.closeTo(0, 0.05);
      // What the player was given and no edge sent came from the other viewer.
      expect(p2pml?.figures?.offloadWhole).to.be.above(0.05);
      expect(holdfast?.figures?.offloadWhole).to.be.above(0.05);
      expect(lines.join('\n')).to.match(/copies per segment sent by edges +2\.0/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stops when told to', async () => {
    const reason = new Error('enough');
    const interrupt = new AbortController();
    const options = readOptions([...quick, '--settle', '1', '--modes', 'plain']);
    const progress = (text: string): void => {
      if (text.includes('measuring')) interrupt.abort(reason);
    };
    const running = bench(options, { signal: interrupt.signal, progress, print: () => {} });
    expect(await running.catch((error: unknown) => error)).to.equal(reason);
  });
});
