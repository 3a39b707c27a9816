/** The whole of a live room on this machine: origin, edges, signaling, pages and a browser. */
import { randomBytes } from 'node:crypto';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type LaunchOptions,
  type Page,
} from 'playwright-core';
import { type Edge, startEdge } from '../../../demo/origin/edge.ts';
import { type Origin, type OriginOptions, startOrigin } from '../../../demo/origin/origin.ts';
import {
  type Signaling,
  type SignalingOptions,
  startSignaling,
} from '../../../signaling/adapters/server.ts';
import type { SenderRole } from '../../../signaling/protocol/index.ts';
import { chromiumArguments, chromiumPath } from '../../tools/chromium.ts';
import { servePages } from './pages.ts';

/** Tokens stay valid over a restart. */
const signalingKey = randomBytes(32).toString('base64');

export interface Viewer {
  page: Page;
  context: BrowserContext;
  read(): Promise<ReturnType<Window['viewer']['read']>>;
  close(): Promise<void>;
}

export interface ViewerOptions {
  /** Which edge it plays from. Default the first. */
  edge?: Edge;
  room?: string;
  upload?: boolean;
  /** By its token. */
  role?: SenderRole;
  name?: string;
  options?: Record<string, unknown>;
  hls?: Record<string, unknown>;
  /** Runs before the page's own scripts. */
  initScript?: string;
  signaling?: string;
  /** What the attestor reads, null for nothing. Default the origin. */
  stream?: string | null;
  /** Opens in this browser profile, as another tab of the same viewer; closing the viewer then leaves the profile. */
  context?: BrowserContext;
  /** Opens in a browser of its own process. Default the one that all share. */
  browser?: Browser;
}

export interface Hostile {
  read(): Promise<Window['hostile']>;
  close(): Promise<void>;
}

export class Stack {
  origin: Origin;
  readonly edges: Edge[];
  signaling: Signaling;
  readonly browser: Browser;
  readonly pageUrl: string;
  #closers: (() => Promise<unknown>)[];
  #viewers = 0;

  private constructor(parts: {
    origin: Origin;
    edges: Edge[];
    signaling: Signaling;
    browser: Browser;
    pageUrl: string;
    closers: (() => Promise<unknown>)[];
  }) {
    this.origin = parts.origin;
    this.edges = parts.edges;
    this.signaling = parts.signaling;
    this.browser = parts.browser;
    this.pageUrl = parts.pageUrl;
    this.#closers = parts.closers;
  }

