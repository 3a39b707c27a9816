import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'rolldown';
import { build, type Rolldown } from 'vite';
import { publicEntries, rollUpTypes } from './api-report.ts';
import { rootFolder } from './root.ts';

const dist = join(rootFolder, 'dist');

export type OutputFile = Rolldown.OutputChunk | Rolldown.OutputAsset;

export interface BuiltModules {
  room: OutputFile[];
  messages: OutputFile[];
}

/** Builds the library into `dist/`: ES modules, plain scripts, types, and the commands. Returns the ES modules. */
export async function buildLibrary(): Promise<BuiltModules> {
  writeDeclarations();
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const room = await buildWith('room');
  const messages = await buildWith('messages');
  for (const mode of ['room-script', 'messages-script']) await buildWith(mode);
  for (const { entry, declarations } of publicEntries) {
    writeFileSync(join(dist, declarations), await rollUpTypes(entry));
  }
  await buildCommands();
  writePackage();
  return { room, messages };
}

/** The commands in JavaScript: Node strips no types inside `node_modules`. */
async function buildCommands(): Promise<void> {
  await bundle({
    input: join(rootFolder, 'signaling/sign.ts'),
    platform: 'node',
    output: { file: join(dist, 'holdfast-sign.mjs') },
  });
  await bundle({
    input: { 'holdfast-agent': join(rootFolder, 'sdk/agent/main.ts') },
    platform: 'node',
    external: ['@roamhq/wrtc'],
    // Its paths lead to types.
    tsconfig: false,
    output: {
      dir: dist,
      entryFileNames: '[name].mjs',
      chunkFileNames: 'holdfast-agent-[name].mjs',
    },
  });
}

/** The types are rolled up from these; a fresh clone has none. */
function writeDeclarations(): void {
  const tsc = join(rootFolder, 'node_modules/.bin/tsc');
  const { status, stdout, error } = spawnSync(tsc, ['-b', 'sdk'], {
    cwd: rootFolder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the sdk does not compile: ${error?.message ?? stdout}`);
}

/**
 * Makes `dist/` a package that apps install (`npm pack ./dist`). Everything but hls.js is built in, so it depends on
 * nothing; the repository's own package would bring the server's dependencies, and a native WebRTC for Node.
 */
function writePackage(): void {
  const own = JSON.parse(readFileSync(join(rootFolder, 'package.json'), 'utf8'));
  const { name, version, description, license, type, dependencies } = own;
  const manifest = {
    ...{ name, version, description, license, type },
    exports: {
      '.': { types: './holdfast.d.ts', import: './holdfast.js' },
      './messages': { types: './holdfast-messages.d.ts', import: './holdfast-messages.js' },
    },
    bin: { 'holdfast-agent': './holdfast-agent.mjs', 'holdfast-sign': './holdfast-sign.mjs' },
    files: ['*.js', '*.mjs', '*.js.map', '*.d.ts'],
    // A native library, and for the agent alone.
    peerDependencies: {
      'hls.js': `^${dependencies['hls.js']}`,
      '@roamhq/wrtc': `^${dependencies['@roamhq/wrtc']}`,
    },
    peerDependenciesMeta: { '@roamhq/wrtc': { optional: true } },
  };
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(rootFolder, 'LICENSE'), join(dist, 'LICENSE'));
}

async function buildWith(mode: string): Promise<OutputFile[]> {
  const configFile = join(rootFolder, 'vite.config.ts');
  const result = await build({ mode, configFile, logLevel: 'warn' });
  if ('close' in result) throw new Error('the build is watching instead of building once');
  return (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output);
}

if (import.meta.main) {
  await buildLibrary();
  console.log('Built dist/holdfast{,-messages}{.js,.iife.js,.d.ts}.');
}
