/** Why a message is marked or not, ready to be drawn; and what is kept, in words. Pure. */
import type {
  Classification,
  ClassifierState,
  Explanation,
  MemoryReason,
} from '../../../sdk/messages.ts';
import { percent } from '../text.ts';

/** What the reader said of a message, by button. */
export type Mark = 'important' | 'notImportant' | 'dismissed';

export interface Judged {
  verdict: Classification | null;
  mark: Mark | null;
}

/** The reader's own word counts most, then explicit rules; what was learned, by the threshold of now. */
export function isImportant({ verdict, mark }: Judged, threshold: number): boolean {
  if (mark) return mark === 'important';
  if (!verdict) return false;
  return verdict.explicitRule ? verdict.isImportant : verdict.probability >= threshold;
}

/** On the mark beside a name; empty where there is none. */
export function markWords(judged: Judged, threshold: number): string {
  if (!isImportant(judged, threshold)) return '';
  if (judged.mark) return 'marked by you';
  return judged.verdict?.explicitRule === 'announcement' ? 'announcement' : 'important';
}

export interface Bar {
  kind: 'contribution' | 'other' | 'bias';
  text: string;
  logit: number;
  /** `+2.10`. */
  words: string;
  /** Of the longest bar, 0 to 1. */
  share: number;
}

export interface WhyView {
  isImportant: boolean;
  /** An explicit rule has decided, whatever was learned. */
  isExplicit: boolean;
  title: string;
  /** Who decided: an explicit rule, the reader, or what was learned against the threshold. */
  reason: string;
  /** Positions on the scale from never to certainly. */
  chance: number;
  threshold: number;
  bars: Bar[];
  /** Of all bars together. */
  logit: number;
  sum: string;
  rules: { text: string; words: string }[];
}

/** @param threshold That of now, as a probability: it may have moved since the message came. */
export function viewWhy(explanation: Explanation, mark: Mark | null, threshold: number): WhyView {
  const { contributions, other, bias, logit, probability, rules } = explanation;
  const parts: Omit<Bar, 'words' | 'share'>[] = [
    ...contributions.map((each) => ({ kind: 'contribution' as const, ...each })),
    { kind: 'other', text: 'all else', logit: other },
    { kind: 'bias', text: 'any message', logit: bias },
  ];
  const longest = Math.max(...parts.map((part) => Math.abs(part.logit)), Number.EPSILON);
  const judged = isImportant({ verdict: explanation, mark }, threshold);
  return {
    isImportant: judged,
    isExplicit: explanation.explicitRule !== null,
    title: judged ? 'Important' : 'Not important',
    reason: reasonOf(explanation, mark, threshold),
    chance: probability,
    threshold,
    bars: parts.map((part) => ({
      ...part,
      words: signed(part.logit),
      share: Math.abs(part.logit) / longest,
    })),
    logit,
    sum: `${signed(logit)}, a chance of ${chanceWords(probability)}`,
    rules: rules.map((rule) => ({ text: rule.text, words: signed(rule.logit) })),
  };
}

function reasonOf(explanation: Explanation, mark: Mark | null, threshold: number): string {
  if (mark === 'dismissed') return 'You dismissed it.';
  if (mark) return `You said so; the threshold is ${chanceWords(threshold)} now.`;
  if (explanation.explicitText) return `By an explicit rule: ${explanation.explicitText}.`;
  const chance = `You would reply with a chance of ${chanceWords(explanation.probability)}`;
  return `${chance}; from ${chanceWords(threshold)} on it is important.`;
}

/** `0.4 %`, `37 %`. */
export function chanceWords(probability: number): string {
  const percents = probability * 100;
  if (percents < 10 || percents > 99) return `${percents.toFixed(1)}\u00a0%`;
  return percent(probability);
}

export function signed(logit: number): string {
  const text = Math.abs(logit).toFixed(2);
  if (text === '0.00') return text;
  return `${logit < 0 ? '−' : '+'}${text}`;
}

const memoryWords: Record<MemoryReason, string> = {
  refused: 'the browser refuses storage',
  full: 'the disk is full',
  newerVersion: 'a newer version of this page wrote what is stored',
  noAnswer: 'the storage does not answer',
  ended: 'the stored log was deleted',
  wipeFailed: 'the stored log could not be deleted',
};

/** What is known of the reader, and where. */
export function keptWords({ rows, storage, modelVersion }: ClassifierState): string {
  const where =
    storage.kind === 'indexeddb'
      ? 'in IndexedDB of this browser'
      : `in memory only: ${storage.reason ? memoryWords[storage.reason] : 'nothing is stored'}`;
  const what = rows === 1 ? '1 entry' : `${rows} entries`;
  return `Kept ${where}: ${what}, without names or text. Rules ${modelVersion}. Nothing of it is sent.`;
}

/** The scale of the slider is that of the contributions, in logits. */
export function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
