import { type AttestorEffect, type AttestorEvent, createAttestation } from '../core/index.ts';
import type { Integrity, Limits } from '../protocol/index.ts';
import { createDescriptorOutbox } from './descriptor-outbox.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createPlayCounts } from './play-counts.ts';
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
  /** Which holds now. */
  readonly integrity: Integrity;
  /** Tells a newcomer what is known. */
  join(connection: Connection): void;
  plays(connection: Connection, playlistIds: readonly string[]): void;
  leave(connection: Connection): void;
  close(): void;
}

export function createAttestedRoom(options: AttestedRoomOptions): AttestedRoom {
  const { limits, log, nowMs, metrics, signer } = options;
  let integrity: Integrity = { mode: 'attested', keys: [signer.publicKey] };
  const attestation = createAttestation(options);
  const ended = new AbortController();
  const viewers = new Set<Connection>();
  const plays = createPlayCounts<Connection>();
  const outbox = createDescriptorOutbox(() => viewers, limits);
  const alarm = createAlarm(() => handle({ type: 'woke' }));

  function handle(event: AttestorEvent): void {
    if (ended.signal.aborted) return;
    for (const effect of attestation.handle(event, nowMs())) perform(effect);
  }

  function perform(effect: AttestorEffect): void {
    if (effect.type === 'readPlaylist' || effect.type === 'readSegment') {
      void read(effect, options, ended.signal).then(handle);
    } else if (effect.type === 'attest') {
      const signed = signer.sign(effect.descriptor);
      if (signed.body.length > limits.descriptorBytesMax) return;
      metrics.attested(effect.lagMs);
      outbox.add(effect.descriptor.segmentId, signed);
    } else if (effect.type === 'forget') outbox.forget(effect.segmentIds);
    else if (effect.type === 'sight') look(effect.seeing);
    else if (effect.type === 'wakeAt') {
      alarm.set(effect.atMs - nowMs());
    } else {
      close();
      options.onStopped();
    }
  }

  /** What nobody can vouch for would starve those whose edge is gone: until sight is back the room is as unattested. */
  function look(seeing: boolean): void {
    log.warn(seeing ? 'attestor_sees' : 'attestor_blind', {});
    integrity = { mode: seeing ? 'attested' : 'none', keys: [signer.publicKey] };
    for (const connection of [...viewers]) connection.send({ type: 'integrity', integrity });
  }

  function played(connection: Connection, playlistIds: readonly string[]): void {
    if (!plays.set(connection, playlistIds)) return;
    handle({ type: 'playsChanged', playlistIds: plays.playlistIds });
  }

  function close(): void {
    ended.abort();
    alarm.clear();
    outbox.close();
    viewers.clear();
  }

  // A room that nobody joins after all, because it is full, must end too.
  handle({ type: 'viewersChanged', count: 0 });
  return {
    get integrity() {
      return integrity;
    },
    join(connection) {
      viewers.add(connection);
      outbox.welcome(connection);
      handle({ type: 'viewersChanged', count: viewers.size });
    },
    plays(connection, playlistIds) {
      if (!viewers.has(connection)) return;
      played(connection, [...new Set(playlistIds)].filter(attestation.knows));
    },
    leave(connection) {
      if (!viewers.delete(connection)) return;
      played(connection, []);
      handle({ type: 'viewersChanged', count: viewers.size });
    },
    close,
  };
}

/** One timer: setting it again replaces what was set. */
function createAlarm(ring: () => void) {
  let timer: NodeJS.Timeout | undefined;
  return {
    set(delayMs: number): void {
      clearTimeout(timer);
      timer = setTimeout(ring, Math.max(1, Math.ceil(delayMs)));
    },
    clear: () => clearTimeout(timer),
  };
}

type ReadEffect = Extract<AttestorEffect, { type: 'readPlaylist' | 'readSegment' }>;

/** Reads, and tells how it went as one event. */
async function read(
  effect: ReadEffect,
  { reader, metrics, log }: AttestedRoomOptions,
  signal: AbortSignal,
): Promise<AttestorEvent> {
  try {
    if (effect.type === 'readPlaylist') {
      const text = await reader.readText(effect.url, signal);
      return { type: 'playlistRead', playlistId: effect.playlistId, text };
    }
    const found = await reader.readDigests(effect.url, effect.byteRange, signal);
    const { segmentId, readId } = effect;
    return { type: 'segmentRead', segmentId, readId, ...found };
  } catch (error) {
    const code = error instanceof ReadError ? error.code : null;
    if (code) metrics.attestorFailed(code);
    else if (!signal.aborted) log.warn('internal', { message: String(error) });
    if (effect.type === 'readPlaylist') {
      return { type: 'playlistFailed', playlistId: effect.playlistId };
    }
    const { segmentId, readId } = effect;
    return { type: 'segmentFailed', segmentId, readId, refused: code === 'too_large' };
  }
}
