export type {
  CloseReason,
  CountedMetric,
  JoinAccepted,
  Rooms,
  RoomsEffect,
  RoomsEvent,
  RoomsOptions,
  RoomsStats,
} from './events.ts';
export { createRooms } from './rooms.ts';
