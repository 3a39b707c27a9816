/** Debian's Chromium, as the set-up script installs it. */
export const chromiumPath = '/usr/bin/chromium';

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
