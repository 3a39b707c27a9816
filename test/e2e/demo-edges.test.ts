import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { allReallyPlay, playheads, press, stalls, useDemo } from './support/demo.ts';
import { until } from './support/watch.ts';

interface ShownEdge {
  edge: string;
  state: string;
  reason: string;
  isLit: boolean;
  /** `for A`: whose place it has taken. */
  note: string;
  offers: string;
  health: string;
  measured: string;
  words: string;
  /** `by viewers 1 and 4`: who reads from it for the room. */
  masters: string;
}

function edges(page: Page): Promise<ShownEdge[]> {
  return page.locator('#edges-rows tr').evaluateAll((rows) =>
    rows.map((row) => {
      const text = (name: string) => row.querySelector(name)?.textContent ?? '';
      return {
        edge: row.dataset.edge ?? '',
        state: row.dataset.state ?? '',
        reason: row.dataset.reason ?? '',
        isLit: row.classList.contains('is-lit'),
        note: text('.edge-note'),
        offers: text('.edge-offers'),
        health: text('.edge-health'),
        measured: text('.measured-cell'),
        words: text('.edge-words'),
        masters: text('.edge-masters'),
      };
    }),
  );
}

const letterOf = ({ edge }: ShownEdge) => edge.slice(-1).toUpperCase();
const logbook = (page: Page) => page.locator('#logbook li span').allTextContents();

describe('edges of the demo', function () {
  this.timeout(50_000);
  const live = useDemo();
  let page: Page;
  /** The one that was cut. */
  let cut: ShownEdge;

  before(async () => {
    page = live.page;
    await allReallyPlay(page, 4, 20_000);
  });

  it('are shown with what they offer and gave, and with the reason why one is not used', async () => {
    const isSettled = (all: ShownEdge[]) =>
      all.some(
        ({ state, masters, measured }) =>
          state === 'chosen' && masters !== '' && /^\d+ ms, [\d.]+ Mbit\/s$/.test(measured),
      );
    const rows = await until('one is chosen', () => edges(page), isSettled, 15_000);
    expect(rows.map(({ edge }) => edge)).to.deep.equal(['edge-a', 'edge-b', 'edge-c', 'edge-d']);
    const [a, , c, d] = rows;
    expect(a?.offers).to.equal('40 Mbit/s, 20 ms');
    expect(a?.health).to.match(/^99\.9 % available, load \d+\s%$/);
    expect(c).to.include({ state: 'out', reason: 'spare' });
    expect(d).to.include({ state: 'out', reason: 'kpi_unmet: bandwidth' });
    expect(d?.words).to.equal('less bandwidth than asked for');
    const sentence = await page.locator('#edges-sentence').textContent();
    expect(sentence).to.match(/^Viewers? \d.* for the room from edge [AB]/);
  });

  it('are shown as any viewer sees them', async () => {
    const select = page.getByLabel('As seen by');
    await select.selectOption('3');
    const seen = await until(
      'its view',
      () => edges(page),
      (rows) => rows.length === 4,
      2_000,
    );
    expect(seen[3]?.reason).to.equal('kpi_unmet: bandwidth');
    await select.selectOption('');
    expect(await select.locator('option').first().textContent()).to.match(
      /^the master, viewer \d$/,
    );
    const isChosen = (rows: ShownEdge[]) => rows.some(({ state }) => state === 'chosen');
    await until('the master’s view', () => edges(page), isChosen, 3_000);
  });

  it('are left for another within seconds when cut, and the page says why', async () => {
    cut = (await edges(page)).find(({ state }) => state === 'chosen') as ShownEdge;
    const [stallsBefore, before] = [await stalls(page), await playheads(page)];
    const atMs = performance.now();
    await press(page, `Cut edge ${letterOf(cut)}`);
    const lit = new Set<string>();
    const isLeft = (rows: ShownEdge[]) => {
      for (const { edge, isLit } of rows) if (isLit) lit.add(edge);
      const read = rows.filter(({ masters }) => masters !== '').map(({ edge }) => edge);
      return read.some((edge) => lit.has(edge)) && !read.includes(cut.edge);
    };
    await until('another is read from, and lit', () => edges(page), isLeft, 10_000);
    // Newest first. Another may have been better just before.
    const isTold = (lines: string[]) =>
      lines
        .slice(0, lines.indexOf(`Edge ${letterOf(cut)} was cut`))
        .some((line) => /^Viewer \d reads from [A-C] now: ./.test(line));
    await until('the logbook says so', () => logbook(page), isTold, 3_000);
    const standsIn = (rows: ShownEdge[]) =>
      rows.some(({ edge, note }) => edge === 'edge-c' && note === `for ${letterOf(cut)}`);
    await until('the spare takes its place', () => edges(page), standsIn, 20_000);
    const isGone = (rows: ShownEdge[]) =>
      rows.some(({ state, health }) => state === 'gone' && /^no heartbeat for \d+ s$/.test(health));
    await until('its lease ends', () => edges(page), isGone, 18_000);
    const playedMs = (performance.now() - atMs) * 0.85;
    for (const [index, time] of (await playheads(page)).entries())
      expect((time - (before[index] ?? 0)) * 1_000, `viewer ${index + 1}`).to.be.above(playedMs);
    expect(await stalls(page)).to.equal(stallsBefore);
  });

  it('stand by when they are back and another has their place', async () => {
    await press(page, 'Restore all');
    const isBack = (rows: ShownEdge[]) =>
      rows.some(({ edge, reason }) => edge === cut.edge && reason === 'spare');
    await until('it is heard again', () => edges(page), isBack, 6_000);
  });

  it('fit a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(390);
    const table = page.getByRole('table', { name: 'Edges, and what a viewer makes of them' });
    const rows = table.getByRole('row').filter({ has: page.getByRole('rowheader') });
    expect(await rows.count(), 'still a table to those who listen').to.equal(4);
    for (const row of await rows.all()) {
      const box = await row.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0), 'within the page').to.be.within(300, 390);
    }
    expect((await page.getByLabel('As seen by').boundingBox())?.height).to.be.at.least(40);
    expect(live.errors).to.deep.equal([]);
  });
});
