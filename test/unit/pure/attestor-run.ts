import { expect } from 'chai';
import {
  type AttestorEffect,
  type AttestorEvent,
  createAttestation,
} from '../../../signaling/core/index.ts';
import { limits } from '../../../signaling/protocol/index.ts';

export const base = 'https://tv.example/live/';
export const multivariant = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1
high/list.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2
low/list.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3
https://elsewhere.example/list.m3u8
`;

export function playlist(first: number, count: number, folder = ''): string {
  const segments = Array.from({ length: count }, (_, index) => {
    return `#EXTINF:2,\n${folder}${first + index}.m4s\n`;
  });
  return `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}
#EXT-X-MAP:URI="init.mp4"\n${segments.join('')}`;
}

type Of<Type extends AttestorEffect['type']> = Extract<AttestorEffect, { type: Type }>;

export function create(...others: string[]) {
  const streamUrls = [`${base}main.m3u8?token=1`, ...others] as const;
  const attestation = createAttestation({ room: 'room', streamUrls, origins: [], limits });
  let nowMs = 1_000;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let effects: AttestorEffect[] = [];
  const run = {
    get nowMs() {
      return nowMs;
    },
    handle(event: AttestorEvent) {
      const found = attestation.handle(event, nowMs);
      for (const effect of found) {
        if (effect.type !== 'wakeAt') continue;
        expect(effect.atMs).to.be.above(nowMs);
        wakeAtMs = effect.atMs;
      }
      effects.push(...found);
    },
    take<Type extends AttestorEffect['type']>(type: Type): Of<Type>[] {
      const taken = effects.filter((effect): effect is Of<Type> => effect.type === type);
      effects = effects.filter((effect) => effect.type !== type);
      return taken;
    },
    read: (playlistId: string, text: string) =>
      run.handle({ type: 'playlistRead', playlistId, text }),
    /** Ends every read that was asked for; returns the ids. */
    readSegments(): string[] {
      const segmentIds: string[] = [];
      for (let reads = run.take('readSegment'); reads.length > 0; reads = run.take('readSegment')) {
        expect(reads.length).to.be.at.most(limits.attestorReadsMax);
        for (const { segmentId, readId } of reads) {
          segmentIds.push(segmentId);
          run.handle({ type: 'segmentRead', segmentId, readId, sizeBytes: 1, digests: ['d'] });
        }
      }
      return segmentIds;
    },
    advance(durationMs: number) {
      const endMs = nowMs + durationMs;
      while (wakeAtMs <= endMs) {
        nowMs = wakeAtMs;
        wakeAtMs = Number.POSITIVE_INFINITY;
        run.handle({ type: 'woke' });
      }
      nowMs = endMs;
    },
  };
  run.handle({ type: 'viewersChanged', count: 1 });
  return run;
}

/** Past the start: the high rendition is read and played, with segments 10 to 13. */
export function started() {
  const run = create();
  run.read('multivariant', multivariant);
  run.handle({ type: 'playsChanged', playlistIds: ['high/list.m3u8'] });
  run.read('high/list.m3u8', playlist(10, 4));
  run.readSegments();
  run.take('readPlaylist');
  run.take('attest');
  return run;
}
