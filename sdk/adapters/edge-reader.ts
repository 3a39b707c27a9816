import * as limits from '../../signaling/protocol/limits.ts';
import type { FetchFailure } from '../core/events.ts';
import type { EdgeReader, SegmentFetch, SegmentFetchEvents } from '../ports/edge.ts';

/** Reads from edges with `fetch`. */
export function createEdgeReader(): EdgeReader {
  return {
    readSegment(fetch, events, signal) {
      void readSegment(fetch, events, signal);
    },
    readPlaylist(url, firstByteWithinMs, done, signal) {
      void readPlaylist(url, firstByteWithinMs, signal).then((result) => {
        if (!signal.aborted) done(result);
      });
    },
  };
}

async function readPlaylist(url: string, firstByteWithinMs: number, signal: AbortSignal) {
  const watch = new Watch(signal);
  try {
    watch.expect('first_byte_timeout', firstByteWithinMs);
    const response = await fetch(url, { signal: watch.signal });
    if (!response.ok) return { failure: statusFailure(response.status) };
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    for (;;) {
      watch.expect('stalled', limits.edgeStallMs);
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), bytes };
      bytes += value.byteLength;
      // What would not fit the memory, or ends never; its length need not be said.
      if (bytes > limits.descriptorFileBytesMax) throw await reader.cancel();
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return { failure: watch.failure() };
  } finally {
    watch.end();
  }
}

async function readSegment(
  wanted: SegmentFetch,
  events: SegmentFetchEvents,
  signal: AbortSignal,
): Promise<void> {
  const watch = new Watch(signal);
  try {
    watch.expect('first_byte_timeout', wanted.firstByteWithinMs);
    const { response, hedge } = await answerTo(wanted, watch.signal);
    if (signal.aborted) return;
    if (!response.ok || !response.body) return events.onFailure(statusFailure(response.status));
    const sizeBytes = segmentBytes(wanted, response);
    events.onHeaders(sizeBytes, hedge);
    const end = await readParts(wanted, response, sizeBytes, events, watch);
    if (!signal.aborted) events.onEnd(sizeBytes ?? end);
  } catch {
    if (!signal.aborted) events.onFailure(watch.failure());
  } finally {
    watch.end();
  }
}

interface Answer {
  response: Response;
  hedge?: 'sent' | 'won';
}

/** Of two requests the one that is answered well first; the other is dropped. Never the second alone. */
async function answerTo(wanted: SegmentFetch, signal: AbortSignal): Promise<Answer> {
  const { url, hedge } = wanted;
  const ask = (to: string, by: AbortSignal) =>
    fetch(to, { headers: rangeHeaders(wanted), signal: by });
  if (!hedge) return { response: await ask(url, signal) };
  const [first, second] = [new AbortController(), new AbortController()];
  const abort = () => [first, second].map((each) => each.abort());
  signal.addEventListener('abort', abort);
  const asked = ask(url, first.signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), hedge.afterMs);
  });
  const inTime = await Promise.race([asked, late]).finally(() => clearTimeout(timer));
  if (inTime || signal.aborted) return { response: inTime ?? (await asked) };
  const answer = await Promise.any([
    asked.then((response) => needOk({ response, hedge: 'sent' })),
    ask(hedge.url, second.signal).then((response) => needOk({ response, hedge: 'won' })),
  ]).catch(async () => ({ response: await asked, hedge: 'sent' as const }));
  (answer.hedge === 'won' ? first : second).abort();
  return answer;
}

function needOk(answer: Answer): Answer {
  if (!answer.response.ok) throw new Error(`status ${answer.response.status}`);
  return answer;
}

