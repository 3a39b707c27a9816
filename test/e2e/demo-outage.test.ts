import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { allReallyPlay, playheads, press, stalls, useDemo } from './support/demo.ts';
import { sleep, until } from './support/watch.ts';

/** What the badge of each row says. */
function standings(page: Page): Promise<string[]> {
  return page.locator('#holdings-rows .standing').allTextContents();
}

/** How many cells of each row are held, whole. */
function heldCells(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('#holdings-rows tr')].map(
      (row) => row.querySelectorAll('.cell[data-kind=held]').length,
    ),
  );
}

/** Seconds until the horizon. */
async function horizon(page: Page): Promise<number> {
  return Number(await page.locator('#horizon').textContent());
}

/** Sequence numbers above the first column. */
async function firstColumn(page: Page): Promise<string> {
  return (await page.locator('#holdings-head span').first().textContent()) ?? '';
}

async function sentence(page: Page): Promise<string> {
  return (await page.locator('#holdings-sentence').textContent()) ?? '';
}

function edges(page: Page): Promise<string[]> {
  return page.locator('#holdings-rows .holdings-edge').allTextContents();
}

describe('demo of an outage', function () {
  this.timeout(40_000);
  const live = useDemo();
  let page: Page;

  before(async () => {
    page = live.page;
    await allReallyPlay(page, 4, 20_000);
    await until('much is held', () => heldCells(page), everyRow(5), 15_000);
  });

  it('names nobody first or second while the edges answer', async () => {
    expect(await sentence(page)).to.match(/^The edges answer\./);
    expect(await standings(page)).to.include('master');
    const cells = page.locator('#holdings-rows .cell[data-kind=held]');
    const sources = await cells.evaluateAll((all) => all.map((cell) => cell.dataset.source));
    expect(sources).to.include('edge').and.to.include('peers');
    const [width, columns] = [
      await trackWidth(page),
      await page.locator('#holdings-head span').count(),
    ];
    expect(columns).to.equal(14);
    expect(width, 'of a cell').to.be.above(20 * columns);
  });

  it('shows the one that reaches an edge as first, and that all others play on', async () => {
    const [stallsBefore, before, columnBefore] = [
      await stalls(page),
      await playheads(page),
      await firstColumn(page),
    ];
    await page.getByLabel('viewer', { exact: true }).selectOption('2');
    await press(page, 'All but viewer 2');
    const isTold = (shown: string[]) => shown.join() === 'second,first,second,second';
    await until('one is first', () => standings(page), isTold, 10_000);
    expect(await sentence(page)).to.equal('Viewer 2 reaches its edge and feeds the other 3.');
    const pressed = page.getByRole('button', { name: 'All but viewer 2', exact: true });
    expect(await pressed.getAttribute('aria-pressed')).to.equal('true');
    expect(await page.locator('#bulletin').textContent()).to.match(
      /^The edges of everybody but viewer 2 have been cut off for \d+ s\./,
    );
    await sleep(8_000);
    for (const [index, time] of (await playheads(page)).entries())
      expect(time - (before[index] ?? 0), `viewer ${index + 1}`).to.be.above(7);
    expect(await stalls(page)).to.equal(stallsBefore);
    expect(await firstColumn(page), 'the map moves on').not.to.equal(columnBefore);
    expect(await horizon(page), 'new media comes').to.be.above(3);
    const kept = await page.locator('#holdings-rows .cell[data-kept=true]').count();
    expect(kept, 'of what the plan has viewers keep').to.be.above(1);
    const [, second] = await edges(page);
    expect(second).to.match(/^edge [A-C] healthy$/);
    const cutOff = (await edges(page)).filter((words) => /dark|partial/.test(words));
    expect(cutOff, 'each with its reason').to.have.length(3);
    for (const words of cutOff) expect(words).to.include('no connection');
  });

  it('counts the horizon down when nobody reaches an edge, and plays slower', async () => {
    await press(page, 'Everybody');
    const isTold = (shown: string[]) => shown.every((words) => words === 'no edge');
    await until('nobody is first', () => standings(page), isTold, 8_000);
    expect(await sentence(page)).to.match(/^No viewer reaches an edge\./);
    const from = await horizon(page);
    await sleep(2_000);
    expect(from - (await horizon(page)), 'seconds less after two').to.be.within(1.2, 2.8);
    const speeds = () => page.locator('.holdings-speed').allTextContents();
    const slower = (words: string[]) => words.some((word) => /^\d % slower$/.test(word));
    await until('it says that it plays slower', speeds, slower, 8_000);
    await until(
      'the horizon is reached',
      () => horizon(page),
      (left) => left === 0,
      15_000,
    );
  });

  it('shows the way back', async () => {
    await press(page, 'Restore all');
    await allReallyPlay(page, 4, 7_000);
    const isCalm = (words: string) => words.startsWith('The edges answer.');
    await until('the edges answer', () => sentence(page), isCalm, 20_000);
    await until('much is held again', () => heldCells(page), everyRow(5), 10_000);
  });

  it('tells apart what hits one viewer: a black hole, a throttle', async () => {
    const isHealthy = (words: string) => /^edge [A-C] healthy$/.test(words);
    const areHealthy = (all: string[]) => all.every(isHealthy);
    await until('nobody doubts an edge any more', () => edges(page), areHealthy, 20_000);
    const stallsBefore = await stalls(page);
    // Who is fed may never notice.
    const index = (await standings(page)).indexOf('master');
    const viewer = `viewer ${index + 1}`;
    await page.getByLabel('viewer', { exact: true }).selectOption(String(index + 1));
    await page.getByLabel('Black hole', { exact: true }).check();
    await press(page, `Only ${viewer}`);
    // Who is fed by the others before it has failed at both edges asks no more.
    const isDoubted = (all: string[]) =>
      /^edge [A-C] (strained|dark|partial): /.test(all[index] ?? '');
    const known = await until(`${viewer} knows`, () => edges(page), isDoubted, 12_000);
    expect(known.filter(isHealthy), 'the others').to.have.length(3);
    // What holds goes on in the new way.
    await page.getByLabel('Throttle', { exact: true }).check();
    const bulletin = async () => (await page.locator('#bulletin').textContent()) ?? '';
    const isThrottled = (text: string) => text.includes(`${viewer} have been throttled`);
    await until('the bulletin says so', bulletin, isThrottled, 3_000);
    const noLonger = (all: string[]) => !/dark|partial/.test(all[index] ?? '');
    await until('its edge gives something', () => edges(page), noLonger, 12_000);
    expect(await stalls(page)).to.equal(stallsBefore);
    await press(page, `Only ${viewer}`);
    const outage = page.locator('#outage-scopes [aria-pressed=true]');
    await until(
      'it is over',
      () => outage.count(),
      (pressed) => pressed === 0,
      3_000,
    );
  });

  it('fits a phone, and says in words what is drawn', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await until(
      'fewer columns',
      () => page.locator('#holdings-head span').count(),
      (columns) => columns === 11,
      3_000,
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(390);
    expect(await trackWidth(page), 'over the whole width').to.be.above(300);
    const table = page.getByRole('table', { name: 'What each viewer holds' });
    const drawn = table.getByRole('row').filter({ has: page.getByRole('rowheader') });
    expect(await drawn.count(), 'still a table to those who listen').to.equal(4);
    const described = drawn.first().getByRole('img');
    expect(await described.getAttribute('aria-label')).to.match(
      /^Viewer 1 holds \d+ of 11 segments, \d+ of them ahead of its playhead; \d+ from its edge/,
    );
    expect(await page.getByRole('status').filter({ hasText: 'edge' }).count()).to.be.above(0);
    expect(live.errors).to.deep.equal([]);
  });
});

function everyRow(cells: number) {
  return (held: number[]): boolean => held.length === 4 && held.every((count) => count >= cells);
}

async function trackWidth(page: Page): Promise<number> {
  return (await page.locator('.track').first().boundingBox())?.width ?? 0;
}
