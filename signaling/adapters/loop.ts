import type { Rooms, RoomsEffect, RoomsEvent } from '../core/index.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Connection } from './socket.ts';

/** Feeds events to the rooms and performs their effects: the only place that has a timer for them. */
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
  const queue: RoomsEvent[] = [];
  let busy = false;
  let timer: NodeJS.Timeout | undefined;

  function perform(effect: RoomsEffect): void {
    if (effect.type === 'count') metrics.event(effect.metric, effect.value);
    else if (effect.type === 'wakeAt') {
      clearTimeout(timer);
      timer = setTimeout(() => handle({ type: 'woke' }), Math.max(1, effect.atMs - nowMs()));
    } else if (effect.type === 'close') {
      connections.get(effect.connectionId)?.close(effect.reason);
    } else {
      if (effect.frame.type === 'error') metrics.refused(effect.frame.code);
      connections.get(effect.connectionId)?.send(effect.frame);
    }
  }

  function handle(event: RoomsEvent): void {
    // Performing an effect can close a socket, which is an event: it waits until the effects are through.
    queue.push(event);
    if (busy) return;
    busy = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        for (const effect of rooms.handle(next, nowMs())) perform(effect);
      } catch (error) {
        // A mistake of ours ends the connection that hit it and not the process with everybody's rooms.
        log.warn('internal', { type: next.type, message: String(error) });
        if ('connectionId' in next)
          connections.get(next.connectionId)?.refuse('internal', 'internal error');
      }
    }
    busy = false;
  }

  return { connections, handle, close: () => clearTimeout(timer) };
}
