import { createAttestation } from '../core/index.ts';
import type { Integrity, Limits } from '../protocol/index.ts';
import { createDescriptorOutbox } from './descriptor-outbox.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createPlayCounts } from './play-counts.ts';
import { createBuckets } from './rates.ts';
import { type ReadingOptions, startReading } from './reading.ts';
import type { Connection } from './socket.ts';
import type { StreamReader } from './stream-reader.ts';
import type { Vouching } from './vouching.ts';

export interface AttestedRoomOptions {
  room: string;
  streamUrls: readonly [string, ...string[]];
  origins: readonly string[];
  limits: Limits;
  reader: StreamReader;
  vouching: Vouching;
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
  /** Tells it of this segment, which is read when nobody has asked before. */
  asks(connection: Connection, segmentId: string): void;
  leave(connection: Connection): void;
  close(): void;
}

export function createAttestedRoom(options: AttestedRoomOptions): AttestedRoom {
  const { room, limits, log, nowMs, metrics, reader, vouching } = options;
  let integrity: Integrity = { mode: vouching.mode, keys: [vouching.key] };
  const attestation = createAttestation(options);
  const viewers = new Set<Connection>();
  const plays = createPlayCounts<Connection>();
  const asks = createAskRates(limits);
  const outbox = createDescriptorOutbox(() => viewers, limits);
  const reading = startReading({
    attestation,
    reader,
    readSegment: (segment, signal) => vouching.read(segment, attestation.streamUrl, signal),
    nowMs,
    onFailure: failureTold(options),
    onEffect(effect) {
      if (effect.type === 'attest') {
        const { segmentId, ...digests } = effect.descriptor;
        const signed = vouching.sign(room, segmentId, digests);
        if (signed.body.length > limits.descriptorBytesMax) return;
        metrics.attested(effect.lagMs);
        outbox.add(segmentId, signed);
      } else if (effect.type === 'forget') outbox.forget(effect.segmentIds);
      else if (effect.type === 'sight') look(effect.seeing);
      else {
        close();
        options.onStopped();
      }
    },
  });

  /** What nobody can vouch for would starve those whose edge is gone: until sight is back the room is as unattested. */
  function look(seeing: boolean): void {
    log.warn(seeing ? 'attestor_sees' : 'attestor_blind', {});
    integrity = { mode: seeing ? vouching.mode : 'none', keys: [vouching.key] };
    for (const connection of [...viewers]) connection.send({ type: 'integrity', integrity });
  }

  function played(connection: Connection, playlistIds: readonly string[]): void {
    if (!plays.set(connection, playlistIds)) return;
    reading.handle({ type: 'playsChanged', playlistIds: plays.playlistIds });
  }

  function close(): void {
    reading.close();
    outbox.close();
    viewers.clear();
  }
  // A room that nobody joins after all, because it is full, must end too.
  reading.handle({ type: 'viewersChanged', count: 0 });
  return {
    get integrity() {
      return integrity;
    },
    join(connection) {
      viewers.add(connection);
      outbox.welcome(connection);
      reading.handle({ type: 'viewersChanged', count: viewers.size });
    },
    plays(connection, playlistIds) {
      if (!viewers.has(connection)) return;
      played(connection, [...new Set(playlistIds)].filter(attestation.knows));
    },
    asks(connection, segmentId) {
      if (outbox.tell(connection, segmentId) || !asks.take(connection.connectionId, nowMs()))
        return;
      reading.handle({ type: 'descriptorWanted', segmentId });
    },
    leave(connection) {
      if (!viewers.delete(connection)) return;
      played(connection, []);
      reading.handle({ type: 'viewersChanged', count: viewers.size });
    },
    close,
  };
}

function failureTold({ metrics, log }: AttestedRoomOptions): ReadingOptions['onFailure'] {
  return (code, error) => {
    if (code) metrics.attestorFailed(code);
    else log.warn('internal', { message: String(error) });
  };
}

/** Nobody may have segments read at the expense of all others. */
function createAskRates({ attestAsksPerSecond, attestAsksBurst, connectionsMax }: Limits) {
  return createBuckets(attestAsksPerSecond, attestAsksBurst, connectionsMax);
}
