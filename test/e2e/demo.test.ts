import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectTo, createServer } from 'node:net';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { allReallyPlay, DemoProcess, playheads, press, stalls, useDemo } from './support/demo.ts';
import { sleep, until } from './support/watch.ts';

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Asks as a browser does that was told that another site's name is this machine. */
async function statusByName(api: URL): Promise<number | undefined> {
  const headers = { host: `rebound.example.org:${api.port}` };
  const asked = request(new URL('/api/state', api), { headers }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** Megabytes from other viewers, by tile. */
async function megabytesFromViewers(page: Page): Promise<number[]> {
  const texts = await page.locator('.totals div:nth-child(2) dd').allTextContents();
  return texts.map((text) => Number.parseFloat(text));
}

describe('demo', function () {
  this.timeout(60_000);
  const live = useDemo();
  let page: Page;

  before(() => {
    page = live.page;
  });

  it('plays four viewers, who feed one another', async () => {
    const allPlay = (times: number[]) => times.length === 4 && times.every((time) => time > 0);
    await until('four viewers play', () => playheads(page), allPlay, 20_000);
    const anyFed = (megabytes: number[]) => megabytes.some((count) => count > 0.5);
    await until('somebody is fed', () => megabytesFromViewers(page), anyFed, 10_000);
    const roles = () => page.locator('.role').allTextContents();
    await until('a master is shown', roles, (shown) => shown.includes('master'), 5_000);
    expect(await page.locator('.arrow-peers').count(), 'arrows between viewers').to.be.above(0);
  });

  it('lets nobody stall when edge A is cut, and says what happens', async () => {
    const [stallsBefore, before] = [await stalls(page), await playheads(page)];
    await press(page, 'Cut edge A');
    await sleep(10_000);
    const cut = page.getByRole('button', { name: 'Cut edge A', exact: true });
    expect(await cut.getAttribute('aria-pressed')).to.equal('true');
    expect(await page.locator('#bulletin').textContent()).to.match(/^Edge A was cut \d+ s ago\./);
    expect(await stalls(page)).to.equal(stallsBefore);
    for (const [index, time] of (await playheads(page)).entries()) {
      expect(time - (before[index] ?? 0), `viewer ${index + 1}`).to.be.above(8);
    }
    await press(page, 'Restore all');
    const pressed = () => page.locator('.fault[aria-pressed=true]').count();
    await until('no fault is shown', pressed, (count) => count === 0, 3_000);
  });

  it('stands still when the origin stays cut, and plays on when it is back', async () => {
    await press(page, 'Cut the origin');
    const bulletin = async () => (await page.locator('#bulletin').textContent()) ?? '';
    const isDry = (text: string) => text.includes('All viewers have reached the end');
    const dry = await until('the room has played out', bulletin, isDry, 30_000);
    expect(dry).to.match(/^The origin was cut \d+ s ago\..*goes on when a server is back/);
    const healthy = page.locator('dd[data-health=healthy]');
    const count = () => healthy.count();
    await until(
      'no edge is called healthy that nobody hears',
      count,
      (edges) => edges === 0,
      8_000,
    );
    await press(page, 'Restore all');
    await allReallyPlay(page, 4, 7_000);
  });

  it('goes on without the master', async () => {
    // Just after an outage nobody has anything ahead to bridge the change with.
    await sleep(4_000);
    const stallsBefore = await stalls(page);
    await press(page, 'Remove the master');
    expect(await page.locator('.tile').count()).to.equal(3);
    const before = await playheads(page);
    await sleep(6_000);
    for (const [index, time] of (await playheads(page)).entries()) {
      expect(time - (before[index] ?? 0), `viewer in place ${index + 1}`).to.be.above(4.5);
    }
    expect(await stalls(page)).to.equal(stallsBefore);
    expect(await page.locator('.role').allTextContents()).to.include('master');
  });

  it('takes four more viewers, and bears a slow edge', async () => {
    await press(page, 'Add 4 viewers');
    await allReallyPlay(page, 7, 25_000);
    await press(page, 'Slow edge B');
    const bulletin = async () => (await page.locator('#bulletin').textContent()) ?? '';
    const saysSo = (text: string) => text.startsWith('Edge B was slowed');
    await until('the bulletin says so', bulletin, saysSo, 3_000);
    await sleep(5_000);
    await press(page, 'Restore all');
    await allReallyPlay(page, 7, 10_000);
  });

  it('fits a phone, with its controls in reach', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).to.be.at.most(390);
    const cut = page.getByRole('button', { name: 'Cut the origin', exact: true });
    expect(await cut.isVisible(), 'folded away').to.equal(false);
    await page.getByRole('button', { name: 'Break something' }).click();
    const box = await cut.boundingBox();
    expect(box?.height, 'large enough for a thumb').to.be.at.least(44);
    expect(box?.y, 'in the lower half').to.be.above(422);
    await page.getByRole('button', { name: 'Cut edge A', exact: true }).click();
    expect(await cut.isVisible(), 'folded away again').to.equal(false);
    const bulletin = async () => (await page.locator('#bulletin').textContent()) ?? '';
    await until('says so', bulletin, (text) => text.startsWith('Edge A was cut'), 3_000);
    const said = await page.locator('#bulletin').boundingBox();
    expect(said?.y, 'in view').to.be.within(0, 600);
  });

  it('refuses to be steered by pages of other sites', async () => {
    const headers = { origin: 'http://example.org', 'sec-fetch-site': 'cross-site' };
    const api = new URL('/api/fault', await live.process.url());
    const body = JSON.stringify({ server: 'origin', fault: 'cut' });
    const refused = await fetch(api, { method: 'POST', headers, body });
    expect(refused.status).to.equal(403);
    expect(await statusByName(api), 'a name that was pointed here').to.equal(403);
    const token = new URL('/api/token?room=harbour&viewer=x', api);
    expect((await fetch(token, { headers })).status).to.equal(403);
    const unknown = await fetch(api, { method: 'POST', body: '{"server":"origin","fault":"x"}' });
    expect(unknown.status).to.equal(400);
  });

  it('ends everything on SIGINT', async () => {
    const ports = live.process.ports();
    expect(ports.length, 'signaling, origin, edges, page').to.be.at.least(5);
    const askedAtMs = performance.now();
    live.process.signal('SIGINT');
    const { code, output } = await live.process.ended();
    expect(code, output).to.equal(0);
    expect(performance.now() - askedAtMs).to.be.below(4_000);
    for (const port of ports) expect(await isListening(port), `port ${port}`).to.equal(false);
    const bulletin = async () => (await page.locator('#bulletin').textContent()) ?? '';
    const saysSo = (text: string) => text.startsWith('The demo has ended');
    await until('the page says so', bulletin, saysSo, 5_000);
    expect(live.errors).to.deep.equal([]);
  });
});

describe('arguments of the demo', function () {
  this.timeout(15_000);

  it('are explained when they are wrong', async () => {
    for (const args of [
      ['--encoder', 'magic'],
      ['--port', '70000'],
      ['--viewers', '3'],
    ]) {
      const { code, output } = await new DemoProcess(...args).ended();
      expect(code, args.join(' ')).to.equal(2);
      expect(output).to.include(args[0]).and.to.include('Usage: npm start');
    }
  });

  it('name a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { code, output } = await new DemoProcess('--port', String(port)).ended();
    taken.close();
    expect(code, output).to.equal(1);
    expect(output).to.include(`Port ${port} is taken`);
  });
});
