/** Bundles the page of each mode in memory, as a site would: minified, loaded with one or few requests. */
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, defaultClientConditions, type InlineConfig, type Rolldown } from 'vite';
import viteConfig from '../../vite.config.ts';
import { rootFolder } from '../tools/root.ts';
import type { Mode } from './options.ts';

/** Body by file name; `entry` is the one that the page loads. */
export interface Bundle {
  entry: string;
  files: Map<string, string | Uint8Array>;
}

/** What a page that has hls.js already pays for a library, gzipped. */
export interface ScriptBytes {
  /** Loaded before playback starts. */
  firstLoad: number;
  everything: number;
}

const libraryOfMode: Record<Mode, string | null> = {
  plain: null,
  p2pml: `export { HlsJsP2PEngine } from 'p2p-media-loader-hlsjs';`,
  holdfast: `export { joinRoom } from '${join(rootFolder, 'sdk/index.ts')}';`,
};

type OutputFile = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** @throws Error when the page does not build. */
export async function bundlePage(mode: Mode | 'messages'): Promise<Bundle> {
  const page = join(import.meta.dirname, `pages/${mode}.ts`);
  const output = await bundle(page);
  const entry = output.find((file) => file.type === 'chunk' && file.facadeModuleId === page);
  if (!entry) throw new Error(`the page of ${mode} has no entry`);
  const files = new Map(output.map((file) => [basename(file.fileName), contentOf(file)]));
  return { entry: basename(entry.fileName), files };
}

/** Measured the same way for both libraries: one bundle of the public entry, with hls.js left out. */
export async function measureScriptBytes(mode: Mode): Promise<ScriptBytes> {
  const source = libraryOfMode[mode];
  if (source === null) return { firstLoad: 0, everything: 0 };
  const output = (await bundle('bench:library', source)).filter(
    (file) => !file.fileName.endsWith('.map'),
  );
  const first = firstLoadOf(output);
  const total = (files: OutputFile[]) =>
    files.reduce((bytes, file) => bytes + gzipSync(contentOf(file), { level: 9 }).byteLength, 0);
  return {
    firstLoad: total(output.filter((file) => first.has(file.fileName))),
    everything: total(output),
  };
}

async function bundle(entry: string, librarySource?: string): Promise<OutputFile[]> {
  const { plugins = [], build: ownBuild } = viteConfig({
    command: 'build',
    mode: 'production',
  }) as InlineConfig;
  const isLibrary = librarySource !== undefined;
  const { output, ...options } = ownBuild?.rolldownOptions ?? {};
  // Our library ships minified by a rule that knows which names are ours alone; other code's it does not know.
  const isOurs = librarySource === libraryOfMode.holdfast;
  const fitting = plugins.filter(
    (plugin) => isOurs || !(plugin && 'name' in plugin) || plugin.name !== 'holdfast:minify',
  );
  const library = {
    name: 'bench:library',
    resolveId: (id: string) => (id === 'bench:library' ? id : null),
    load: (id: string) => (id === 'bench:library' ? librarySource : null),
  };
  const result = await build({
    configFile: false,
    root: rootFolder,
    base: './',
    logLevel: 'error',
    publicDir: false,
    plugins: [...fitting, library],
    define: { 'process.env.NODE_ENV': '"production"' },
    // P2P Media Loader's own bundle of its core, which carries what its tracker client needs from Node.
    resolve: { conditions: ['p2pml:core-as-bundle', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      reportCompressedSize: false,
      // Without this Vite adds its own loader of lazy chunks to what is measured.
      lib: isLibrary && { entry, formats: ['es'] },
      rolldownOptions: {
        ...options,
        input: entry,
        preserveEntrySignatures: isLibrary ? 'strict' : 'allow-extension',
        external: isLibrary ? ['hls.js'] : [],
        output: { ...output, entryFileNames: '[name].js' },
      },
    },
  });
  if ('close' in result) throw new Error('the build is watching instead of building once');
  return (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output);
}

function contentOf(file: OutputFile): string | Uint8Array {
  return file.type === 'chunk' ? file.code : file.source;
}

/** The library's entry and everything that it imports statically. */
function firstLoadOf(output: OutputFile[]): Set<string> {
  const chunks = output.filter((file) => file.type === 'chunk');
  const entries = chunks.filter(({ facadeModuleId }) => facadeModuleId === 'bench:library');
  const names = new Set(entries.map(({ fileName }) => fileName));
  for (const name of names) {
    for (const imported of chunks.find((chunk) => chunk.fileName === name)?.imports ?? [])
      names.add(imported);
  }
  return names;
}
