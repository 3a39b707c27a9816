/** One message as a row of the chat. */

import { make, setText } from '../dom.ts';
import type { Entry } from './inbox.ts';
import { type Person, piecesOf } from './people.ts';
import { type Judged, markWords } from './why.ts';

export interface Row extends Judged {
  readonly entry: Entry;
  readonly element: HTMLLIElement;
  readonly markElement: HTMLElement;
  readonly reactionsElement: HTMLElement;
}

export interface RowSetting {
  people: readonly Person[];
  /** Whom it answers; absent where nobody knows it any more. */
  answered: Entry | undefined;
  nameOf: (entry: Entry) => string;
  me: string;
}

/** Longer ones are cut where they are only pointed at. */
const excerptLengthMax = 60;

export function makeRow(entry: Entry, setting: RowSetting): Row {
  const { header, text } = entry.message;
  const time = make('time', 'message-time', clock(header.sentAtMs));
  time.dateTime = new Date(header.sentAtMs).toISOString();
  const name = make('button', 'message-name', setting.nameOf(entry));
  Object.assign(name, { type: 'button', tabIndex: -1, title: 'Name in your message' });
  const markElement = make('span', 'message-mark');
  const reactionsElement = make('span', 'message-reactions');
  const head = make('div', 'message-head', name);
  if (header.role !== 'viewer') head.append(make('span', 'message-role', header.role));
  head.append(markElement, reactionsElement, time);
  const element = make('li', 'message', head);
  if (setting.answered) {
    const { answered } = setting;
    const quote = `${setting.nameOf(answered)}: ${excerpt(answered.message.text)}`;
    element.append(make('p', 'message-answered', quote));
  }
  element.append(textOf(text, setting));
  element.tabIndex = -1;
  Object.assign(element.dataset, { id: header.id, kind: header.kind });
  if (header.from === setting.me) element.dataset.own = 'true';
  const row = { entry, element, markElement, reactionsElement, verdict: null, mark: null };
  drawReactions(row);
  return row;
}

/** @returns Whether it is marked. */
export function drawMark(row: Row, threshold: number): boolean {
  const words = markWords(row, threshold);
  setText(row.markElement, words);
  row.element.dataset.important = String(words !== '');
  return words !== '';
}

export function drawReactions({ entry, reactionsElement }: Row): void {
  const words = [...entry.reactions].map(([emoji, who]) => `${emoji}\u2009${who.size}`);
  setText(reactionsElement, words.join(' '));
}

export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > excerptLengthMax ? `${line.slice(0, excerptLengthMax - 1)}…` : line;
}

function textOf(text: string, { people, me }: RowSetting): HTMLElement {
  const pieces = piecesOf(text, people).map((piece) => {
    if (!piece.who) return piece.text;
    return make('b', piece.who.subject === me ? 'mention mention-me' : 'mention', piece.text);
  });
  return make('p', 'message-text', ...pieces);
}

function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}
