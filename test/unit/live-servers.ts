import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { type Edge, type EdgeOptions, startEdge } from '../../demo/origin/edge.ts';
import { OriginError } from '../../demo/origin/errors.ts';
import { type Origin, type OriginOptions, startOrigin } from '../../demo/origin/origin.ts';

export const startedAtMs = Date.UTC(2030, 0, 1);

/** Origins and edges of one test: real servers, with a wall clock that the test moves. */
export class LiveServers {
  /** Ten segments and a half have passed; the first one is number 100. */
  nowMs = startedAtMs + 21_000;
  readonly #closers: (() => Promise<void>)[] = [];

  async origin(options: OriginOptions = {}): Promise<Origin> {
    const origin = await startOrigin({
      startedAtMs,
      now: () => this.nowMs,
      mediaSequenceBase: 100,
      ...options,
    });
    this.#closers.push(() => origin.close());
    return origin;
  }

  async edge(of: Origin, options: Partial<EdgeOptions> = {}): Promise<Edge> {
    const edge = await startEdge({ originUrl: of.url, edgeId: 'edge-a', ...options });
    this.#closers.push(() => edge.close());
    return edge;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}

/** Counters change when the server learns of something, which is after the client did. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 2_000,
): Promise<void> {
  const giveUpAtMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAtMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).to.equal(200);
  return await response.text();
}

export async function getBytes(
  url: string,
  range?: string,
): Promise<{ response: Response; bytes: Buffer }> {
  const response = await fetch(url, range ? { headers: { range } } : {});
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof OriginError ? error.code : String(error)),
  );
}

/** Reads `byteCount` bytes of a body, then leaves. */
export async function readAndAbort(url: string, byteCount: number): Promise<number> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received >= byteCount) break;
  }
  response.destroy();
  return received;
}
