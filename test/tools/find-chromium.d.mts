/** The browser of tests and bench: `CHROMIUM_PATH`, else Debian's, else the first in the search path. Null: none. */
export function findChromium(): string | null;
