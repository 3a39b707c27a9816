import type { World } from '../simulate.ts';

/** Copies that edges gave of each segment that was published after that. */
export function segmentCopies(world: World, fromMs: number): number[] {
  const bytes = new Map<string, number>();
  for (const served of world.served.values())
    if (world.publishedAtMs(served.sequence) >= fromMs)
      bytes.set(served.path, (bytes.get(served.path) ?? 0) + served.bytes);
  return [...bytes].map(([path, sum]) => sum / (world.stream.bytesOf(path) ?? sum));
}