/** Cuts the body into parts. Returns the segment's size where the body ran to its end, else null. */
async function readParts(
  wanted: SegmentFetch,
  response: Response,
  sizeBytes: number | null,
  events: SegmentFetchEvents,
  watch: Watch,
): Promise<number | null> {
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  const fromBytes = wanted.partFrom * limits.partBytes;
  const toBytes = wanted.partTo === null ? sizeBytes : (wanted.partTo + 1) * limits.partBytes;
  // A server that ignores Range sends all: what comes before is passed over.
  const isWholeBody = response.status !== 206;
  let skipBytes = isWholeBody ? (wanted.byteRange?.start ?? 0) + fromBytes : 0;
  let offset = fromBytes;
  let part = new Uint8Array(limits.partBytes);
  let filled = 0;
  let toldAtMs = performance.now();
  for (;;) {
    watch.expect('stalled', wanted.stalledAfterMs ?? limits.edgeStallMs);
    const { done, value } = await reader.read();
    if (done) break;
    let chunk = value.subarray(Math.min(skipBytes, value.byteLength));
    skipBytes -= value.byteLength - chunk.byteLength;
    while (chunk.byteLength > 0 && (toBytes === null || offset < toBytes)) {
      const room = Math.min(
        limits.partBytes - filled,
        (toBytes ?? Number.POSITIVE_INFINITY) - offset,
      );
      const taken = chunk.subarray(0, room);
      part.set(taken, filled);
      filled += taken.byteLength;
      offset += taken.byteLength;
      chunk = chunk.subarray(taken.byteLength);
      if (filled < limits.partBytes) continue;
      events.onPart(offset / limits.partBytes - 1, part);
      // Whoever got the part may have ended the read.
      if (watch.signal.aborted) return null;
      part = new Uint8Array(limits.partBytes);
      filled = 0;
      toldAtMs = performance.now();
    }
    if (filled > 0 && performance.now() - toldAtMs >= limits.edgeProgressMs) {
      events.onProgress?.(filled);
      toldAtMs = performance.now();
    }
    if (isWholeBody && toBytes !== null && offset >= toBytes && chunk.byteLength > 0) {
      await reader.cancel();
      break;
    }
  }
  if (toBytes !== null && sizeBytes !== null && offset < Math.min(toBytes, sizeBytes))
    throw new Error('truncated');
  if (filled > 0) events.onPart(Math.floor(offset / limits.partBytes), part.slice(0, filled));
  return wanted.partTo === null ? offset : null;
}

function rangeHeaders({ byteRange, partFrom, partTo }: SegmentFetch): Record<string, string> {
  if (!byteRange && partFrom === 0 && partTo === null) return {};
  const start = byteRange?.start ?? 0;
  const from = start + partFrom * limits.partBytes;
  const endOfParts =
    partTo === null ? Number.POSITIVE_INFINITY : start + (partTo + 1) * limits.partBytes;
  const to = Math.min(endOfParts, byteRange?.end ?? Number.POSITIVE_INFINITY);
  return { Range: `bytes=${from}-${Number.isFinite(to) ? to - 1 : ''}` };
}

function segmentBytes(
  { byteRange, partFrom, partTo }: SegmentFetch,
  response: Response,
): number | null {
  if (byteRange) return byteRange.end - byteRange.start;
  // Compressed bodies are longer than their Content-Length says.
  if (response.headers.get('content-encoding')) return null;
  if (response.status === 206) {
    const range = response.headers.get('content-range');
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? '') ?? [];
    if (start !== undefined && Number(start) !== partFrom * limits.partBytes)
      throw new Error('another range than was asked for');
    if (total !== undefined) return Number(total);
    // Content-Range is hidden unless the edge exposes it to scripts.
    const length = response.headers.get('content-length');
    return length !== null && partTo === null ? partFrom * limits.partBytes + Number(length) : null;
  }
  const length = response.headers.get('content-length');
  return length === null || Number(length) === 0 ? null : Number(length);
}

function statusFailure(status: number): FetchFailure {
  return { status, reason: 'status' };
}

/** Aborts when the next sign of life does not come in time, and remembers why. */
class Watch {
  #controller = new AbortController();
  #outer: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reason: FetchFailure['reason'] | null = null;
  #abort = () => this.#controller.abort();

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener('abort', this.#abort);
    if (outer.aborted) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(reason: 'first_byte_timeout' | 'stalled', withinMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#reason = reason;
      this.#controller.abort();
    }, withinMs);
  }

  failure(): FetchFailure {
    if (this.#reason) return { status: null, reason: this.#reason };
    return { status: null, reason: navigator.onLine === false ? 'offline' : 'network' };
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#abort);
  }
}
