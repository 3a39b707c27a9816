/** The demo as its user has it: the command, and the page in a browser. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from '../../tools/chromium.ts';
import { until } from './watch.ts';

const startFile = join(import.meta.dirname, '../../../demo/start.ts');

interface Ended {
  code: number | null;
  output: string;
}

export class DemoProcess {
  output = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<Ended>;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [startFile, ...args]);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#ended = once(this.#child, 'close').then(([code]: (number | null)[]) => ({
      code: code ?? null,
      output: this.output,
    }));
  }

  /** The one URL that is printed for the user. */
  async url(): Promise<string> {
    const read = async () => /Open\s+(http:\S+)/.exec(this.output)?.[1] ?? '';
    return until('the demo prints its URL', read, (url) => url !== '', 15_000);
  }

  /** Of everything that it said it started. */
  ports(): number[] {
    return [...this.output.matchAll(/\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  }

  signal(name: 'SIGINT' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  async ended(): Promise<Ended> {
    return this.#ended;
  }
}

/** The demo and pages of it, for the tests of one `describe`. */
export class LiveDemo {
  /** What no page caught. */
  readonly errors: string[] = [];
  #process: DemoProcess | null = null;
  #browser: Browser | null = null;
  #page: Page | null = null;

  get process(): DemoProcess {
    if (!this.#process) throw new Error('the demo has not started');
    return this.#process;
  }

  /** The first one. */
  get page(): Page {
    if (!this.#page) throw new Error('no page is open');
    return this.#page;
  }

  async open(): Promise<void> {
    this.#process = new DemoProcess('--port', '0');
    this.#browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: chromiumArguments,
    });
    this.#page = await this.openPage();
  }

  /** In a browser profile of its own. @param query Of its URL, with the question mark. */
  async openPage(query = ''): Promise<Page> {
    const page = await this.#browser?.newPage({ viewport: { width: 1280, height: 800 } });
    if (!page) throw new Error('the browser has not started');
    page.on('pageerror', (error) => this.errors.push(String(error)));
    await page.goto(`${await this.process.url()}${query}`);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    this.#process?.signal('SIGKILL');
  }
}

/** Called in a `describe`: the demo starts before its first test and is ended after its last. */
export function useDemo(): LiveDemo {
  const live = new LiveDemo();
  before(() => live.open());
  after(() => live.close());
  return live;
}

/** Playhead of each viewer's video, in seconds. */
export function playheads(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('video')].map((video) => video.currentTime),
  );
}

/** Of ten looks at each video in a second, how many found it a small step further. */
function smallSteps(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const videos = [...document.querySelectorAll('video')];
    const steps = videos.map(() => 0);
    let last = videos.map(({ currentTime }) => currentTime);
    for (let look = 0; look < 10; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = videos.map(({ currentTime }) => currentTime);
      for (const [index, video] of videos.entries()) {
        const step = (now[index] ?? 0) - (last[index] ?? 0);
        const isSmall = step > 0.01 && step < 0.5 && video.readyState >= 3;
        steps[index] = (steps[index] ?? 0) + (isSmall ? 1 : 0);
      }
      last = now;
    }
    return steps;
  });
}

export async function allReallyPlay(page: Page, viewers: number, withinMs: number): Promise<void> {
  const play = (steps: number[]) => steps.length === viewers && steps.every((count) => count >= 8);
  await until('everyone plays on', () => smallSteps(page), play, withinMs);
}

export async function stalls(page: Page): Promise<number> {
  return Number(await page.locator('#stalls').textContent());
}

export function press(page: Page, name: string): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click();
}
