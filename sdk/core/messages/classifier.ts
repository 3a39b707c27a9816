import * as limits from '../../../signaling/protocol/limits.ts';
import type {
  Classification,
  ClassifierCore,
  ClassifierEffect,
  ClassifierEvent,
  ClassifierSettings,
  Explanation,
  HashedHeader,
  LogRow,
  Pseudonym,
} from './events.ts';
import type { Model } from './model.ts';

interface CoreOptions {
  me: Pseudonym;
  model: Model;
  adapt: boolean;
}

/** Stands in until the rules are there: appends, caps and answers by what is explicit. */
export function createClassifierCore({ me, model, adapt }: CoreOptions): ClassifierCore {
  let own = me;
  let current = model;
  let rows: LogRow[] = [];
  let last = 0;
  let settings: ClassifierSettings = { nudge: 0, threshold: null, adaptation: null };
  const explanations = new Map<Pseudonym, Explanation>();

  function record(event: Extract<ClassifierEvent, { type: 'recorded' }>, nowMs: number) {
    last += 1;
    const row = { sequence: last, atMs: nowMs, type: event.event, header: event.header };
    rows.push(row);
    const effects: ClassifierEffect[] = [{ type: 'appendRow', row }];
    const oldest = rows.length > limits.messageLogRowsMax ? rows.shift() : undefined;
    if (oldest) effects.push({ type: 'deleteRowsThrough', sequence: oldest.sequence });
    return effects;
  }

  function classify(header: HashedHeader): Classification {
    if (header.from === own) return { isImportant: false, probability: 0, explicitRule: 'own' };
    if (header.kind === 'announcement')
      return { isImportant: true, probability: 1, explicitRule: 'announcement' };
    const isImportant = header.mentions.includes(own);
    return { isImportant, probability: isImportant ? 0.9 : 0.1, explicitRule: null };
  }

  return {
    handle(event, nowMs) {
      if (event.type === 'recorded') return record(event, nowMs);
      if (event.type === 'loaded') {
        rows = [...event.rows];
        last = rows.at(-1)?.sequence ?? 0;
        settings = event.settings ?? settings;
      } else if (event.type === 'modelLoaded') {
        current = event.model;
      } else if (event.type === 'wiped') {
        own = event.me;
        [rows, last] = [[], 0];
        settings = { nudge: 0, threshold: null, adaptation: null };
        explanations.clear();
      } else {
        settings = { ...settings, threshold: event.probability };
        return [{ type: 'saveSettings', settings }];
      }
      return [];
    },
    classify(header) {
      const answer = classify(header);
      const none = { contributions: [], other: 0, bias: 0, logit: 0, threshold: 0 };
      explanations.set(header.message, { ...answer, ...none });
      return answer;
    },
    explain: (message) => explanations.get(message) ?? null,
    state: () => ({
      modelVersion: current.version,
      threshold: settings.threshold ?? 0.5,
      rows: rows.length,
      adaptation: adapt ? 'learning' : 'off',
      labels: 0,
    }),
  };
}
