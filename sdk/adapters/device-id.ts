import { hasTabs } from './tabs.ts';

const storageKey = 'holdfast.deviceId';
const pageKey = Symbol.for(storageKey);
const idPattern = /^[0-9a-f]{32}$/;

/**
 * Random id of this browser profile, kept in localStorage: all pages of one origin are one device. Where the
 * browser partitions storage, a page embedded elsewhere is a device of its own. Where it refuses storage the id is the
 * page's; where viewers cannot reach one another, that of one session. Two pages that are opened first, at the very same moment, may differ
 * until they are reloaded.
 */
export function loadDeviceId(): string {
  try {
    if (!hasTabs()) return randomId();
    const kept = localStorage.getItem(storageKey);
    if (kept && idPattern.test(kept)) return kept;
    localStorage.setItem(storageKey, pageId());
  } catch {
    // Refused or full: what follows holds for this page alone.
  }
  return pageId();
}

/**
 * Another id for a profile whose own is that of another machine too, as in copies of one disk image. Pages of one
 * profile find the one that the first of them has made.
 */
export function renewDeviceId(before: string): string {
  try {
    if (!hasTabs()) return randomId();
    const kept = localStorage.getItem(storageKey);
    if (kept && kept !== before && idPattern.test(kept)) return kept;
    const fresh = randomId();
    localStorage.setItem(storageKey, fresh);
    return fresh;
  } catch {
    return before === pageId() ? randomId() : pageId();
  }
}

/** Kept on the page itself, so that all its sessions share it, those of another copy of this script too. */
function pageId(): string {
  const page = globalThis as { [pageKey]?: string };
  page[pageKey] ??= randomId();
  return page[pageKey];
}

function randomId(): string {
  // Not `randomUUID`, which plain http pages lack.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
