import { findChromium } from './find-chromium.mjs';

/** @throws Error that says what to do when there is no Chromium. */
export function chromiumPath(): string {
  const path = findChromium();
  if (path) return path;
  const given = process.env.CHROMIUM_PATH;
  throw new Error(
    given
      ? `CHROMIUM_PATH: there is no ${given}`
      : 'no Chromium found: install it, or set CHROMIUM_PATH',
  );
}

/** No sandbox as root, no traffic of the browser's own, and no saving on pages that are not looked at. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];
