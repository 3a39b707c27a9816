import { type BrowserContext, type BrowserServer, chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../tools/chromium.ts';
import type { ViewerConfig, ViewerReport } from './pages/viewer.ts';
import { processorSeconds } from './processor-time.ts';

const flags = [
  ...chromiumArguments,
  // All of them are on this machine, which may have no other address than loopback.
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const pageLoadMaxMs = 30_000;

export interface ViewerPage {
  readonly viewerName: string;
  /** Collects what the page has measured and closes it. @throws Error when the page has crashed. */
  leave(): Promise<ViewerReport>;
}

export interface BenchBrowser {
  readonly version: string;
  /** Opens a page in a browser profile of its own, as another person would, or (`isTab`) in one that all share. */
  open(pageUrl: string, config: ViewerConfig, isTab: boolean): Promise<ViewerPage>;
  /** Of all processes of the browser so far; null where the system does not tell. */
  processorSeconds(): number | null;
  /** Errors that pages threw and did not catch, each once. */
  pageErrors(): string[];
  close(): Promise<void>;
}

/** @throws Error when Chromium does not start. */
export async function startBrowser(): Promise<BenchBrowser> {
  const server: BrowserServer = await chromium.launchServer({
    executablePath: chromiumPath(),
    headless: true,
    args: flags,
    // The bench ends the browser itself, after it has told the user.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const browser = await chromium.connect(server.wsEndpoint());
  const pid = server.process().pid ?? 0;
  const errors = new Set<string>();
  let shared: Promise<BrowserContext> | null = null;
  return {
    version: browser.version(),
    async open(pageUrl, config, isTab) {
      if (isTab) shared ??= browser.newContext();
      const context = (isTab && (await shared)) || (await browser.newContext());
      const page = await context.newPage();
      page.on('pageerror', (error) => errors.add(error.message));
      page.on('crash', () => errors.add('a page crashed'));
      const query = new URLSearchParams({ config: JSON.stringify(config) });
      await page.goto(`${pageUrl}?${query}`, { waitUntil: 'commit', timeout: pageLoadMaxMs });
      await page.waitForFunction(() => 'benchReport' in window, undefined, {
        timeout: pageLoadMaxMs,
      });
      return viewerPage(config.viewerName, context, page);
    },
    processorSeconds: () => processorSeconds(pid),
    pageErrors: () => [...errors],
    close: () => server.close(),
  };
}

function viewerPage(viewerName: string, context: BrowserContext, page: Page): ViewerPage {
  return {
    viewerName,
    async leave() {
      const report = await page.evaluate(() => window.benchReport());
      const memoryBytes = await memoryOf(context, page);
      // A profile that others use goes with the browser.
      await (context.pages().length > 1 ? page : context).close();
      return { ...report, memoryBytes };
    },
  };
}

/** Objects and buffers of scripts that are still needed; decoded pictures and the player's own buffer lie elsewhere. */
async function memoryOf(context: BrowserContext, page: Page): Promise<number> {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const usage = await session.send('Runtime.getHeapUsage');
  const { usedSize, backingStorageSize = 0 } = usage as typeof usage & {
    backingStorageSize?: number;
  };
  return usedSize + backingStorageSize;
}
