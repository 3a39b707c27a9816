import type { MessageFrame, MessageRefusalCode, SenderRole } from '../../protocol/index.ts';
import { limits } from '../../protocol/index.ts';

/** Why nobody with this role may send this; null when it may be sent. Shape and lengths were checked at the border. */
export function refusalOf(
  { kind, priority, replyTo, text }: MessageFrame,
  role: SenderRole,
): MessageRefusalCode | null {
  const isForKeepers = kind === 'announcement' || priority === 'high';
  if (isForKeepers && !isKeeper(role)) return 'message_not_allowed';
  if (kind === 'reaction' && (replyTo === undefined || !isReaction(text))) return 'message_invalid';
  return null;
}

/** Whether somebody keeps order in the room. */
export function isKeeper(role: SenderRole): boolean {
  return role !== 'viewer';
}

/** Authors take back their own, and who keeps order what others wrote; a moderator nothing of a host's. */
export function mayRemove(
  remover: { subject: string; role: SenderRole },
  author: { from: string; role: SenderRole },
): boolean {
  if (remover.subject === author.from || remover.role === 'host') return true;
  return remover.role === 'moderator' && author.role !== 'host';
}

/** Between colons, or any word would be one. */
const emojiName = /^:[\w+-]+:$/;
const graphemes = new Intl.Segmenter();

/** One character as a reader sees it, or the short name of an emoji. */
function isReaction(text: string): boolean {
  if (text.length > limits.reactionLengthMax) return false;
  const [first, second] = graphemes.segment(text);
  return (first !== undefined && second === undefined) || emojiName.test(text);
}
