import type { ClientFrame, EdgeNeeds, ViewerProfile } from '../../signaling/protocol/index.ts';
import { parseServerFrame, protocolVersion } from '../../signaling/protocol/index.ts';
import type { SignalingSocket, SignalingSocketEvents } from '../ports/signaling-socket.ts';

export interface SignalingSocketOptions {
  url: string;
  room: string;
  deviceId: () => string;
  needs?: EdgeNeeds | undefined;
  token: string | (() => string | Promise<string>);
}

/** The signaling connection over a browser WebSocket. */
export function createSignalingSocket(
  options: SignalingSocketOptions,
  events: SignalingSocketEvents,
): SignalingSocket {
  let socket: WebSocket | null = null;
  let attempt = 0;

  async function connect(resumeKey: string | null, profile: ViewerProfile): Promise<void> {
    close();
    const own = attempt;
    const isCurrent = () => own === attempt;
    try {
      const token = typeof options.token === 'function' ? await options.token() : options.token;
      if (!isCurrent()) return;
      const opened = new WebSocket(options.url);
      socket = opened;
      opened.onopen = () => {
        const { room, needs } = options;
        const deviceId = options.deviceId();
        send({
          version: protocolVersion,
          type: 'join',
          room,
          token,
          deviceId,
          profile,
          ...(needs && { needs }),
          ...(resumeKey === null ? {} : { resumeKey }),
        });
      };
      opened.onmessage = ({ data }) => {
        const parsed = parseServerFrame(typeof data === 'string' ? data : '');
        if (!isCurrent()) return;
        if (parsed.ok) events.onFrame(parsed.value);
        else events.onInvalid(parsed.refusal);
      };
      opened.onclose = () => {
        if (isCurrent()) events.onClose();
      };
    } catch {
      if (isCurrent()) events.onClose();
    }
  }

  function send(frame: ClientFrame): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  }

  function close(): void {
    // Whatever an older attempt still reports is not listened to.
    attempt += 1;
    socket?.close();
    socket = null;
  }

  return { connect: (resumeKey, profile) => void connect(resumeKey, profile), send, close };
}
