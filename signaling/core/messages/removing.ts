import type { RemoveMessageFrame } from '../../protocol/index.ts';
import { trim } from '../state.ts';
import { takeOut } from './history.ts';
import { mayRemove } from './rules.ts';
import { refuse, spend } from './sending.ts';
import { type Context, count, markBusy, type Viewer } from './state.ts';

/**
 * Takes a message back. Whose one is that has left the history nobody knows any more: a host's word is enough, since
 * nobody stands above it.
 */
export function remove(context: Context, viewer: Viewer, frame: RemoveMessageFrame): void {
  const { room } = viewer;
  const { id, reference } = frame;
  const pending = room.pending.find(({ message }) => message.header.id === id);
  const sized = pending ?? room.history.find(({ message }) => message.header.id === id);
  const known = sized?.message.header ?? room.reactions.get(id);
  if (!known && !room.removed.has(id) && viewer.role !== 'host')
    return refuse(context, viewer, reference, 'message_unknown');
  if (known && !mayRemove(viewer, known))
    return refuse(context, viewer, reference, 'message_not_allowed');
  // Of known ones there are no more than were sent.
  const isGuess = !known && !room.removed.has(id);
  const retryAfterMs = isGuess ? spend(context, viewer, context.limits.messageCostBytesMin) : 0;
  if (retryAfterMs > 0)
    return refuse(context, viewer, reference, 'message_rate_limited', retryAfterMs);
  if (!room.removed.has(id)) {
    if (pending) room.pending = room.pending.filter((other) => other !== pending);
    else takeOut(context, room, id);
    room.reactions.delete(id);
    // Its sender may show already what nobody was told of.
    room.pendingRemovals.push(id);
    room.removed.add(id);
    trim(room.removed, context.limits.messageRemovalsMax);
    markBusy(context, room);
    count(context, 'removed');
  }
  context.effects.push({
    type: 'answer',
    connectionId: viewer.connectionId,
    frame: { type: 'messageAccepted', reference },
  });
}
