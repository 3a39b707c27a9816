export { HoldfastError, type HoldfastErrorCode } from './errors.ts';
export type {
  BytesBySource,
  EdgeStats,
  IntegrityMode,
  NeighbourStats,
  SegmentStats,
  SessionEvents,
  SessionStats,
  SessionStatus,
} from './events.ts';
export type { EdgeOptions, RoomOptions } from './options.ts';
export { joinRoom, type Session } from './session.ts';
