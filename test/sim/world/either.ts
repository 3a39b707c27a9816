import type { FetchFailure } from '../../../sdk/core/events.ts';
import type { Clock } from './clock.ts';
import type { Download, EdgeServer } from './edge.ts';

export interface Hedged extends Omit<Download, 'headers'> {
  hedge?: { url: string; afterMs: number } | undefined;
  headers(sizeBytes: number, hedge?: 'sent' | 'won'): void;
}

/**
 * As the sdk's edge adapter does: of two requests the one that is answered well first; never the second alone. Returns the
 * function that aborts.
 */
export function downloadEither(
  clock: Clock,
  edgeAt: (url: string) => EdgeServer,
  wanted: Hedged,
): () => void {
  const { url, hedge, firstByteWithinMs } = wanted;
  const aborts = new Map<string, () => void>();
  let failure: FetchFailure | null = null;
  let isOver = false;
  let isSent = false;
  let isRead = false;
  const stop = (): void => {
    isOver = true;
    for (const abort of aborts.values()) abort();
  };
  const failed = (at: string, reason: FetchFailure): void => {
    aborts.delete(at);
    if (at === url) failure = reason;
    if (!isRead && aborts.size > 0) return;
    isOver = true;
    wanted.failed(failure ?? reason);
  };
  const ask = (at: string, withinMs: number): void => {
    const abort = edgeAt(at).download({
      ...wanted,
      url: at,
      firstByteWithinMs: withinMs,
      headers: (sizeBytes) => {
        isRead = true;
        for (const [other, abortOther] of aborts) if (other !== at) abortOther();
        wanted.headers(sizeBytes, at !== url ? 'won' : isSent ? 'sent' : undefined);
      },
      failed: (reason) => failed(at, reason),
    });
    aborts.set(at, abort);
  };
  ask(url, firstByteWithinMs);
  if (hedge)
    clock.after(hedge.afterMs, () => {
      if (isOver || isRead) return;
      isSent = true;
      ask(hedge.url, firstByteWithinMs - hedge.afterMs);
    });
  return stop;
}
