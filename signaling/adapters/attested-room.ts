import { type AttestorEffect, type AttestorEvent, createAttestation } from '../core/index.ts';
import type { Descriptor, Limits, SignedDescriptor } from '../protocol/index.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Signer } from './signer.ts';
import type { Connection } from './socket.ts';
import { ReadError, type StreamReader } from './stream-reader.ts';

export interface AttestedRoomOptions {
  room: string;
  streamUrl: string;
  origins: readonly string[];
  limits: Limits;
  reader: StreamReader;
  signer: Signer;
  metrics: Metrics;
  log: Log;
  nowMs: () => number;
  /** Nobody has been here for a while: it has ended by itself. */
  onStopped: () => void;
}

/** Reads the stream of one room and tells its viewers what it found. */
export interface AttestedRoom {
  /** Tells a newcomer what is known. */
  join(connection: Connection): void;
  plays(connection: Connection, playlistIds: readonly string[]): void;
  leave(connection: Connection): void;
  close(): void;
}

export function createAttestedRoom(options: AttestedRoomOptions): AttestedRoom {
  const { limits, metrics, nowMs, reader, signer } = options;
  const attestation = createAttestation(options);
  const ended = new AbortController();
  /** What each viewer plays, as far as the stream has it. */
  const viewers = new Map<Connection, readonly string[]>();
  const playCounts = new Map<string, number>();
  const kept = new Map<string, SignedDescriptor>();
  let batch: SignedDescriptor[] = [];
  let batchTimer: NodeJS.Timeout | undefined;
  let wakeTimer: NodeJS.Timeout | undefined;

  function handle(event: AttestorEvent): void {
    if (ended.signal.aborted) return;
    for (const effect of attestation.handle(event, nowMs())) perform(effect);
  }

  function perform(effect: AttestorEffect): void {
    if (effect.type === 'readPlaylist') void readPlaylist(effect);
    else if (effect.type === 'readSegment') void readSegment(effect);
    else if (effect.type === 'attest') attest(effect.descriptor, effect.lagMs);
    else if (effect.type === 'forget') for (const id of effect.segmentIds) kept.delete(id);
    else if (effect.type === 'wakeAt') {
      clearTimeout(wakeTimer);
      const delayMs = Math.max(1, Math.ceil(effect.atMs - nowMs()));
      wakeTimer = setTimeout(() => handle({ type: 'woke' }), delayMs);
    } else {
      close();
      options.onStopped();
    }
  }

  async function readPlaylist({ playlistId, url }: Of<'readPlaylist'>): Promise<void> {
    try {
      const text = await reader.readText(url, ended.signal);
      handle({ type: 'playlistRead', playlistId, text });
    } catch (error) {
      failed(error);
      handle({ type: 'playlistFailed', playlistId });
    }
  }

  async function readSegment(effect: Of<'readSegment'>): Promise<void> {
    const { segmentId, readId, url, byteRange } = effect;
    try {
      const found = await reader.readDigests(url, byteRange, ended.signal);
      handle({ type: 'segmentRead', segmentId, readId, ...found });
    } catch (error) {
      failed(error);
      const refused = error instanceof ReadError && error.code === 'too_large';
      handle({ type: 'segmentFailed', segmentId, readId, refused });
    }
  }

  function failed(error: unknown): void {
    if (ended.signal.aborted) return;
    if (error instanceof ReadError) metrics.attestorFailed(error.code);
    else options.log.warn('internal', { message: String(error) });
  }

  function attest(descriptor: Descriptor, lagMs: number): void {
    const signed = signer.sign(descriptor);
    if (signed.body.length > limits.descriptorBytesMax) return;
    kept.set(descriptor.segmentId, signed);
    metrics.attested(lagMs);
    batch.push(signed);
    batchTimer ??= setTimeout(flush, limits.attestorBatchMs);
  }

  function flush(): void {
    batchTimer = undefined;
    for (const text of framesOf(batch, limits)) {
      for (const connection of [...viewers.keys()]) connection.sendText('descriptors', text);
    }
    batch = [];
  }

  function countPlays(connection: Connection, playlistIds: readonly string[]): void {
    for (const id of playlistIds) playCounts.set(id, (playCounts.get(id) ?? 0) + 1);
    for (const id of viewers.get(connection) ?? []) {
      const count = (playCounts.get(id) ?? 0) - 1;
      if (count > 0) playCounts.set(id, count);
      else playCounts.delete(id);
    }
  }

  function close(): void {
    ended.abort();
    clearTimeout(wakeTimer);
    clearTimeout(batchTimer);
    viewers.clear();
  }

  // A room that nobody joins after all, because it is full, must end too.
  handle({ type: 'viewersChanged', count: 0 });
  return {
    join(connection) {
      viewers.set(connection, []);
      // What waits in the batch reaches the newcomer with everybody else.
      const known = [...kept.values()].filter((signed) => !batch.includes(signed));
      for (const text of framesOf(known, limits)) connection.sendText('descriptors', text);
      handle({ type: 'viewersChanged', count: viewers.size });
    },
    plays(connection, playlistIds) {
      if (!viewers.has(connection)) return;
      const before = [...playCounts.keys()].join('\n');
      const known = [...new Set(playlistIds)].filter((id) => attestation.knows(id));
      countPlays(connection, known);
      viewers.set(connection, known);
      const now = [...playCounts.keys()];
      if (now.join('\n') !== before) handle({ type: 'playsChanged', playlistIds: now });
    },
    leave(connection) {
      if (!viewers.has(connection)) return;
      countPlays(connection, []);
      viewers.delete(connection);
      handle({ type: 'playsChanged', playlistIds: [...playCounts.keys()] });
      handle({ type: 'viewersChanged', count: viewers.size });
    },
    close,
  };
}

type Of<Type extends AttestorEffect['type']> = Extract<AttestorEffect, { type: Type }>;

/** As few frames as the limits of a frame allow. */
function framesOf(descriptors: readonly SignedDescriptor[], limits: Limits): string[] {
  const head = '{"type":"descriptors","descriptors":[';
  const frames: string[] = [];
  let items: string[] = [];
  let length = head.length + 2;
  const end = () => {
    if (items.length > 0) frames.push(`${head}${items.join(',')}]}`);
    items = [];
    length = head.length + 2;
  };
  for (const descriptor of descriptors) {
    const item = JSON.stringify(descriptor);
    if (head.length + 2 + item.length > limits.frameBytesMax) continue;
    const isFull = items.length >= limits.descriptorsPerFrameMax;
    if (isFull || length + item.length + 1 > limits.frameBytesMax) end();
    items.push(item);
    length += item.length + 1;
  }
  end();
  return frames;
}
