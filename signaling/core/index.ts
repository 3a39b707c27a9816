export {
  type AttestorEffect,
  type AttestorEvent,
  createAttestation,
} from './attestor.ts';
export type {
  CloseReason,
  CountedMetric,
  Rooms,
  RoomsEffect,
  RoomsEvent,
  RoomsStats,
} from './events.ts';
export { createRooms } from './rooms.ts';
