import type { ExplicitRule, HashedHeader, Pseudonym } from './events.ts';

interface Rule {
  isImportant: boolean;
  text: string;
  holds(header: HashedHeader, me: Pseudonym, nowMs: number): boolean;
}

/** Decided by us, not learned: the first that holds decides, whatever the learned rules say. */
const rules: Record<ExplicitRule, Rule> = {
  own: {
    isImportant: false,
    text: 'you wrote it',
    holds: ({ from }, me) => from === me,
  },
  expired: {
    isImportant: false,
    text: 'it has expired',
    holds: ({ expiresAtMs }, _me, nowMs) => expiresAtMs !== null && expiresAtMs <= nowMs,
  },
  reaction: {
    isImportant: false,
    text: 'it is a reaction, which has nothing to read',
    holds: ({ kind }) => kind === 'reaction',
  },
  announcement: {
    isImportant: true,
    text: 'a host or moderator announced it',
    holds: ({ kind, role }) => kind === 'announcement' && role !== 'viewer',
  },
  highPriority: {
    isImportant: true,
    text: 'a host or moderator gave it high priority',
    holds: ({ priority, role }) => priority === 'high' && role !== 'viewer',
  },
};

const names = Object.keys(rules) as ExplicitRule[];

export function explicitRuleOf(
  header: HashedHeader,
  me: Pseudonym,
  nowMs: number,
): ExplicitRule | null {
  return names.find((name) => rules[name].holds(header, me, nowMs)) ?? null;
}

export const isImportantBy = (name: ExplicitRule) => rules[name].isImportant;
export const textOf = (name: ExplicitRule) => rules[name].text;
