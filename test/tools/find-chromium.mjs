// Plain JavaScript without dependencies: the set-up asks it before anything is installed.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** As Debian installs it. */
const usualPath = '/usr/bin/chromium';
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The browser of tests and bench: `CHROMIUM_PATH`, else Debian's, else the first in the search path.
 * @returns {string | null} Null when there is none; a `CHROMIUM_PATH` that leads nowhere is none, too.
 */
export function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given) return existsSync(given) ? given : null;
  if (existsSync(usualPath)) return usualPath;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}
