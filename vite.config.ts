import { basename, dirname, join } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { minifyChunks } from './test/tools/minify.ts';
import { slimPackages } from './test/tools/slim-packages.ts';

const root = import.meta.dirname;

const workerByUrl =
  /new Worker\(\s*new URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url\s*\)[^)]*\)/g;

/**
 * Builds workers together with the page's modules, so that both load the same chunks: by itself Vite gives a worker
 * a second copy of all that it shares with the page.
 */
function sharedWorkers(prefix: string): Plugin {
  const fileByMark = new Map<string, string>();
  return {
    name: 'holdfast:shared-workers',
    enforce: 'pre',
    apply: 'build',
    transform(code, id) {
      if (!id.startsWith(join(root, 'sdk')) || !code.includes('new Worker(')) return null;
      const body = code.replace(workerByUrl, (_match, path: string) => {
        const fileName = `${prefix}${basename(path, '.ts')}.js`;
        this.emitFile({ type: 'chunk', id: join(dirname(id), path), fileName });
        const mark = `__HOLDFAST_WORKER_${fileByMark.size}__`;
        fileByMark.set(mark, fileName);
        return `new Worker(${mark}, { type: 'module' })`;
      });
      return { code: body, map: null };
    },
    /** Only now, or Vite would build the worker once more. Bundlers of apps know this form. */
    renderChunk(code) {
      let body = code;
      for (const [mark, fileName] of fileByMark) {
        body = body.replace(mark, `new URL('./${fileName}', import.meta.url)`);
      }
      return body === code ? null : { code: body, map: null };
    },
  };
}

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

/** Few chunks, as each is a request and is compressed by itself. The first that fits a module has it. */
const chunks = [
  // What the loaders and the room share.
  { name: 'common', test: /(sdk\/errors|runtime\/media|protocol\/identity)\.ts$/ },
  // What only pages with `storageBytesMax` load, in the page and in its worker.
  { name: 'storage', test: /(segment-database|adapters\/idb|worker-client|comlink)\.ts$/ },
];

/** The classifier of messages: what the page has in common with its worker. */
const messagesChunks = [
  {
    name: 'common',
    test: /(sdk\/errors|runtime\/comlink|protocol\/\w+|shims\/valibot\/valibot)\.ts$/,
  },
];

/** Built apart, so that a page with only one of them loads nothing of the other. */
const entries = {
  room: { entry: 'sdk/index.ts', file: 'holdfast', global: 'Holdfast', prefix: '', chunks },
  messages: {
    ...{ entry: 'sdk/messages.ts', file: 'holdfast-messages', global: 'HoldfastMessages' },
    ...{ prefix: 'holdfast-messages-', chunks: messagesChunks },
  },
};

/**
 * `vite build` writes the ES modules of the room (`dist/holdfast.js` and its lazy chunks), `--mode messages` those of the
 * classifier (`dist/holdfast-messages.js`); `--mode room-script` and `--mode messages-script` write plain scripts with a
 * global each. Without a build it serves the repository to the demo and the browser tests.
 */
export default defineConfig(({ mode }): UserConfig => {
  const script = mode.endsWith('-script');
  const { entry, file, global, prefix, chunks } =
    entries[mode.startsWith('messages') ? 'messages' : 'room'];
  return {
    root,
    appType: 'custom',
    publicDir: false,
    base: './',
    plugins: [slimPackages(), script ? inlineWorkers() : sharedWorkers(prefix), minifyChunks()],
    worker: {
      format: 'es',
      plugins: () => [slimPackages(), minifyChunks()],
      rolldownOptions: { output: { entryFileNames: `${file}.iife.[name].js` } },
    },
    // Everything that pages import is ESM already. Looking for more would reload a page in the middle of a test.
    optimizeDeps: { noDiscovery: true, include: [] },
    build: {
      target: 'es2022',
      outDir: 'dist',
      emptyOutDir: false,
      reportCompressedSize: false,
      modulePreload: false,
      sourcemap: true,
      minify: true, // after `minifyChunks`: together they leave less than either
      lib: {
        entry,
        name: global,
        formats: [script ? 'iife' : 'es'],
        fileName: () => `${file}${script ? '.iife' : ''}.js`,
      },
      rolldownOptions: {
        external: ['hls.js'],
        checks: { pluginTimings: false },
        onwarn(warning, warn) {
          // A rule of our schemas that valibot's stand-in does not know.
          if (warning.code === 'IMPORT_IS_UNDEFINED') throw new Error(warning.message);
          warn(warning);
        },
        // A limit that is used in several chunks is a number in each of them.
        optimization: { inlineConst: { mode: 'all', pass: 2 } },
        // Vite leaves the whitespace of ES libraries in; this one is also loaded without a bundler.
        output: {
          minify: true,
          comments: { annotation: false },
          chunkFileNames: `${prefix}[name].js`,
          codeSplitting: script ? false : { groups: chunks },
        },
      },
    },
  };
});
