// Makes `npm start` and `npm test` work on a machine that has only Node 20 or later and npm.
// Plain JavaScript without dependencies: it runs before anything is installed, under the machine's own Node.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './find-chromium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const stampFile = join(root, 'node_modules/.cache/holdfast-lock-hash');
const pinnedNode = join(root, 'node_modules/.bin/node');

installPackages();
if (process.argv.includes('--browser')) installTestPrograms();

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  // The stamp may outlive what it speaks of: a later install can leave the pinned Node out.
  const isStamped = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
  if (isStamped && existsSync(pinnedNode)) return;

  say('Installing packages (about half a minute) ...');
  // `npm ci` refuses a lock file without the optional binaries of other platforms, which registry mirrors may not
  // carry. This installs the same versions and leaves the lock file alone, too.
  const npm = process.env.npm_execpath;
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm) run(process.execPath, [npm, ...install]);
  else run('npm', install);

  const version = existsSync(pinnedNode) ? read(pinnedNode, ['--version']) : 'missing';
  if (!version.startsWith('v24.')) {
    stop(
      `The Node 24 of node_modules/.bin/node is ${version}. Was its install script blocked? Try: npm rebuild node`,
    );
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
  say(`Packages are installed; scripts run under Node ${version}.`);
}

/** Chromium plays the streams of the tests, ffmpeg makes them. */
function installTestPrograms() {
  if (process.env.CHROMIUM_PATH && !findChromium()) {
    stop(`CHROMIUM_PATH: there is no ${process.env.CHROMIUM_PATH}`);
  }
  const missing = [];
  if (!findChromium()) missing.push('chromium');
  if (!onPath('ffmpeg')) missing.push('ffmpeg');
  if (missing.length === 0) return;

  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    stop(`The tests need ${missing.join(' and ')}. On Debian: sudo apt-get ${install.join(' ')}`);
  }
  say(`Installing ${missing.join(' and ')} with apt-get (a few minutes) ...`);
  run('apt-get', ['update', '-q']);
  run('apt-get', install, { DEBIAN_FRONTEND: 'noninteractive' });
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0)
    stop(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : '.'}`);
}

function read(command, args) {
  return execFileSync(command, args, { encoding: 'utf8' }).trim();
}

function say(text) {
  console.log(`[setup] ${text}`);
}

function stop(text) {
  console.error(`[setup] ${text}`);
  process.exit(1);
}
