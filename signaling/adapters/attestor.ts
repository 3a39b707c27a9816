import { originOf } from '../protocol/identity.ts';
import type { Integrity, Limits, VerificationKey } from '../protocol/index.ts';
import { type AttestedRoom, createAttestedRoom } from './attested-room.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Signer } from './signer.ts';
import type { Connection } from './socket.ts';
import { createStreamReader } from './stream-reader.ts';
import { listOf, type StreamUrls } from './stream-url.ts';
import { createAttesting, createForwarding } from './vouching.ts';

export interface AttestorOptions {
  /** URLs of the multivariant playlist by room: the next is read while one fails. */
  streams: Readonly<Record<string, StreamUrls>>;
  /** Keys of publishers by room, `*` for all: their descriptors are passed on, and no media is read. */
  publishers: Readonly<Record<string, VerificationKey>>;
  /** URLs of other servers from which segments of any stream may be read. */
  edgeUrls: readonly string[];
  signer: Signer;
  limits: Limits;
  metrics: Metrics;
  log: Log;
  nowMs: () => number;
}

/** Reads the streams of rooms while somebody is there, and vouches for what it read. */
export interface Attestor {
  /** Who vouches for a room; starts reading when its stream is known, from the configuration or a token. */
  open(room: string, stream: StreamUrls | null): Integrity;
  /** To be called after the welcome. */
  join(room: string, connection: Connection): void;
  plays(connection: Connection, playlistIds: readonly string[]): void;
  /** The viewer plays a segment that is not at the live edge. */
  asks(connection: Connection, segmentId: string): void;
  leave(connection: Connection): void;
  /** Rooms whose stream is read now. */
  readonly count: number;
  close(): void;
}

export function createAttestor(options: AttestorOptions): Attestor {
  const { limits, metrics } = options;
  const reader = createStreamReader({ limits, onBytes: metrics.attestorRead });
  const streams = new Map(Object.entries(options.streams));
  const origins = options.edgeUrls.map(originOf);
  const rooms = new Map<string, AttestedRoom>();
  const publishers = new Map(Object.entries(options.publishers));
  const roomOf = new Map<Connection, AttestedRoom>();

  function start(room: string, stream: StreamUrls): AttestedRoom {
    const key = publishers.get(room) ?? publishers.get('*');
    const attestedRoom = createAttestedRoom({
      ...options,
      // Descriptors cost next to nothing to read.
      limits: key ? { ...limits, attestorReadsMax: limits.signedSegmentsMax } : limits,
      room,
      streamUrls: listOf(stream),
      vouching: key
        ? createForwarding(room, key, reader, limits)
        : createAttesting(reader, options.signer),
      origins,
      reader,
      onStopped: () => rooms.delete(room),
    });
    rooms.set(room, attestedRoom);
    return attestedRoom;
  }

  return {
    open(room, stream) {
      // The first stream of a room holds while anybody is there.
      const before = rooms.get(room);
      if (before) return before.integrity;
      const streamUrls = streams.get(room) ?? stream;
      if (streamUrls === null) return { mode: 'none', keys: [] };
      if (rooms.size >= limits.attestedRoomsMax) {
        metrics.attestorFailed('capacity');
        return { mode: 'none', keys: [] };
      }
      return start(room, streamUrls).integrity;
    },
    join(room, connection) {
      const attestedRoom = rooms.get(room);
      if (!attestedRoom) return;
      roomOf.set(connection, attestedRoom);
      attestedRoom.join(connection);
    },
    plays: (connection, playlistIds) => roomOf.get(connection)?.plays(connection, playlistIds),
    asks: (connection, segmentId) => roomOf.get(connection)?.asks(connection, segmentId),
    leave(connection) {
      roomOf.get(connection)?.leave(connection);
      roomOf.delete(connection);
    },
    get count() {
      return rooms.size;
    },
    close() {
      for (const attestedRoom of rooms.values()) attestedRoom.close();
      rooms.clear();
      roomOf.clear();
    },
  };
}
