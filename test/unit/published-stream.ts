import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Origin } from '../../demo/origin/origin.ts';
import { generateKey } from '../../signaling/adapters/signer.ts';
import type { VerificationKey } from '../../signaling/protocol/index.ts';

const command = 'signaling/sign.ts';

/** A publisher: a folder that a packager fills, a plain server in front of it, and `holdfast-sign` beside it. */
export class PublishedStream {
  readonly folder: string;
  /** What was asked of the server, as paths. */
  readonly asked: string[] = [];
  readonly key: VerificationKey;
  #server: Server;
  #signer: ChildProcess;
  #stopped = false;
  #mirroring: Promise<void>;

  /** Follows a live origin. */
  static async start(origin: Origin, room: string, key = generateKey()): Promise<PublishedStream> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-published-'));
    await mirror(origin, folder);
    const signer = sign([folder, '--room', room], key);
    const lines = createInterface({ input: signer.stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    const stream = new PublishedStream(origin, folder, JSON.parse(line), signer);
    stream.#server.listen(0, '127.0.0.1');
    await once(stream.#server, 'listening');
    return stream;
  }

  private constructor(origin: Origin, folder: string, key: VerificationKey, signer: ChildProcess) {
    this.folder = folder;
    this.key = key;
    this.#signer = signer;
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '', 'http://localhost').pathname;
      this.asked.push(path);
      readFile(join(folder, path.replace(/^\/live\//, ''))).then(
        (bytes) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    this.#mirroring = this.#follow(origin);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get playlistUrl(): string {
    return `${this.url}/live/main.m3u8`;
  }

  /** Ends `holdfast-sign` as an operator would; returns its exit code. */
  async stopSigning(): Promise<number | null> {
    if (this.#signer.exitCode !== null) return this.#signer.exitCode;
    this.#signer.kill('SIGTERM');
    const [code] = await once(this.#signer, 'exit');
    return code;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#mirroring;
    await this.stopSigning();
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.folder, { recursive: true });
  }

  async #follow(origin: Origin): Promise<void> {
    while (!this.#stopped) {
      await mirror(origin, this.folder).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** `holdfast-sign` as a process of its own, with a fresh key. */
export function sign(args: readonly string[], key = generateKey()): ChildProcess {
  return spawn(process.execPath, [command, ...args], {
    env: { ...process.env, HOLDFAST_PUBLISHER_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** As a packager writes: segments first, then the playlists that name them, each whole. */
async function mirror(origin: Origin, folder: string): Promise<void> {
  const main = await get(`${origin.url}/live/main.m3u8`);
  for (const [playlist] of main.toString().matchAll(/^[\w-]+\/playlist\.m3u8$/gm)) {
    const text = await get(`${origin.url}/live/${playlist}`);
    for (const [file] of text.toString().matchAll(/[\w-]+\.(m4s|mp4)/g)) {
      const path = `${dirname(playlist)}/${file}`;
      const isThere = await readFile(join(folder, path)).then(
        () => true,
        () => false,
      );
      if (!isThere) await put(join(folder, path), await get(`${origin.url}/live/${path}`));
    }
    await put(join(folder, playlist), text);
  }
  await put(join(folder, 'main.m3u8'), main);
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function put(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}
