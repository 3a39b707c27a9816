/** Registers an edge with the signaling server and sends its heartbeats, as any edge of a site does over HTTP. */
import * as v from 'valibot';
import type { Signaling } from '../../signaling/adapters/server.ts';
import { wait } from '../origin/fault.ts';

export interface RegistrarOptions {
  edgeId: string;
  /** What the edge says of itself, without its load. */
  registration: Readonly<Record<string, unknown>>;
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  signalingUrl: string;
  issueToken: Signaling['issueToken'];
  /** Share of its capacity that is in use, since it was asked last. */
  load: () => number;
}

/** What the server answered last. */
export interface Standing {
  /** Name that it goes by now; null while viewers are not sent there. */
  name: string | null;
  load: number;
  /** `performance.now()`. */
  heardAtMs: number;
}

const answer = v.object({ name: v.nullable(v.string()), heartbeatIntervalMs: v.number() });
/** After a failure. */
const retryMs = 1_000;
const answerWithinMs = 2_000;
const tokenLifetimeSeconds = 60;

export class Registrar {
  standing: Standing | null = null;
  readonly #options: RegistrarOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #isRegistered = false;
  #isSilent = false;
  #woken = new AbortController();

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** A server that is cut off sends nothing; when it is back it does so at once. */
  set isSilent(isSilent: boolean) {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    if (isSilent) return;
    this.#woken.abort();
    this.#woken = new AbortController();
  }

  /** Without a word to the server, as a process that ends: its lease does the rest. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const closing = this.#closing.signal;
    while (!closing.aborted) {
      const { signal } = this.#woken;
      const againMs = this.#isSilent ? null : await this.#speak().catch(() => retryMs);
      await wait(againMs, signal, closing);
    }
  }

  /** @returns After how long it is to be heard again. */
  async #speak(): Promise<number> {
    const { edgeId, registration, load: loadNow } = this.#options;
    const load = loadNow();
    const path = `/edges/${edgeId}`;
    const response = this.#isRegistered
      ? await this.#send('POST', `${path}/heartbeat`, { load })
      : await this.#send('PUT', path, { ...registration, load });
    // The lease has ended: it has to register anew, which cannot wait.
    if (response.status === 404) {
      this.#isRegistered = false;
      return 0;
    }
    if (!response.ok) return retryMs;
    const { name, heartbeatIntervalMs } = v.parse(answer, await response.json());
    this.#isRegistered = true;
    this.standing = { name, load, heardAtMs: performance.now() };
    return heartbeatIntervalMs;
  }

  async #send(method: string, path: string, body: unknown): Promise<Response> {
    const { edgeId, signalingUrl, issueToken } = this.#options;
    const token = await issueToken({ edge: edgeId, lifetimeSeconds: tokenLifetimeSeconds });
    return fetch(signalingUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(answerWithinMs)]),
    });
  }
}
