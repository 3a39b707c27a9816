export type {
  CloseReason,
  CountedMetric,
  Rooms,
  RoomsEffect,
  RoomsEvent,
  RoomsStats,
} from './events.ts';
export { createRooms } from './rooms.ts';
