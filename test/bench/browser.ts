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
  /** Opens a page in a browser context of its own, as another person would. */
  open(pageUrl: string, config: ViewerConfig): Promise<ViewerPage>;
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
  return {
    version: browser.version(),
    async open(pageUrl, config) {
      const context = await browser.newContext();
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
      await context.close();
      return report;
    },
  };
}
