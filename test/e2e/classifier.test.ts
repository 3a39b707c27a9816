import { expect } from 'chai';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { buildLibrary } from '../tools/build.ts';
import { chromiumArguments, chromiumPath } from '../tools/chromium.ts';
import { type MessagesSite, serveMessages } from './support/messages-site.ts';
import { sleep } from './support/watch.ts';

type Messages = typeof import('../../sdk/messages.ts');
interface MessagesPage {
  HoldfastMessages: Messages;
  classifier: Awaited<ReturnType<Messages['createMessageClassifier']>>;
}

describe('the built classifier of messages', function () {
  this.timeout(90_000);
  let browser: Browser;
  const sites: MessagesSite[] = [];
  const contexts: BrowserContext[] = [];

  before(async () => {
    await buildLibrary();
    browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
  });

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    for (const site of sites.splice(0)) await site.close();
  });

  after(async () => {
    await browser?.close();
  });

  /** A page with a classifier, on a site of its own; `seen` are the requests of the page and its workers. */
  async function open(path: string, workerSource: string, quotaSize?: number) {
    const site = await serveMessages(workerSource);
    sites.push(site);
    const context = await browser.newContext();
    contexts.push(context);
    const seen: string[] = [];
    // Before anything is sent, whatever the policy or the server would say.
    await context.route('**/*', async (route) => {
      seen.push(route.request().url());
      await route.continue();
    });
    const page = await context.newPage();
    if (quotaSize !== undefined) {
      // Before anything is stored: Chromium goes on for half a minute by the room that it has once looked up.
      const session = await context.newCDPSession(page);
      const { origin } = new URL(site.url);
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
    }
    await page.goto(`${site.url}${path}`);
    await page.waitForFunction(() => 'HoldfastMessages' in window);
    await page.evaluate(async () => {
      const own = window as unknown as MessagesPage;
      own.classifier = await own.HoldfastMessages.createMessageClassifier({ me: 'me' });
    });
    return { site, context, page, seen };
  }

  /** All that an app does with it. */
  function use(page: Page) {
    return page.evaluate(async () => {
      const { classifier, HoldfastMessages } = window as unknown as MessagesPage;
      const header = (id: string) => ({
        ...{ id, room: 'room', from: 'ann', role: 'host', kind: 'announcement' },
        ...{ mentions: ['me'], sentAtMs: Date.now(), priority: 'high' },
      });
      const statuses = new Set<string>();
      for (let index = 0; index < 200; index += 1) {
        const told = header(`message-${index}`) as never;
        statuses.add((await classifier.classify(told)).status);
        statuses.add(await classifier.record({ type: 'seen', header: told }));
      }
      const explanation = await classifier.explain('message-199');
      const bad = classifier.loadModel(new Uint8Array(10), 'a'.repeat(86));
      const refusal = await bad.catch((error) => error);
      await classifier.setThreshold(0.4);
      const before = await classifier.state();
      await classifier.wipe();
      const after = await classifier.state();
      return {
        ...{ statuses: [...statuses], before, rowsAfter: after.rows },
        explained: explanation?.isImportant,
        refusal: refusal instanceof HoldfastMessages.HoldfastError && refusal.code,
      };
    });
  }

  for (const [name, path, workerSource] of [
    ['as modules', '', "'self'"],
    ['as a plain script', 'script.html', 'blob:'],
  ] as const) {
    it(`${name} works in a worker that may connect to nothing, and asks for nothing`, async () => {
      const { site, page, seen } = await open(path, workerSource);
      // The page, its scripts and those of the worker.
      expect(seen.length).to.be.at.least(2);
      site.takeRequests();
      seen.length = 0;
      const used = await use(page);
      expect(used.before).to.deep.include({ rows: 200, runsIn: 'worker' });
      expect(used.before.storage).to.deep.include({ kind: 'indexeddb', reason: null });
      expect(used).to.deep.include({ explained: true, rowsAfter: 0 });
      expect(used.refusal).to.equal('model_signature_invalid');
      expect(used.statuses).to.deep.equal(['classified', 'recorded']);
      // Beyond the batches that go to the disk.
      await sleep(1_000);
      await page.evaluate(() => (window as unknown as MessagesPage).classifier.close());
      expect([site.takeRequests(), seen]).to.deep.equal([[], []]);
      // It would have been seen.
      await page.reload();
      expect(seen.length).to.be.at.least(2);
    });
  }

  it('is under a policy that refuses what a worker asks for', async () => {
    const { site, page } = await open('', "'self'");
    const answer = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const worker = new Worker('/asking-worker.js');
          worker.onmessage = ({ data }) => resolve(data);
        }),
    );
    expect(answer).to.equal('refused');
    expect(site.takeRequests()).to.include('/asking-worker.js').and.not.include('/asked');
  });

  it('works on the page where the policy allows no worker, and asks for nothing then', async () => {
    const { site, page, seen } = await open('', "'none'");
    site.takeRequests();
    seen.length = 0;
    const used = await use(page);
    expect(used.before).to.deep.include({ rows: 200, runsIn: 'page' });
    expect([site.takeRequests(), seen]).to.deep.equal([[], []]);
  });

  it('keeps its log over a reload and shares it with another tab', async () => {
    const { page, context, site } = await open('', "'self'");
    const record = (tab: Page, count: number) =>
      tab.evaluate(async (times) => {
        const own = window as unknown as MessagesPage;
        own.classifier ??= await own.HoldfastMessages.createMessageClassifier({ me: 'me' });
        for (let index = 0; index < times; index += 1) {
          const header = { id: `${Math.random()}`, room: 'room', from: 'ann', role: 'viewer' };
          const rest = { kind: 'chat', sentAtMs: Date.now(), priority: 'normal' };
          await own.classifier.record({ type: 'seen', header: { ...header, ...rest } as never });
        }
        return (await own.classifier.state()).rows;
      }, count);
    const other = await context.newPage();
    await other.goto(site.url);
    await other.waitForFunction(() => 'HoldfastMessages' in window);
    expect(await Promise.all([record(page, 30), record(other, 20)])).to.deep.equal([30, 20]);
    await sleep(600);
    await page.reload();
    await page.waitForFunction(() => 'HoldfastMessages' in window);
    expect(await record(page, 0)).to.equal(50);
  });

  it('says that the disk is full, and goes on', async () => {
    const { page } = await open('', "'self'", 100_000);
    const state = await page.evaluate(async () => {
      const { classifier } = window as unknown as MessagesPage;
      const endAtMs = Date.now() + 40_000;
      let state = await classifier.state();
      for (let round = 0; state.storage.reason === null && Date.now() < endAtMs; round += 1) {
        const header = { id: `${round}`, room: 'room', from: 'ann', role: 'viewer' };
        const rest = { kind: 'chat', sentAtMs: Date.now(), priority: 'normal' };
        await classifier.record({ type: 'seen', header: { ...header, ...rest } as never });
        await new Promise((resolve) => setTimeout(resolve, 20));
        state = await classifier.state();
      }
      return state;
    });
    expect(state.storage).to.deep.include({ kind: 'memory', reason: 'full' });
    expect(state.rows).to.be.above(0);
  });
});
