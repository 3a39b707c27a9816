import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Viewer } from './stack.ts';

interface Played {
  url: string;
  digest: string;
}

/** Collects the digest of every segment that reaches hls.js. */
export function collectDigests(): void {
  const digests: Played[] = [];
  Object.assign(window, { digests });
  window.viewer.hls.on(
    'hlsFragLoaded' as never,
    ((_: string, data: { frag: { url: string }; payload: ArrayBuffer }) => {
      const { url } = data.frag;
      void crypto.subtle.digest('SHA-256', data.payload.slice(0)).then((hash) => {
        const digest = [...new Uint8Array(hash)]
          .map((byte) => byte.toString(16).padStart(2, '0'))
          .join('');
        digests.push({ url, digest });
      });
    }) as never,
  );
}

/** Everything that reached the players since `collectDigests` is what the edge gives. */
export async function onlyTrueBytes(viewers: readonly Viewer[]): Promise<void> {
  for (const viewer of viewers) {
    const digests = await viewer.page.evaluate(
      () => (window as unknown as { digests: Played[] }).digests,
    );
    expect(digests).to.have.length.above(2);
    for (const { url, digest } of digests) {
      const response = await fetch(url);
      if (!response.ok) continue;
      const hash = createHash('sha256').update(new Uint8Array(await response.arrayBuffer()));
      expect(digest, url).to.equal(hash.digest('hex'));
    }
  }
}
