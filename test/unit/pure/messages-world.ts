import {
  createMessages,
  type MessagesEffect,
  type MessagesEvent,
} from '../../../signaling/core/index.ts';
import {
  limits as defaults,
  type Limits,
  type Message,
  type MessageDraft,
  type MessageRefusedFrame,
  parseServerFrame,
  type SenderRole,
  type ServerFrame,
} from '../../../signaling/protocol/index.ts';

/** A viewer as it sees itself: what it was told. */
export interface Reader {
  connectionId: string;
  room: string;
  frames: ServerFrame[];
  /** By whether it was history. */
  heard: { message: Message; isHistory: boolean; atMs: number }[];
  removed: string[];
}

export interface ReaderOptions {
  room?: string;
  subject?: string;
  role?: SenderRole;
  name?: string;
  isReturning?: boolean;
}

export type Answer = { message?: Message | undefined } | MessageRefusedFrame;

/**
 * Drives the messages of all rooms with a clock of its own, delivers what is told, and checks every effect.
 * @param lateMs By how much the next timer fires late, as real ones do.
 */
export function createMessagesWorld(overrides: Partial<Limits> = {}, lateMs = () => 0) {
  const limits: Limits = { ...defaults, ...overrides };
  const core = createMessages({ limits: overrides });
  const readers = new Map<string, Reader>();
  const counts = new Map<string, number>();
  let nowMs = 1_700_000_000_000;
  let wakeAtMs: number | null = null;
  let lastId = 0;
  let lastReference = 0;
  /** Bytes of frames to many, times their readers. */
  let fanOutBytes = 0;

  function handle(event: MessagesEvent): MessagesEffect[] {
    const effects = core.handle(event, nowMs);
    for (const effect of effects) {
      if (effect.type === 'count')
        counts.set(effect.metric, (counts.get(effect.metric) ?? 0) + effect.value);
      else if (effect.type === 'wakeAt') {
        if (effect.atMs <= nowMs) throw new Error(`wakeAt ${effect.atMs} at ${nowMs}`);
        wakeAtMs = effect.atMs;
      } else if (effect.type === 'answer') deliver(effect.connectionId, effect.frame);
      else if (effect.type === 'tell') {
        fanOutBytes += JSON.stringify(effect.frame).length * effect.connectionIds.length;
        for (const connectionId of effect.connectionIds) deliver(connectionId, effect.frame);
      }
    }
    return effects;
  }

  function deliver(connectionId: string, frame: ServerFrame): void {
    const reader = readers.get(connectionId);
    if (!reader) throw new Error(`told the unknown connection ${connectionId}`);
    const text = JSON.stringify(frame);
    const parsed = parseServerFrame(text);
    if (!parsed.ok) throw new Error(`not what a viewer would take: ${text.slice(0, 300)}`);
    if (new TextEncoder().encode(text).length > limits.frameBytesMax)
      throw new Error(`a frame of ${text.length} characters`);
    reader.frames.push(parsed.value);
    if (parsed.value.type === 'messagesRemoved') reader.removed.push(...parsed.value.ids);
    if (parsed.value.type !== 'messages') return;
    const { messages, isHistory } = parsed.value;
    for (const message of messages) {
      if (message.header.room !== reader.room) throw new Error('told of another room');
      reader.heard.push({ message, isHistory, atMs: nowMs });
    }
  }

  const world = {
    core,
    limits,
    readers,
    counts,
    handle,
    get nowMs() {
      return nowMs;
    },
    get fanOutBytes() {
      return fanOutBytes;
    },
    get wakeAtMs() {
      return wakeAtMs;
    },
    join(connectionId: string, more: ReaderOptions = {}): Reader {
      const { room = 'room', subject = `s-${connectionId}`, role = 'viewer', name } = more;
      const { isReturning = false } = more;
      const reader = { connectionId, room, frames: [], heard: [], removed: [] };
      readers.set(connectionId, reader);
      handle({ type: 'viewerJoined', connectionId, room, subject, role, name, isReturning });
      return reader;
    },
    leave(connectionId: string): void {
      readers.delete(connectionId);
      handle({ type: 'viewerLeft', connectionId });
    },
    /** What the server answers at once. */
    send(connectionId: string, draft: MessageDraft, reference = `r${++lastReference}`): Answer {
      lastId += 1;
      const frame = { type: 'message', reference, ...draft } as const;
      return answerTo(handle({ type: 'sent', connectionId, frame, messageId: `m${lastId}` }));
    },
    say: (connectionId: string, text: string) => world.send(connectionId, { text }),
    remove(connectionId: string, id: string): Answer {
      const frame = { type: 'removeMessage', reference: `r${++lastReference}`, id } as const;
      return answerTo(handle({ type: 'removed', connectionId, frame }));
    },
    advance(ms: number): void {
      const endMs = nowMs + ms;
      while (wakeAtMs !== null && wakeAtMs <= endMs) {
        nowMs = Math.max(nowMs, wakeAtMs + lateMs());
        wakeAtMs = null;
        handle({ type: 'woke' });
      }
      nowMs = Math.max(nowMs, endMs);
    },
    textsOf: (connectionId: string) =>
      readers.get(connectionId)?.heard.map(({ message }) => message.text) ?? [],
  };
  return world;
}

export type MessagesWorld = ReturnType<typeof createMessagesWorld>;

function answerTo(effects: readonly MessagesEffect[]): Answer {
  for (const effect of effects) {
    if (effect.type !== 'answer') continue;
    const { frame } = effect;
    if (frame.type === 'messageAccepted' || frame.type === 'messageRefused') return frame;
  }
  throw new Error('no answer');
}

/** `ok`, or the code of the refusal. */
export function codeOf(answer: Answer): string {
  return 'code' in answer ? answer.code : 'ok';
}

export function idOf(answer: Answer): string {
  if ('code' in answer || !answer.message) throw new Error(`refused: ${codeOf(answer)}`);
  return answer.message.header.id;
}
