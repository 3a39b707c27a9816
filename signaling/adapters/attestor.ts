import { originOf } from '../protocol/identity.ts';
import type { Integrity, Limits } from '../protocol/index.ts';
import { type AttestedRoom, createAttestedRoom } from './attested-room.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Signer } from './signer.ts';
import type { Connection } from './socket.ts';
import { createStreamReader } from './stream-reader.ts';

export interface AttestorOptions {
  /** URL of the multivariant playlist by room. */
  streams: Readonly<Record<string, string>>;
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
  open(room: string, stream: string | null): Integrity;
  /** To be called after the welcome. */
  join(room: string, connection: Connection): void;
  plays(connection: Connection, playlistIds: readonly string[]): void;
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
  const roomOf = new Map<Connection, AttestedRoom>();

  function start(room: string, streamUrl: string): AttestedRoom {
    const attestedRoom = createAttestedRoom({
      ...options,
      room,
      streamUrl,
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
      const streamUrl = streams.get(room) ?? stream;
      if (streamUrl === null) return { mode: 'none', keys: [] };
      if (rooms.size >= limits.attestedRoomsMax) {
        metrics.attestorFailed('capacity');
        return { mode: 'none', keys: [] };
      }
      return start(room, streamUrl).integrity;
    },
    join(room, connection) {
      const attestedRoom = rooms.get(room);
      if (!attestedRoom) return;
      roomOf.set(connection, attestedRoom);
      attestedRoom.join(connection);
    },
    plays: (connection, playlistIds) => roomOf.get(connection)?.plays(connection, playlistIds),
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
