import { type Browser, chromium } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../../tools/chromium.ts';

/** A browser with processes of its own, which can be killed. */
export class OwnBrowser {
  readonly browser: Browser;
  readonly #kill: () => void;
  readonly #close: () => Promise<void>;

  private constructor(browser: Browser, kill: () => void, close: () => Promise<void>) {
    this.browser = browser;
    this.#kill = kill;
    this.#close = close;
  }

  static async start(): Promise<OwnBrowser> {
    const server = await chromium.launchServer({
      executablePath: chromiumPath(),
      args: chromiumArguments,
    });
    const browser = await chromium.connect(server.wsEndpoint());
    const kill = (): void => {
      if (!server.process().kill('SIGKILL')) throw new Error('the browser was gone already');
    };
    return new OwnBrowser(browser, kill, () => server.close());
  }

  /** Goes without a word, as when the system kills it or the power fails. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.browser.once('disconnected', resolve));
    this.#kill();
    await gone;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
