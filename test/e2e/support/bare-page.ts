import type { Browser, CDPSession } from 'playwright-core';
import type { Reading } from './watch.ts';

/**
 * A page that is only reached over the DevTools protocol. Playwright keeps its own pages visible and awake for ever,
 * so that they can be neither frozen nor put into the back/forward cache.
 */
export class BarePage {
  #browser: CDPSession;
  #targetId: string;
  #sessionId: string;
  #answers = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(browser: CDPSession, targetId: string, sessionId: string) {
    this.#browser = browser;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    browser.on('Target.receivedMessageFromTarget', (received) => {
      if (received.sessionId !== sessionId) return;
      const answer: Answer = JSON.parse(received.message);
      this.#answers.get(answer.id)?.(answer);
      this.#answers.delete(answer.id);
    });
  }

  /** Opens the page in the browser's default profile. */
  static async open(browser: Browser, url: string): Promise<BarePage> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send('Target.createTarget', { url });
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    return new BarePage(session, targetId, sessionId);
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#browser.send('Target.sendMessageToTarget', {
      sessionId: this.#sessionId,
      message,
    });
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** The value of an expression, promises awaited. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const options = { returnByValue: true, awaitPromise: true };
    const answer = await this.send('Runtime.evaluate', { expression, ...options });
    return (answer as { result: { value: Value } }).result.value;
  }

  read(): Promise<Reading> {
    return this.evaluate<Reading>('window.viewer.read()');
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#targetId });
    await this.#browser.detach();
  }
}

interface Answer {
  id: number;
  result?: unknown;
  error?: { message: string };
}