  static async start(
    options: OriginOptions = {},
    launch: LaunchOptions = {},
    signalingOptions: SignalingOptions | ((edges: Edge[]) => SignalingOptions) = {},
  ): Promise<Stack> {
    const origin = await startOrigin(options);
    const edges = await Promise.all(
      ['edge-a', 'edge-b', 'edge-c'].map((edgeId) => startEdge({ originUrl: origin.url, edgeId })),
    );
    const signaling = await startSignaling({
      key: signalingKey,
      ...(typeof signalingOptions === 'function' ? signalingOptions(edges) : signalingOptions),
    });
    const pages = await servePages();
    const browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: chromiumArguments,
      ...launch,
    });
    const closers = [
      () => browser.close(),
      () => pages.close(),
      ...edges.map((edge) => () => edge.close()),
    ];
    return new Stack({ origin, edges, signaling, browser, pageUrl: pages.url, closers });
  }

  edge(index: number): Edge {
    const edge = this.edges[index];
    if (!edge) throw new Error(`there is no edge ${index}`);
    return edge;
  }

  /** Address of a viewer's page, with a token of its own. */
  async viewerUrl(options: ViewerOptions = {}): Promise<string> {
    this.#viewers += 1;
    const room = options.room ?? 'test';
    const token = await this.signaling.issueToken({
      room,
      subject: `viewer-${this.#viewers}`,
      lifetimeSeconds: 600,
      role: options.role,
      name: options.name,
      stream: options.stream === null ? undefined : (options.stream ?? this.origin.playlistUrl),
    });
    const query = new URLSearchParams({
      room,
      token,
      signaling: options.signaling ?? this.signaling.url,
      src: (options.edge ?? this.edge(0)).playlistUrl,
      upload: options.upload === false ? 'no' : 'yes',
      options: JSON.stringify(options.options ?? {}),
      hls: JSON.stringify(options.hls ?? {}),
    });
    return `${this.pageUrl}?${query}`;
  }

  /** Opens a viewer in a browser profile of its own. */
  async join(options: ViewerOptions = {}): Promise<Viewer> {
    const context = options.context ?? (await (options.browser ?? this.browser).newContext());
    const page = await context.newPage();
    if (options.initScript) await page.addInitScript(options.initScript);
    await page.goto(await this.viewerUrl(options));
    await page.waitForFunction(() => window.viewer !== undefined);
    return {
      page,
      context,
      read: () => page.evaluate(() => window.viewer.read()),
      close: () => (options.context ? page.close() : context.close()),
    };
  }

  /** Time to the first frame of plain hls.js, which is opened and closed for it. */
  async firstFrameMsOfPlain(): Promise<number> {
    const page = await this.openPlain(this.edge(0).playlistUrl);
    const read = await page.waitForFunction(() => window.plain?.read().firstFrameMs);
    const firstFrameMs = await read.jsonValue();
    await page.context().close();
    if (typeof firstFrameMs !== 'number') throw new Error('plain hls.js shows no frame');
    return firstFrameMs;
  }

  /** The stream in plain hls.js, in a browser profile of its own. */
  async openPlain(src: string): Promise<Page> {
    const context = await this.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${this.pageUrl.replace('index', 'plain')}?${new URLSearchParams({ src })}`);
    return page;
  }

  /** Opens another page of `page/` in a browser profile of its own, with a token for the room. */
  async open(
    file: string,
    parameters: Record<string, unknown>,
    room = 'test',
    stream: string | null = this.origin.playlistUrl,
  ): Promise<Page> {
    this.#viewers += 1;
    const token = await this.signaling.issueToken({
      room,
      subject: `viewer-${this.#viewers}`,
      lifetimeSeconds: 600,
      stream: stream ?? undefined,
    });
    const query = new URLSearchParams({
      room,
      token,
      signaling: this.signaling.url,
      src: this.edge(0).playlistUrl,
      ...Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
    });
    const page = await (await this.browser.newContext()).newPage();
    await page.goto(`${this.pageUrl.replace('index.html', file)}?${query}`);
    return page;
  }

  /** Opens a member that attacks its peers as `page/hostile.ts` says. */
  async joinHostile(attack: string, room = 'test'): Promise<Hostile> {
    const token = await this.signaling.issueToken({
      room,
      subject: 'hostile',
      lifetimeSeconds: 60,
      stream: this.origin.playlistUrl,
    });
    const context = await this.browser.newContext();
    const page = await context.newPage();
    const query = new URLSearchParams({ room, token, signaling: this.signaling.url, attack });
    await page.goto(`${this.pageUrl.replace('index', 'hostile')}?${query}`);
    await page.waitForFunction(() => window.hostile !== undefined);
    return {
      read: () => page.evaluate(() => ({ ...window.hostile })),
      close: () => context.close(),
    };
  }

  /** Another encoder, at the same address. */
  async restartOrigin(options: OriginOptions): Promise<void> {
    const { port } = this.origin;
    await this.origin.close();
    this.origin = await startOrigin({ ...options, port });
  }

  /** A new process would know nothing of the old one's rooms; its key and port are configured. */
  async restartSignaling(): Promise<void> {
    const { port } = this.signaling;
    await this.signaling.close();
    this.signaling = await startSignaling({ port, key: signalingKey });
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    await this.origin.close();
    await this.signaling.close();
  }
}
