import { expect } from 'chai';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../tools/chromium.ts';
import { allReallyPlay, DemoProcess, press } from './support/demo.ts';
import { sleep, until } from './support/watch.ts';

/** Roles of all tabs, as one of them shows them in the order of opening. */
const rolesOn = (page: Page): Promise<string[]> =>
  page.locator('.line-tab .role').allTextContents();
const sentence = (page: Page): Promise<string | null> => page.locator('#bulletin').textContent();

describe('the demo’s tabs of one browser', function () {
  this.timeout(90_000);
  const errors: string[] = [];
  let demo: DemoProcess;
  let browser: Browser;
  let context: BrowserContext;
  const tabs: Page[] = [];

  before(async () => {
    demo = new DemoProcess('--port', '0');
    browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.on('page', (page) => page.on('pageerror', (error) => errors.push(String(error))));
    const first = await context.newPage();
    await first.goto(`${await demo.url()}tab`);
    tabs.push(first);
  });

  after(async () => {
    await browser?.close();
    demo?.signal('SIGKILL');
  });

  async function openAnother(): Promise<void> {
    const opened = context.waitForEvent('page');
    await (tabs[0] as Page).getByRole('link', { name: 'Open another tab' }).click();
    tabs.push(await opened);
    await sleep(1_000);
  }

  it('open one after another: the first gets the stream, the others hang below it', async () => {
    const [first] = tabs as [Page];
    await allReallyPlay(first, 1, 20_000);
    expect(await sentence(first)).to.include('gets the stream from the network');
    await openAnother();
    await openAnother();
    const areAll = (roles: string[]) => roles.join() === 'master,secondary,slave';
    for (const tab of tabs) {
      await until('all tabs are shown', () => rolesOn(tab), areAll, 15_000);
      await allReallyPlay(tab, 1, 10_000);
    }
    expect(await sentence(first)).to.include('once, for 3 tabs');
    const [, , third] = tabs as [Page, Page, Page];
    const isFed = (text: string | null) => text?.includes('fed by tab 1') ?? false;
    await until('the third says so', () => sentence(third), isFed, 5_000);
    const withheld = () => third.locator('#withheld').textContent();
    await until('what it is not sent', withheld, (text) => text === 'high/playlist.m3u8', 10_000);
    // All of twenty seconds.
    const figure = async (id: string) =>
      Number.parseFloat((await third.locator(id).textContent()) ?? '');
    const figures = async () => [await figure('#inside'), await figure('#network')];
    const isMore = ([inside = 0, network = 0]: number[]) => inside > 1.5 * network;
    await until('more goes from tab to tab than over the network', figures, isMore, 40_000);
  });

  it('go on when the first is closed, and when the next hangs', async () => {
    const [first, second, third] = tabs as [Page, Page, Page];
    await press(first, 'Close this tab');
    await first.close();
    const leads = (role: string) => (roles: string[]) => roles.join() === role;
    await until('the second leads', () => rolesOn(third), leads('master,secondary'), 5_000);
    await allReallyPlay(third, 1, 5_000);
    void second
      .getByRole('button', { name: 'hang' })
      .click({ noWaitAfter: true })
      .catch(() => {});
    await until('the third leads', () => rolesOn(third), leads('quiet,master'), 7_000);
    await until('the second is back', () => rolesOn(third), leads('secondary,master'), 15_000);
    await allReallyPlay(second, 1, 10_000);
    expect(await third.locator('#stalls').textContent()).to.equal('none');
    expect(errors).to.deep.equal([]);
  });
});
