import type { Activity } from './activity.ts';
import type { HashedHeader } from './events.ts';
import { type Feature, features, type Moment } from './feature-table.ts';
import type { Words } from './feature-words.ts';

export type FeatureName = keyof typeof features;

export const featureNames = Object.keys(features) as FeatureName[];
const inOrder: readonly Feature[] = Object.values(features);

/** Values of all features, in the order of `featureNames`. Changes nothing. */
export function featuresOf(header: HashedHeader, activity: Activity, nowMs: number): Float64Array {
  const addressed = activity.addressed(header);
  const isToMe = addressed.includes(activity.me);
  const targetId = isToMe ? null : (addressed[0] ?? null);
  const sender = activity.sender(header.from);
  const moment: Moment = {
    header,
    nowMs,
    activity,
    sender,
    theirs: sender.conversation,
    mine: activity.sender(activity.me).conversation,
    target: targetId === null ? null : activity.sender(targetId).conversation,
    targetId,
    room: activity.room(header.room),
    addressed,
    isToMe,
  };
  return Float64Array.from(inOrder, (feature) => feature.of(moment));
}

export function wordsOf(name: FeatureName): Words {
  return features[name].words;
}
