import { createClassifierCore } from '../../../sdk/core/messages/classifier.ts';
import type {
  ClassifierCore,
  ClassifierEffect,
  HashedHeader,
  LogEventType,
} from '../../../sdk/core/messages/events.ts';
import type { FeatureName } from '../../../sdk/core/messages/features.ts';
import { type Model, parseModel } from '../../../sdk/core/messages/model.ts';

export const me = 'me';
export const startMs = Date.UTC(2026, 5, 1, 20);
export const minuteMs = 60_000;

let messages = 0;

export function headerOf(fields: Partial<HashedHeader> = {}): HashedHeader {
  messages += 1;
  return {
    message: `message ${messages}`,
    from: 'ann',
    room: 'room',
    thread: null,
    role: 'viewer',
    kind: 'chat',
    priority: 'normal',
    to: null,
    mentions: [],
    replyTo: null,
    textLength: 40,
    sentAtMs: startMs,
    expiresAtMs: null,
    ...fields,
  };
}

/** Rules of one condition each: a value above the cut adds the second number, else the first. */
export function modelOf(
  rules: [name: FeatureName, cut: number, below: number, above: number][],
  fields: Record<string, unknown> = {},
): Model {
  const parsed = parseModel(JSON.stringify(modelJson(rules, fields)), 0);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.model;
}

export function modelJson(
  rules: [name: FeatureName, cut: number, below: number, above: number][],
  fields: Record<string, unknown> = {},
) {
  return {
    format: 'holdfast-message-rules',
    formatVersion: 1,
    version: 1,
    learnedFrom: 'a test',
    features: rules.map(([name]) => name),
    bias: -2,
    threshold: 0.5,
    trees: rules.map(([, cut, below, above], place) => [place, cut, 0.25, below, above]),
    ...fields,
  };
}

export function coreOf(model: Model, adapt = false): ClassifierCore {
  const core = createClassifierCore({ me, model, adapt });
  core.handle({ type: 'loaded', rows: [], settings: null }, startMs);
  return core;
}

/** Tells of an event, and returns what the core wants done. */
export function tell(
  core: ClassifierCore,
  event: LogEventType,
  header: HashedHeader,
  nowMs = startMs,
): ClassifierEffect[] {
  return core.handle({ type: 'recorded', event, header }, nowMs);
}
