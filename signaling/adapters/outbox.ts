import type { ServerFrame } from '../protocol/index.ts';
import type { Connection } from './socket.ts';

/** Frames to many on their way: a room of 50,000 viewers does not hold up everybody else until all have theirs. */
export interface Outbox {
  add(type: ServerFrame['type'], text: string, connectionIds: readonly string[]): void;
  /** What is there, in order; beyond a slice later. */
  send(): void;
  /** What has not been sent is not. */
  close(): void;
}

interface Letter {
  type: ServerFrame['type'];
  text: string;
  connectionIds: readonly string[];
  sentCount: number;
}

interface OutboxOptions {
  connections: ReadonlyMap<string, Pick<Connection, 'sendText'>>;
  /** Sockets written to in one go. */
  sliceMax: number;
  failed: (error: unknown) => void;
}

export function createOutbox({ connections, sliceMax, failed }: OutboxOptions): Outbox {
  let waiting: Letter[] = [];
  let sending = false;
  let next: NodeJS.Immediate | undefined;

  function sendSlice(): void {
    for (let left = sliceMax; left > 0; left--) {
      const [list] = waiting;
      if (!list) return;
      const connectionId = list.connectionIds[list.sentCount++];
      if (connectionId !== undefined) sendTo(connectionId, list);
      else waiting.shift();
    }
  }

  function sendTo(connectionId: string, { type, text }: Letter): void {
    try {
      connections.get(connectionId)?.sendText(type, text);
    } catch (error) {
      failed(error);
    }
  }

  function send(): void {
    next = undefined;
    sending = true;
    sendSlice();
    sending = false;
    if (waiting.length > 0) next = setImmediate(send);
  }

  return {
    add(type, text, connectionIds) {
      waiting.push({ type, text, connectionIds, sentCount: 0 });
    },
    send() {
      // Who does not read is cut off while it is written to, which is an event, of which more may come.
      if (!sending && !next) send();
    },
    close() {
      clearImmediate(next);
      waiting = [];
    },
  };
}
