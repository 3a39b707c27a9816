import type { Rooms, RoomsEffect, RoomsEvent } from '../core/index.ts';
import { createDriver } from './driver.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Connection } from './socket.ts';

/** Feeds events to the rooms and performs their effects. */
export interface Loop {
  /** Connections that effects may address. */
  readonly connections: Map<string, Connection>;
  handle(event: RoomsEvent): void;
  close(): void;
}

export interface LoopOptions {
  rooms: Rooms;
  metrics: Metrics;
  log: Log;
  nowMs: () => number;
}

export function createLoop({ rooms, metrics, log, nowMs }: LoopOptions): Loop {
  const connections = new Map<string, Connection>();
  const driver = createDriver<RoomsEvent, RoomsEffect>({
    core: rooms,
    nowMs,
    perform(effect) {
      if (effect.type === 'count') metrics.event(effect.metric, effect.value);
      else if (effect.type === 'close') {
        connections.get(effect.connectionId)?.close(effect.reason);
      } else {
        if (effect.frame.type === 'error') metrics.refused(effect.frame.code);
        connections.get(effect.connectionId)?.send(effect.frame);
      }
    },
    failed(event, error) {
      // It ends the connection that hit it and not the process with everybody's rooms.
      log.warn('internal', { type: event.type, message: String(error) });
      if ('connectionId' in event)
        connections.get(event.connectionId)?.refuse('internal', 'internal error');
    },
  });
  return { connections, handle: driver.handle, close: driver.close };
}
