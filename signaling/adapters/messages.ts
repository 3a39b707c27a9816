import { randomUUID } from 'node:crypto';
import type { Messages, MessagesEffect, MessagesEvent } from '../core/index.ts';
import type { ClientFrame, Limits, MessageRefusalCode } from '../protocol/index.ts';
import { createDriver } from './driver.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createOutbox } from './outbox.ts';
import type { Connection } from './socket.ts';
import type { TokenClaims } from './tokens.ts';

export interface RoomMessagesOptions {
  messages: Messages;
  /** Connections that effects may address. */
  connections: ReadonlyMap<string, Connection>;
  limits: Limits;
  metrics: Metrics;
  log: Log;
  nowMs: () => number;
}

/** Passes messages on inside rooms. */
export interface RoomMessages {
  /** To be called after the welcome. */
  join(connection: Connection, room: string, claims: TokenClaims, isReturning: boolean): void;
  /** Does nothing for frames of other kinds. */
  frame(connection: Connection, frame: ClientFrame): void;
  /** A message that could not be read: it alone is refused. */
  refuse(connection: Connection, reference: string): void;
  leave(connection: Connection): void;
  close(): void;
}

export function createRoomMessages(options: RoomMessagesOptions): RoomMessages {
  const { messages, connections, limits, metrics, log, nowMs } = options;
  const outbox = createOutbox({
    connections,
    sliceMax: limits.sentPerTurnMax,
    failed: (error) => log.warn('internal', { type: 'messages', message: String(error) }),
  });
  const driver = createDriver<MessagesEvent, MessagesEffect>({
    core: messages,
    nowMs,
    perform(effect) {
      if (effect.type === 'count') metrics.messageEvent(effect.metric, effect.value);
      else if (effect.type === 'refused') refused(effect.connectionId, effect.code);
      else if (effect.type === 'answer') connections.get(effect.connectionId)?.send(effect.frame);
      else outbox.add(effect.frame.type, JSON.stringify(effect.frame), effect.connectionIds);
    },
    failed: (event, error) => log.warn('internal', { type: event.type, message: String(error) }),
    rested: outbox.send,
  });

  function refused(connectionId: string, code: MessageRefusalCode): void {
    metrics.refused(code);
    log.info('message_refused', { connectionId, code });
  }

  return {
    join({ connectionId }, room, { subject, role, name }, isReturning) {
      driver.handle({
        type: 'viewerJoined',
        ...{ connectionId, room, subject, role, name: name ?? undefined, isReturning },
      });
    },
    frame({ connectionId }, frame) {
      if (frame.type === 'message')
        driver.handle({ type: 'sent', connectionId, frame, messageId: randomUUID() });
      else if (frame.type === 'removeMessage') {
        log.info('message_removal_asked', { connectionId, messageId: frame.id });
        driver.handle({ type: 'removed', connectionId, frame });
      }
    },
    refuse(connection, reference) {
      refused(connection.connectionId, 'message_invalid');
      connection.send({ type: 'messageRefused', reference, code: 'message_invalid' });
    },
    leave: ({ connectionId }) => driver.handle({ type: 'viewerLeft', connectionId }),
    close() {
      driver.close();
      outbox.close();
    },
  };
}
