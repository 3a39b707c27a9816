/** FNV-1a with a finaliser (murmur3's), uniform in (0, 1), of keys that begin alike. */
export function hasher(start: string): (end: string) => number {
  const before = fnv(start, 0x811c9dc5);
  return (end) => {
    let hash = fnv(end, before);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 0x1_0000_0000;
  };
}

export const hashToUnit = hasher('');

function fnv(key: string, before: number): number {
  let hash = before;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
}
