import { expect } from 'chai';
import { Stack, type Viewer, type ViewerOptions } from './stack.ts';
import { allLinked, allPlay, type Measured, measure, startMeasuring } from './watch.ts';

/** Below this nobody sees it. */
const freezeMsMax = 500;

/** A stack and the viewers that have joined, for the tests of one `describe`. */
export class Live {
  /** In the order in which they joined. */
  readonly viewers: Viewer[] = [];
  #stack: Stack | null = null;

  get stack(): Stack {
    if (!this.#stack) throw new Error('the stack has not started');
    return this.#stack;
  }

  async open(start: () => Promise<Stack>): Promise<void> {
    this.#stack = await start();
  }

  async join(options: ViewerOptions = {}): Promise<Viewer> {
    const viewer = await this.stack.join(options);
    this.viewers.push(viewer);
    return viewer;
  }

  /** So many join one after another, or one with each of the options; ends when all play and are linked to all. */
  async fill(room: number | ViewerOptions[], options: ViewerOptions = {}): Promise<Viewer[]> {
    const each = typeof room === 'number' ? Array.from({ length: room }, () => ({})) : room;
    for (const own of each) await this.join({ ...options, ...own });
    await allPlay(this.viewers);
    await allLinked(this.viewers);
    return this.viewers;
  }

  /** Nobody freezes, and no player gives up, while this happens. */
  async playsOn(meanwhile: () => Promise<unknown>, viewers = this.viewers): Promise<Measured> {
    const before = await startMeasuring(viewers, this.stack.edges);
    await meanwhile();
    const measured = await measure(viewers, before, this.stack.edges);
    expect(measured.fatalErrors).to.deep.equal([]);
    expect(measured.longestFreezeMs).to.be.below(freezeMsMax);
    return measured;
  }

  async empty(): Promise<void> {
    await Promise.all(this.viewers.splice(0).map((viewer) => viewer.close()));
  }

  async close(): Promise<void> {
    await this.#stack?.close();
  }
}

interface LiveOptions {
  start?: () => Promise<Stack>;
  /** The viewers of one test are those of the next. Default: each begins with nobody. */
  keepsViewers?: boolean;
}

/** Called in a `describe`: the stack starts before its first test and is closed after its last. */
export function useLive({
  start = () => Stack.start(),
  keepsViewers = false,
}: LiveOptions = {}): Live {
  const live = new Live();
  before(() => live.open(start));
  afterEach(async () => {
    if (!keepsViewers) await live.empty();
  });
  after(() => live.close());
  return live;
}
