/** What the log of the reader is told of a message that comes. Pure. */
import type { MessageHeader } from '../../../sdk/index.ts';
import type { LogEvent } from '../../../sdk/messages.ts';

/** Whom one names within this is answered: so it was when the rules were learned. */
export const answersWithinMs = 600_000;

/** What was heard, which may go beyond the message itself: a reader who comes is told of all of it at once. */
export interface Heard {
  find(id: string): MessageHeader | undefined;
  /** The last that somebody wrote until then. */
  lastOf(from: string, untilMs: number): MessageHeader | undefined;
}

/** In the order in which they are to be recorded. */
export function logEventsOf(header: MessageHeader, me: string, heard: Heard): LogEvent[] {
  const target = header.replyTo === undefined ? undefined : heard.find(header.replyTo);
  if (header.kind === 'reaction') {
    const isOwn = header.from === me && target !== undefined && target.from !== me;
    return isOwn ? [{ type: 'reacted', header: target }] : [];
  }
  if (header.from !== me) return [{ type: 'seen', header }];
  const named = (header.mentions ?? []).flatMap((who) => heard.lastOf(who, header.sentAtMs) ?? []);
  const recent = named.filter(({ sentAtMs }) => header.sentAtMs - sentAtMs <= answersWithinMs);
  const answered = new Map([...(target ? [target] : []), ...recent].map((each) => [each.id, each]));
  const replies = [...answered.values()].filter(({ from }) => from !== me);
  return [
    { type: 'sent', header },
    ...replies.map((each) => ({ type: 'replied', header: each }) as const),
  ];
}
