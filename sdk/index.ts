export type {
  Message,
  MessageDraft,
  MessageHeader,
  MessageSender,
} from '../signaling/protocol/index.ts';
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
export { joinRoom, type RoomMessages, type Session } from './session.ts';
