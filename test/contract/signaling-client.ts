import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import type { Signaling } from '../../signaling/adapters/server.ts';
import {
  type JoinFrame,
  parseServerFrame,
  protocolVersion,
  type ServerFrame,
  type WelcomeFrame,
} from '../../signaling/protocol/index.ts';

export const profile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

export const report = {
  type: 'report',
  epoch: 0,
  profile,
  edgeHealth: 'healthy',
  bufferMs: null,
  uplinkBytesPerSecond: null,
  neighbourCount: 0,
  lostMembers: [],
  accusedMembers: [],
  plays: [] as string[],
};

/** A raw socket that keeps every frame it gets; each is parsed with the client's own border check. */
export interface TestClient {
  readonly socket: WebSocket;
  send(frame: unknown): void;
  sendRaw(data: string | Buffer): void;
  /** The next frame of this type that was not taken yet. Rejects when the socket closes first. */
  next<Type extends ServerFrame['type']>(type: Type): Promise<Extract<ServerFrame, { type: Type }>>;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

export async function connect(url: string, options: ClientOptions = {}): Promise<TestClient> {
  const socket = new WebSocket(url, options);
  const frames: ServerFrame[] = [];
  const waiters = new Set<() => void>();
  const wake = () => {
    for (const waiter of waiters) waiter();
  };
  socket.on('message', (data) => {
    const parsed = parseServerFrame(String(data));
    if (!parsed.ok) throw new Error(`the server sent a bad frame: ${parsed.refusal.message}`);
    frames.push(parsed.value);
    wake();
  });
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
      wake();
    });
  });
  await Promise.race([once(socket, 'open'), closed]);
  return {
    socket,
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendRaw: (data) => socket.send(data),
    next: (type) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const index = frames.findIndex((frame) => frame.type === type);
          if (index < 0 && socket.readyState !== WebSocket.CLOSED) return;
          waiters.delete(look);
          const [frame] = index < 0 ? [] : frames.splice(index, 1);
          if (frame) resolve(frame as never);
          else reject(new Error(`closed before ${type}`));
        };
        waiters.add(look);
        look();
      }),
    close: () => socket.terminate(),
  };
}

export interface JoinOptions extends Partial<JoinFrame> {
  subject?: string;
}

export async function joinFrame(server: Signaling, options: JoinOptions = {}): Promise<JoinFrame> {
  const { subject = 'somebody', ...frame } = options;
  const room = frame.room ?? 'room';
  return {
    version: protocolVersion,
    type: 'join',
    room,
    token: options.token ?? (await server.issueToken({ room, subject, lifetimeSeconds: 60 })),
    deviceId: `device-${subject}`,
    profile,
    ...frame,
  };
}

export async function join(
  server: Signaling,
  options: JoinOptions = {},
): Promise<TestClient & { welcome: WelcomeFrame }> {
  const client = await connect(server.url);
  client.send(await joinFrame(server, options));
  return { ...client, welcome: await client.next('welcome') };
}

/** The value of one sample in the Prometheus text; 0 when it was never counted. */
export async function sample(server: Signaling, name: string): Promise<number> {
  const line = (await server.metrics()).split('\n').find((each) => each.startsWith(`${name} `));
  return line ? Number(line.slice(name.length + 1)) : 0;
}
