import { randomUUID } from 'node:crypto';
import type { ClientFrame, JoinFrame } from '../protocol/index.ts';
import { parseClientFrame } from '../protocol/index.ts';
import type { Attestor } from './attestor.ts';
import type { Edges } from './edges.ts';
import type { Log } from './log.ts';
import type { Loop } from './loop.ts';
import type { RoomMessages } from './messages.ts';
import type { Connection, SocketHandlers } from './socket.ts';
import type { Tokens } from './tokens.ts';

export interface GateOptions {
  loop: Loop;
  tokens: Tokens;
  attestor: Attestor;
  edges: Edges;
  messages: RoomMessages;
  log: Log;
}

/** Stands between sockets and rooms: nothing passes unparsed, nobody joins without a valid token. */
export function createGate(options: GateOptions): SocketHandlers {
  const { loop, attestor, edges, messages, log } = options;
  const refuse = refuser(log);
  return {
    text(connection, text) {
      const parsed = parseClientFrame(text);
      if (!parsed.ok) {
        const { code, message, reference } = parsed.refusal;
        if (reference !== undefined && connection.state === 'joined')
          messages.refuse(connection, reference);
        else refuse(connection, code, message);
        return;
      }
      try {
        take(connection, parsed.value);
      } catch (error) {
        // One viewer's frame must not end everybody's server.
        log.warn('frame_failed', { message: String(error) });
        refuse(connection, 'internal', 'internal error');
      }
    },
    closed(connection) {
      if (!loop.connections.delete(connection.connectionId)) return;
      loop.handle({ type: 'disconnected', connectionId: connection.connectionId });
      attestor.leave(connection);
      edges.leave(connection);
      messages.leave(connection);
    },
  };

  function take(connection: Connection, frame: ClientFrame): void {
    if (connection.state === 'joined') passOn(options, connection, frame);
    else if (frame.type === 'leave') connection.close('left');
    else if (frame.type !== 'join') refuse(connection, 'join_required', 'join first');
    else if (connection.state === 'joining')
      refuse(connection, 'already_joined', 'one join is enough');
    else void admit(options, connection, frame);
  }
}

/** Checks the token, and lets its owner in. */
async function admit(
  { loop, tokens, attestor, edges, messages, log }: GateOptions,
  connection: Connection,
  frame: JoinFrame,
): Promise<void> {
  const refuse = refuser(log);
  connection.state = 'joining';
  const { connectionId } = connection;
  const { room, deviceId, profile } = frame;
  try {
    const verified = await tokens.verifyToken(frame.token, room);
    if (!verified.ok) {
      refuse(connection, verified.code, verified.message);
      return;
    }
    const { subject, stream, leads, role, name } = verified.value;
    const known = frame.resumeKey
      ? await tokens.readResumeKey(frame.resumeKey, room, subject)
      : null;
    const viewerId = known ?? randomUUID();
    const resumeKey = await tokens.issueResumeKey({ room, subject, viewerId });
    if (hasClosed(connection)) return;
    connection.state = 'joined';
    loop.connections.set(connectionId, connection);
    loop.handle({
      type: 'joinAccepted',
      connectionId,
      room,
      subject,
      role,
      name: name ?? undefined,
      deviceId,
      profile,
      viewerId,
      resumeKey,
      leads: leads === deviceId,
      integrity: attestor.open(room, stream),
    });
    // Closed by now when the room has refused it; else it has its welcome.
    if (hasClosed(connection)) return;
    attestor.join(room, connection);
    edges.join(connection, subject, frame, known !== null);
    messages.join(connection, room, verified.value, known !== null);
  } catch (error) {
    log.warn('internal', { connectionId, message: String(error) });
    connection.refuse('internal', 'internal error');
  }
}

/** Rooms hear every frame of a viewer; those who watch streams and edges what is for them. */
function passOn(
  { loop, attestor, edges, messages }: GateOptions,
  connection: Connection,
  frame: ClientFrame,
): void {
  loop.handle({ type: 'frame', connectionId: connection.connectionId, frame });
  if (frame.type === 'attest') attestor.asks(connection, frame.segmentId);
  messages.frame(connection, frame);
  if (frame.type !== 'report') return;
  attestor.plays(connection, frame.plays);
  edges.report(connection, frame);
}

type RefusalCode = Parameters<Connection['refuse']>[0];

function refuser(log: Log) {
  return (connection: Connection, code: RefusalCode, message: string): void => {
    log.info('refused', { connectionId: connection.connectionId, code });
    connection.refuse(code, message);
  };
}

/** Asked after an await, when the compiler still believes what was set before it. */
function hasClosed(connection: Connection): boolean {
  return connection.state === 'closed';
}
