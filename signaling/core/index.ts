export { fullAllowance, waitMs } from './allowance.ts';
export { createAttestation } from './attestor.ts';
export type { Attestation, AttestorEffect, AttestorEvent } from './attestor-events.ts';
export { createEdgeDirectory } from './edges/directory.ts';
export type {
  EdgeAnswer,
  EdgeDirectory,
  EdgeRefusalCode,
  EdgesEffect,
  EdgesEvent,
  EdgesMetric,
  EdgesRequest,
  EdgesStats,
  SurveyRequest,
} from './edges/events.ts';
export { Learning } from './edges/learning.ts';
export { overlaps } from './edges/state.ts';
export { parseSteering, type SteeringView, steer } from './edges/steering.ts';
export type {
  CloseReason,
  CountedMetric,
  Rooms,
  RoomsEffect,
  RoomsEvent,
  RoomsStats,
} from './events.ts';
export type {
  Messages,
  MessagesEffect,
  MessagesEvent,
  MessagesMetric,
  MessagesStats,
} from './messages/events.ts';
export { createMessages } from './messages/messages.ts';
export { createRooms } from './rooms.ts';
