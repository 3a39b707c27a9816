import { fullAllowance, waitMs } from '../core/index.ts';

/** Lets through `perSecond` on average and `burst` at once. Times are any monotonic milliseconds. */
export interface Bucket {
  take(nowMs: number): boolean;
}

export function createBucket(perSecond: number, burst: number, nowMs: number): Bucket {
  const rate = { perSecond, burst };
  const allowance = fullAllowance(rate, nowMs);
  return {
    take(atMs) {
      if (waitMs(allowance, rate, atMs) > 0) return false;
      allowance.left -= 1;
      return true;
    },
  };
}

/** One bucket per key, for at most `keysMax` keys; the longest unseen is forgotten first. */
export interface Buckets {
  take(key: string, nowMs: number): boolean;
}

export function createBuckets(perSecond: number, burst: number, keysMax: number): Buckets {
  const buckets = new Map<string, Bucket>();
  return {
    take(key, nowMs) {
      const bucket = buckets.get(key) ?? createBucket(perSecond, burst, nowMs);
      // A Map keeps insertion order: putting it back makes it the last seen.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > keysMax) {
        const oldest = buckets.keys().next();
        if (!oldest.done) buckets.delete(oldest.value);
      }
      return bucket.take(nowMs);
    },
  };
}

/** What counts as one address: an IPv6 host owns its whole /64. */
export function addressKey(address: string): string {
  const plain = plainOf(address);
  return plain.includes(':') ? groupsOf(plain).slice(0, 4).join(':') : plain;
}

/** What counts as one network: viewers of a /24, or an IPv6 /48, reach servers by much the same way. */
export function networkKey(address: string): string {
  const plain = plainOf(address);
  return plain.includes(':')
    ? groupsOf(plain).slice(0, 3).join(':')
    : plain.split('.').slice(0, 3).join('.');
}

/** IPv4 as such, however a socket or a proxy tells it: with a port, too. */
function plainOf(address: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  const plain = (bracketed ?? dotted ?? address).toLowerCase();
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain;
}

/** Each in its shortest form. */
function groupsOf(plain: string): string[] {
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return groups.map((group) => group.replace(/^0+(?=.)/, ''));
}
