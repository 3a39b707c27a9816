import { Activity } from '../../sdk/core/messages/activity.ts';
import type { HashedHeader, LogEventType } from '../../sdk/core/messages/events.ts';
import { featureNames, featuresOf } from '../../sdk/core/messages/features.ts';

/** Of a moment: what was known, and what the features of a message were then. */
export interface GoldenVector {
  moment: string;
  values: Record<string, number>;
}

const startMs = Date.UTC(2026, 0, 5, 18);
const me = 'me';
let lastMessage = 0;

function headerOf(from: string, fields: Partial<HashedHeader> = {}): HashedHeader {
  lastMessage += 1;
  return {
    ...{ message: `m${lastMessage}`, from, room: 'room', thread: null, role: 'viewer' },
    ...{ kind: 'chat', priority: 'normal', to: null, mentions: [], replyTo: null },
    ...{ textLength: 30, sentAtMs: startMs, expiresAtMs: null },
    ...fields,
  };
}

/**
 * A short evening in a room, and the features of a message after each part of it. Page and trainer compute features by the
 * same module; these vectors say when that changes, which makes rules that were trained before mean something else.
 */
export function goldenVectors(): GoldenVector[] {
  lastMessage = 0;
  const activity = new Activity(me);
  const vectors: GoldenVector[] = [];
  let nowMs = startMs;
  const after = (elapsedMs: number, type: LogEventType, header: HashedHeader) => {
    nowMs += elapsedMs;
    activity.record(type, header, nowMs);
    return header;
  };
  const note = (moment: string, header: HashedHeader) => {
    const values = featuresOf(header, activity, nowMs);
    const named = featureNames.map((name, place) => [name, Number(values[place]?.toPrecision(12))]);
    vectors.push({ moment, values: Object.fromEntries(named) });
  };
  note('nothing was ever seen', headerOf('ann', { mentions: [me, 'bob'] }));
  const question = after(0, 'seen', headerOf('ann'));
  after(20_000, 'seen', headerOf('bob', { to: 'ann', mentions: ['ann'] }));
  after(15_000, 'sent', headerOf(me, { mentions: ['ann'] }));
  after(0, 'replied', question);
  note('ann goes on after the user has answered', headerOf('ann', { textLength: 12 }));
  after(40_000, 'seen', headerOf('ann', { mentions: [me] }));
  after(5_000, 'viewed', headerOf('ann', { thread: 'thread' }));
  after(5_000, 'seen', headerOf('eve', { thread: 'thread', role: 'host' }));
  after(5_000, 'sent', headerOf(me, { thread: 'thread' }));
  note('somebody asks whom the user talks with', headerOf('bob', { to: 'ann', thread: 'thread' }));
  after(3_600_000, 'seen', headerOf('cat'));
  note('an hour later', headerOf('ann', { textLength: null }));
  const mine = after(60_000, 'sent', headerOf(me));
  after(30_000, 'seen', headerOf('dan', { replyTo: mine.message }));
  note('an answer to a message of the user', headerOf('dan', { replyTo: mine.message }));
  for (let count = 0; count < 40; count++) after(2_000, 'seen', headerOf(`user ${count % 12}`));
  note('a busy room', headerOf('user 3', { role: 'moderator', textLength: 900 }));
  nowMs += 14 * 86_400_000;
  note('two weeks later', headerOf('ann'));
  return vectors;
}

/** The module in which they are kept. */
export function goldenModule(vectors: readonly GoldenVector[]): string {
  return `import type { GoldenVector } from '../training/golden.ts';

/** Written by \`npm run train:messages\` together with the rules, which hold only for features such as these. */
export const messageFeatures: GoldenVector[] = ${JSON.stringify(vectors, null, 2)};
`;
}
