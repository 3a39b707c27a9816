import type {
  Limits,
  MessageAcceptedFrame,
  MessageFrame,
  MessageRefusalCode,
  MessageRefusedFrame,
  MessagesFrame,
  MessagesRemovedFrame,
  RemoveMessageFrame,
  SenderRole,
} from '../../protocol/index.ts';

/** Who sends and gets messages: all of it is from the token. */
export interface ViewerJoined {
  type: 'viewerJoined';
  /** Never used before. */
  connectionId: string;
  room: string;
  subject: string;
  role: SenderRole;
  name: string | undefined;
  /** It was in the room before: it is told what was removed meanwhile. */
  isReturning: boolean;
}

export type MessagesEvent =
  | ViewerJoined
  | { type: 'viewerLeft'; connectionId: string }
  /** `messageId` is fresh and unguessable. Of an unknown connection it is ignored, as the next is. */
  | { type: 'sent'; connectionId: string; frame: MessageFrame; messageId: string }
  | { type: 'removed'; connectionId: string; frame: RemoveMessageFrame }
  /** The instant of the last `wakeAt` has come. Early or late is harmless. */
  | { type: 'woke' };

export type MessagesMetric =
  | 'accepted'
  /** An answer that was lost was given again. */
  | 'repeated'
  | 'removed'
  /** Dropped from the history before anybody removed it: by age, number or bytes, or with its room. */
  | 'forgotten';

export type MessagesEffect =
  | {
      type: 'answer';
      connectionId: string;
      frame: MessageAcceptedFrame | MessageRefusedFrame | MessagesFrame | MessagesRemovedFrame;
    }
  /** To all of them the same; after every earlier one. */
  | { type: 'tell'; connectionIds: string[]; frame: MessagesFrame | MessagesRemovedFrame }
  | { type: 'refused'; connectionId: string; code: MessageRefusalCode }
  | { type: 'count'; metric: MessagesMetric; value: number }
  /** Send `woke` then; replaces every earlier one. Always later than the event's `nowMs`. */
  | { type: 'wakeAt'; atMs: number };

export interface MessagesOptions {
  /** Overrides of the project's limits, for tests and simulations. */
  limits?: Partial<Limits>;
}

export interface MessagesStats {
  /** With viewers, or with a history. */
  rooms: number;
  viewers: number;
  /** Messages in histories, and their bytes. */
  kept: number;
  keptBytes: number;
  /** People whose rate is remembered, and answers that would be given again. */
  senders: number;
  repeats: number;
}

/** The messages of all rooms of one process. */
export interface Messages {
  /** `nowMs` is Unix milliseconds of a clock that does not jump: messages carry it. */
  handle(event: MessagesEvent, nowMs: number): MessagesEffect[];
  stats(): MessagesStats;
}
