import { join } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

const root = import.meta.dirname;
const shims = join(root, 'sdk/shims/simple-peer');

/**
 * What simple-peer imports and a browser does not need: 17.4 kB without these, 4.6 kB with them (minified, gzipped).
 * Each line says what it saves with the others in place. Most of them are not ESM: without them pages
 * load simple-peer unbundled, too.
 */
const simplePeerShims: Record<string, string> = {
  streamx: join(shims, 'stream.ts'), // 10.1 kB
  debug: join(shims, 'debug.ts'), // 2.5 kB
  'uint8-util': join(shims, 'bytes.ts'), // 0.1 kB; the package needs `Uint8Array.prototype.toHex`, new in 2025
  'err-code': join(shims, 'error-code.ts'), // 0.5 kB
};

/** Only imports made by simple-peer itself are replaced: other packages get the real thing. */
function slimSimplePeer(): Plugin {
  return {
    name: 'holdfast:slim-simple-peer',
    enforce: 'pre',
    resolveId(id, importer) {
      const fromSimplePeer = importer?.includes('/node_modules/simple-peer/');
      return fromSimplePeer ? (simplePeerShims[id] ?? null) : null;
    },
  };
}

const workerByUrl =
  /new Worker\(\s*new URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url\s*\)[^)]*\)/g;

/** A plain script is one file and has no `import.meta.url`: its workers are carried inside. */
function inlineWorkers(): Plugin {
  return {
    name: 'holdfast:inline-workers',
    enforce: 'pre',
    transform(code, id) {
      if (!id.startsWith(join(root, 'sdk')) || !code.includes('new Worker(')) return null;
      const imports: string[] = [];
      const body = code.replace(workerByUrl, (_match, path: string) => {
        const name = `InlineWorker${imports.length}`;
        imports.push(`import ${name} from '${path}?worker&inline';`);
        return `new ${name}()`;
      });
      return { code: [...imports, body].join('\n'), map: null };
    },
  };
}

/**
 * `vite build` writes the ES modules (`dist/holdfast.js` and its lazy chunks), `vite build --mode script` the plain
 * script with the global `Holdfast`. Without a build it serves the repository to the demo and the browser tests.
 */
export default defineConfig(({ mode }): UserConfig => {
  const script = mode === 'script';
  return {
    root,
    appType: 'custom',
    publicDir: false,
    base: './',
    plugins: [slimSimplePeer(), ...(script ? [inlineWorkers()] : [])],
    worker: {
      format: 'es',
      plugins: () => [slimSimplePeer()],
      rolldownOptions: { output: { entryFileNames: '[name].js' } },
    },
    // Everything that pages import is ESM already. Looking for more would reload a page in the middle of a test.
    optimizeDeps: { noDiscovery: true, include: [] },
    build: {
      target: 'es2022',
      outDir: 'dist',
      emptyOutDir: !script,
      reportCompressedSize: false,
      modulePreload: false,
      sourcemap: true,
      minify: true,
      lib: {
        entry: 'sdk/index.ts',
        name: 'Holdfast',
        formats: [script ? 'iife' : 'es'],
        fileName: () => (script ? 'holdfast.iife.js' : 'holdfast.js'),
      },
      rolldownOptions: {
        external: ['hls.js'],
        // Vite leaves the whitespace of ES libraries in; this one is also loaded without a bundler.
        output: { minify: true, chunkFileNames: '[name].js' },
      },
    },
  };
});
