import { expect } from 'chai';
import type { Page } from 'playwright-core';
import {
  announceAs,
  arrives,
  becomes,
  isAbout,
  kept,
  messages,
  rowOf,
  say,
  sums,
  threshold,
} from './support/chat.ts';
import { press, useDemo } from './support/demo.ts';
import { sleep, until } from './support/watch.ts';

describe('the demo’s chat', function () {
  this.timeout(50_000);
  const live = useDemo();
  let page: Page;
  let other: Page;

  before(async () => {
    page = live.page;
    await press(page, 'Stop the talk');
    other = await live.openPage('?viewers=3');
    await press(other, 'Stop the talk');
    for (const each of [page, other]) {
      const isReady = (text: string) => text.startsWith('Kept in IndexedDB');
      await until('somebody reads', () => kept(each), isReady, 20_000);
      expect(await each.getByLabel('You are').locator('option:checked').textContent()).to.equal(
        'Viewer 3',
      );
    }
  });

  /** Which is kept. */
  async function lowerThreshold() {
    const learned = await threshold(page);
    await page.locator('#chat-threshold').press('Home');
    const isLow = (value: number) => value <= -6.9;
    await until('it is low', () => threshold(page), isLow, 3_000);
    // It is on the disk within a fraction of a second.
    await sleep(1_500);
    return { learned, lowest: await threshold(page) };
  }

  it('tells in one page what was written in another, and newcomers what was written before', async () => {
    await say(page, 'anybody there?');
    const own = await arrives(page, 'anybody there?');
    expect(own).to.include({ name: 'Viewer 3', mark: '' });
    const told = await arrives(other, 'anybody there?');
    expect(told).to.include({ name: 'Viewer 3 elsewhere', id: own.id });
    await press(page, 'Add 1 viewer');
    await until(
      'it can be chosen',
      () => page.locator('#chat-as option').allTextContents(),
      (names) => names.includes('Viewer 5'),
      5_000,
    );
    await becomes(page, 'Viewer 5');
    expect((await arrives(page, 'anybody there?')).name).to.equal('Viewer 3');
    await becomes(page, 'Viewer 3');
  });

  it('marks what names the reader, and shows on hover and focus what adds up to that', async () => {
    const input = other.locator('#chat-input');
    await input.pressSequentially('@viewer 3 e');
    const names = () => other.getByRole('option', { name: 'elsewhere' }).allTextContents();
    await until('the name is offered', names, (offered) => offered.length === 1, 2_000);
    await input.press('Enter');
    await input.pressSequentially('is it smooth?');
    await input.press('Enter');
    const text = '@Viewer 3 elsewhere is it smooth?';
    const { mark } = await arrives(page, text, (message) => message.mark !== '');
    expect(mark).to.equal('important');
    await rowOf(page, text).hover();
    await isAbout(page, 'is it smooth?');
    expect(await page.locator('#why-title').textContent()).to.equal('Important');
    const { sum, logit } = await sums(page);
    expect(sum).to.be.closeTo(logit, 1e-6);
    expect(await page.locator('.why-bar[data-kind=contribution]').count()).to.be.above(0);
    await say(page, 'a line in between');
    await page.locator('.message[tabindex="0"]').focus();
    await page.keyboard.press('End');
    await isAbout(page, 'a line in between');
    await page.keyboard.press('ArrowUp');
    await isAbout(page, 'is it smooth?');
    await page.keyboard.press('Enter');
    expect(await rowOf(page, text).getAttribute('aria-current')).to.equal('true');
    await page.keyboard.press('Escape');
    expect(await page.locator('#why').getAttribute('data-state')).to.equal('empty');
  });

  it('lets a host announce, and says that an explicit rule marks it', async () => {
    expect(await other.getByLabel('Announce').count(), 'of a viewer').to.equal(0);
    await becomes(other, 'Viewer 1, host');
    await other.getByLabel('Announce').check();
    await say(other, 'We begin.');
    expect(await other.getByLabel('Announce').isChecked(), 'for one message').to.equal(false);
    const { mark } = await arrives(page, 'We begin.', (message) => message.mark !== '');
    expect(mark).to.equal('announcement');
    await rowOf(page, 'We begin.').click();
    await isAbout(page, 'We begin.');
    const reason = await page.locator('#why-reason').textContent();
    expect(reason).to.equal('By an explicit rule: a host or moderator announced it.');
    expect(await page.locator('#why-learned').isVisible(), 'apart from it').to.equal(true);
    const { sum, logit } = await sums(page);
    expect(sum).to.be.closeTo(logit, 1e-6);
  });

  it('has the server refuse the announcements of viewers', async () => {
    expect(await announceAs(page, 'viewer')).to.equal('message_not_allowed');
    expect(await announceAs(page, 'host')).to.equal('taken');
    expect(await announceAs(page, 'captain')).to.equal('no token: 400');
  });

  it('learns from a mark: the threshold moves a step, and back when it is asked to', async () => {
    const text = 'is it smooth?';
    const before = await threshold(page);
    await rowOf(page, text).click();
    await isAbout(page, text);
    await press(page, 'Not important');
    const isHigher = (now: number) => Math.abs(now - before - 0.15) < 0.051;
    const now = await until('a step of 0.15', () => threshold(page), isHigher, 3_000);
    expect(now).to.be.above(before);
    expect(await rowOf(page, text).locator('.message-mark').textContent()).to.equal('');
    expect(await page.locator('#why-reason').textContent()).to.match(/^You said so;/);
    await press(page, 'As learned');
    const isBack = (value: number) => Math.abs(value - before) < 0.051;
    await until('the threshold is back', () => threshold(page), isBack, 3_000);
    await press(page, 'Important');
    await arrives(page, '@Viewer 3 elsewhere is it smooth?', ({ mark }) => mark !== '');
  });

  it('marks more where the threshold is lower, and can show nothing else', async () => {
    await say(other, 'to nobody in particular');
    await arrives(page, 'to nobody in particular', ({ mark }) => mark === '');
    await page.locator('#chat-threshold').press('Home');
    await arrives(page, 'to nobody in particular', ({ mark }) => mark === 'important');
    await page.locator('#chat-threshold').press('End');
    await arrives(page, 'to nobody in particular', ({ mark }) => mark === '');
    await page.getByLabel('Important only').check();
    const shown = page.locator('.message:visible .message-text');
    expect(await shown.allTextContents())
      .to.include('We begin.')
      .and.not.include('a line in between');
    await page.getByLabel('Important only').uncheck();
    await press(page, 'As learned');
  });

  it('lets a moderator take back what others wrote, for everybody, and viewers only their own', async () => {
    await say(other, 'to be removed');
    await arrives(page, 'to be removed');
    const remove = page.getByRole('button', { name: 'Remove', exact: true });
    await rowOf(page, 'to be removed').click();
    await isAbout(page, 'to be removed');
    expect(await remove.isVisible(), 'of a viewer').to.equal(false);
    await becomes(other, 'Viewer 2, moderator');
    await rowOf(other, 'anybody there?').click();
    await isAbout(other, 'anybody there?');
    await press(other, 'Remove');
    for (const each of [page, other])
      await until(
        'it is gone',
        () => rowOf(each, 'anybody there?').count(),
        (count) => count === 0,
        3_000,
      );
    await say(page, 'my own');
    await rowOf(page, 'my own').click();
    await isAbout(page, 'my own');
    await remove.click();
    await until(
      'the own one is gone',
      () => rowOf(other, 'my own').count(),
      (count) => count === 0,
      3_000,
    );
  });

  it('answers and reacts to a message, and shows both', async () => {
    await rowOf(page, 'to be removed').click();
    await isAbout(page, 'to be removed');
    await press(page, 'React with ♥');
    const reactions = rowOf(other, 'to be removed').locator('.message-reactions');
    const isTold = (text: string | null) => /^♥\s?1$/.test(text ?? '');
    await until('the other page shows it', () => reactions.textContent(), isTold, 3_000);
    await press(page, 'Reply');
    await say(page, 'why so?');
    await arrives(other, 'why so?');
    const answered = rowOf(other, 'why so?').locator('.message-answered');
    expect(await answered.textContent()).to.equal('Viewer 1: to be removed');
  });

  it('keeps what it knows over a reload, and forgets everything when told so', async () => {
    const entries = async () => Number(/: (\d+) entr/.exec(await kept(page))?.[1]);
    const before = await entries();
    expect(before).to.be.above(5);
    const { learned, lowest } = await lowerThreshold();
    await page.reload();
    await press(page, 'Stop the talk');
    const isKept = (count: number) => count >= before;
    await until('it is known again', entries, isKept, 20_000);
    expect(await threshold(page)).to.be.closeTo(lowest, 0.051);
    await press(page, 'Forget everything');
    const isNone = (count: number) => count === 0;
    await until('nothing is kept', entries, isNone, 5_000);
    expect(await threshold(page)).to.be.closeTo(learned, 0.051);
    await rowOf(page, 'to nobody in particular').click();
    await isAbout(page, 'to nobody in particular');
    const { sum, logit } = await sums(page);
    expect(sum, 'decided anew').to.be.closeTo(logit, 1e-6);
  });

  it('starts anew for another reader, and where pages of several readers have written', async () => {
    const { learned } = await lowerThreshold();
    const isAnew = (value: number) => Math.abs(value - learned) < 0.051;
    await becomes(page, 'Viewer 4');
    await until('it is as it was learned', () => threshold(page), isAnew, 3_000);
    await lowerThreshold();
    const owner = () => page.evaluate(() => localStorage.getItem('holdfast-chat-log-of'));
    // As another page of this browser does.
    await page.evaluate(() => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.contentWindow?.localStorage.setItem('holdfast-chat-log-of', 'another viewer');
    });
    await until('it is nobody’s', owner, (whose) => whose === 'several', 3_000);
    await page.reload();
    await press(page, 'Stop the talk');
    await becomes(page, 'Viewer 4');
    await until('it is anew', () => threshold(page), isAnew, 10_000);
  });

  it('talks by itself when let, and answers who speaks to it', async () => {
    const before = (await messages(page)).length;
    await press(page, 'Let them talk');
    const count = async () => (await messages(page)).length;
    await until('somebody says something', count, (now) => now >= before + 2, 15_000);
    await say(page, '@Viewer 1 can you hear me?');
    const isAnswered = (quotes: string[]) =>
      quotes.some((quote) => quote.includes('can you hear me?'));
    const quotes = () => page.locator('.message-answered').allTextContents();
    await until('it is answered', quotes, isAnswered, 12_000);
    await press(page, 'Stop the talk');
  });

  it('stays where one reads, and says how much has come', async () => {
    const scroller = page.locator('#chat-scroller');
    const isScrollable = await scroller.evaluate((list) => list.scrollHeight > list.clientHeight);
    expect(isScrollable).to.equal(true);
    await scroller.evaluate((list) => {
      list.scrollTop = 0;
    });
    await say(other, 'at the end');
    await arrives(page, 'at the end');
    expect(await scroller.evaluate((list) => list.scrollTop)).to.equal(0);
    await page.getByRole('button', { name: '1 new message' }).click();
    const left = await scroller.evaluate(
      ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight,
    );
    expect(left).to.be.below(2);
  });

  it('fits a phone, where a tap shows why', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(390);
    const why = page.locator('#why');
    expect(await why.isVisible()).to.equal(false);
    await rowOf(page, 'at the end').click();
    await isAbout(page, 'at the end');
    const box = await why.boundingBox();
    expect(box?.x).to.be.at.least(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).to.be.at.most(390);
    const close = page.getByRole('button', { name: 'Close', exact: true });
    expect((await close.boundingBox())?.height, 'for a thumb').to.be.at.least(40);
    await close.click();
    expect(await why.isVisible()).to.equal(false);
    expect(live.errors).to.deep.equal([]);
  });
});
