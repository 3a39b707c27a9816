/** The pages of the tests, bundled as a site would: dozens of modules would be dozens of requests for each viewer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build, createServer as createViteServer } from 'vite';
import { rootFolder } from '../../tools/root.ts';
import { slimPackages } from '../../tools/slim-packages.ts';

const folder = 'test/e2e/page';
const bundled = ['index', 'plain', 'hostile', 'forger', 'visits', 'frame'];
const types: Record<string, string> = { html: 'text/html', js: 'text/javascript' };

export interface Pages {
  /** The viewer's; the others lie beside it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves what is bundled from memory, and everything else as it is in the repository. */
export async function servePages(): Promise<Pages> {
  const files = await bundle();
  const vite = await createViteServer({
    configFile: join(rootFolder, 'vite.config.ts'),
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    appType: 'mpa',
    logLevel: 'error',
  });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1);
    const body = files.get(path);
    if (body === undefined) return vite.middlewares(request, response);
    const type = types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${folder}/index.html`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await vite.close();
    },
  };
}

async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    configFile: false,
    root: rootFolder,
    base: '/',
    publicDir: false,
    logLevel: 'error',
    plugins: [slimPackages()],
    worker: { format: 'es', plugins: () => slimPackages() },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: { input: bundled.map((name) => join(rootFolder, folder, `${name}.html`)) },
    },
  });
  if ('close' in result) throw new Error('the build is watching instead of building once');
  const output = (Array.isArray(result) ? result : [result]).flatMap((each) => each.output);
  return new Map(
    output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]),
  );
}
