/** Who talks, and who is named in a text. Pure. */
import type { SenderRole } from '../../../signaling/protocol/index.ts';

export interface Person {
  /** `from` of its messages. */
  subject: string;
  /** As it is shown, and named after an @. */
  name: string;
  role: SenderRole;
}

/** Every page has one host and one moderator, as long as it has so many viewers. */
export function vacantRole(taken: readonly SenderRole[]): SenderRole {
  const vacant = (['host', 'moderator'] as const).find((role) => !taken.includes(role));
  return vacant ?? 'viewer';
}

/** `Viewer 1, host`. */
export function titleOf({ name, role }: Person): string {
  return role === 'viewer' ? name : `${name}, ${role}`;
}

/** Who of them is named after an @, each once, in the order of the text. */
export function mentionsIn(text: string, people: readonly Person[]): string[] {
  const named = [...text.matchAll(/@/g)].flatMap(({ index }) => {
    const person = namedAt(text, index, people);
    return person ? [person.subject] : [];
  });
  return [...new Set(named)];
}

/** The text in pieces: what names somebody, and what is between. */
export function piecesOf(
  text: string,
  people: readonly Person[],
): { text: string; who?: Person }[] {
  const pieces: { text: string; who?: Person }[] = [];
  let from = 0;
  for (const { index } of text.matchAll(/@/g)) {
    const who = index < from ? undefined : namedAt(text, index, people);
    if (!who) continue;
    if (index > from) pieces.push({ text: text.slice(from, index) });
    from = index + 1 + who.name.length;
    pieces.push({ text: text.slice(index, from), who });
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** What is being written before the caret after an @; null where nobody is being named. */
export function mentionBefore(text: string, caret: number): { from: number; typed: string } | null {
  const found = /(?:^|\s)@([^@\n]{0,24})$/.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1] ?? '').length - 1, typed: found[1] ?? '' } : null;
}

/** Names that begin so; none where there is nothing left to complete. */
export function completionsOf(typed: string, people: readonly Person[]): Person[] {
  const wanted = typed.toLowerCase();
  const found = people.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  return found.length === 1 && found[0]?.name.toLowerCase() === wanted ? [] : found;
}

/** The longest name that follows the @: of `Viewer 1` and `Viewer 12` the one that is meant. */
function namedAt(text: string, index: number, people: readonly Person[]): Person | undefined {
  const rest = text.slice(index + 1).toLowerCase();
  const named = people.filter(({ name }) => {
    const isNamed = rest.startsWith(name.toLowerCase());
    return isNamed && !/^[\p{L}\p{N}]/u.test(rest.slice(name.length));
  });
  return named.sort((a, b) => b.name.length - a.name.length)[0];
}

/** From what those who left, or are in other pages, are known. */
export interface Known {
  subject: string;
  name: string | undefined;
  role: SenderRole;
  /** It is, or was, of this page. */
  isHere: boolean;
}

/** As it is shown: viewers of all pages have the same names. */
export function nameOf({ name = 'Somebody', isHere }: Pick<Known, 'name' | 'isHere'>): string {
  return isHere ? name : `${name} elsewhere`;
}

/** Everybody who can be named: viewers of this page, and others that have written. */
export function peopleOf(here: readonly Person[], heard: readonly Known[]): Person[] {
  const people = new Map(here.map((person) => [person.subject, person]));
  for (const { subject, name, role, isHere } of heard)
    if (!people.has(subject) && !isHere)
      people.set(subject, { subject, name: nameOf({ name, isHere }), role });
  return [...people.values()];
}

/**
 * Whom the user is when nobody was chosen: whoever it was before a reload, else an ordinary viewer, as most are. Null
 * while more are awaited.
 */
export function readerOf<Someone extends { person: Person }>(
  present: readonly Someone[],
  before: string | null,
  awaited: number,
): Someone | null {
  const known = present.find(({ person }) => person.subject === before);
  if (known) return known;
  if (present.length < awaited) return null;
  return present.find(({ person }) => person.role === 'viewer') ?? present[0] ?? null;
}
