/** The rows of the chat: added at the end, which stays in sight where it was; one is looked at. */
import { byId, setText } from '../dom.ts';
import { count } from '../text.ts';
import { drawMark, type Row } from './rows.ts';

export interface ListOptions {
  onLook: (row: Row, how: Look) => void;
  /** The pointer or the focus has gone. */
  onLeave: () => void;
  onName: (row: Row) => void;
  onEscape: () => void;
}

/** `opened` by a click, a tap or Enter. */
export type Look = 'pointed' | 'focused' | 'opened';

/** So near to its end the list follows what comes. */
const endPx = 24;

export class ChatList {
  readonly #options: ListOptions;
  readonly #scroller = byId('chat-scroller');
  readonly #list = byId('chat-list');
  readonly #more = byId<HTMLButtonElement>('chat-more');
  readonly #rows = new Map<string, Row>();
  #pointerAt = '';
  #unseen = 0;
  #shown: HTMLElement | null = null;
  #threshold = 0.5;

  constructor(options: ListOptions) {
    this.#options = options;
    this.#listen();
    this.#more.addEventListener('click', () => this.#toEnd());
    this.#scroller.addEventListener('scroll', () => {
      if (this.#isAtEnd) this.#tell(0);
    });
  }

  get rows(): Row[] {
    return [...this.#rows.values()];
  }

  row(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  add(row: Row, dropped: readonly string[]): void {
    const isAtEnd = this.#isAtEnd;
    for (const id of dropped) this.remove(id);
    this.#rows.set(row.entry.message.header.id, row);
    this.#list.append(row.element);
    this.#keepStop();
    drawMark(row, this.#threshold);
    if (isAtEnd) this.#toEnd();
    else this.#tell(this.#unseen + 1);
  }

  remove(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    const isFocused = row.element.contains(document.activeElement);
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    this.#rows.delete(id);
    row.element.remove();
    if (isFocused) this.#focus(next);
    this.#keepStop();
  }

  clear(): void {
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#tell(0);
  }

  /** @returns How many rows are marked. */
  draw(threshold: number): number {
    const isAtEnd = this.#isAtEnd;
    this.#threshold = threshold;
    const marked = this.rows.filter((row) => drawMark(row, threshold)).length;
    // Under the filter rows come and go with their marks.
    if (isAtEnd) this.#toEnd();
    return marked;
  }

  filter(isImportantOnly: boolean): void {
    const isAtEnd = this.#isAtEnd;
    this.#list.classList.toggle('is-filtered', isImportantOnly);
    if (isAtEnd) this.#toEnd();
  }

  /** Which row the panel is about. */
  mark(shown: Row | null, isOpened: boolean): void {
    const before = this.#shown;
    before?.classList.remove('is-shown');
    for (const name of ['aria-current', 'aria-describedby']) before?.removeAttribute(name);
    this.#shown = shown?.element ?? null;
    this.#shown?.classList.add('is-shown');
    this.#shown?.setAttribute('aria-describedby', 'why-title why-reason');
    if (isOpened) this.#shown?.setAttribute('aria-current', 'true');
  }

  get #isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight <= endPx;
  }

  #toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#tell(0);
  }

  #tell(unseen: number): void {
    this.#unseen = unseen;
    setText(this.#more, `${count(unseen, 'new message')} ↓`);
    this.#more.classList.toggle('is-needed', unseen > 0);
    this.#more.tabIndex = unseen > 0 ? 0 : -1;
  }

  #rowOf(target: EventTarget | null): Row | undefined {
    const element = target instanceof Element ? target.closest<HTMLElement>('.message') : null;
    return this.#rows.get(element?.dataset.id ?? '');
  }

  #listen(): void {
    const { onLook, onLeave, onName, onEscape } = this.#options;
    const list = this.#list;
    list.addEventListener('pointerover', (event) => {
      const row = event.pointerType === 'mouse' && this.#rowOf(event.target);
      if (row && this.#hasMoved(event)) onLook(row, 'pointed');
    });
    list.addEventListener('pointermove', (event) => this.#hasMoved(event));
    list.addEventListener('pointerleave', () => onLeave());
    list.addEventListener('focusin', ({ target }) => {
      const row = this.#rowOf(target);
      if (!row) return;
      this.#stopAt(row.element);
      onLook(row, 'focused');
    });
    list.addEventListener('focusout', () => onLeave());
    list.addEventListener('click', ({ target }) => {
      const row = this.#rowOf(target);
      if (!row) return;
      if (target instanceof Element && target.closest('.message-name')) onName(row);
      else onLook(row, 'opened');
    });
    list.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') return onEscape();
      const row = this.#rowOf(event.target);
      if (!row || !this.#isKeyOf(row, event.key)) return;
      event.preventDefault();
      if (event.key === 'Enter' || event.key === ' ') onLook(row, 'opened');
    });
  }

  /** Rows that scroll below a pointer at rest are not pointed at. */
  #hasMoved({ clientX, clientY }: PointerEvent): boolean {
    const before = this.#pointerAt;
    this.#pointerAt = `${clientX} ${clientY}`;
    return this.#pointerAt !== before;
  }

  /** Arrows go from row to row, so that one Tab leads past all of them. */
  #isKeyOf({ element }: Row, key: string): boolean {
    const shown = this.rows.map((row) => row.element).filter((each) => each.offsetParent !== null);
    const at = shown.indexOf(element);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: shown.length - 1 }[key];
    if (to === undefined) return key === 'Enter' || key === ' ';
    this.#focus(shown[to]);
    return true;
  }

  #focus(element: Element | null | undefined): void {
    if (element instanceof HTMLElement) element.focus();
  }

  /** Exactly one row is a stop of the Tab key: the one that was focused last, else the newest. */
  #keepStop(): void {
    const stops = this.rows.filter(({ element }) => element.tabIndex === 0);
    const last = this.rows.at(-1);
    if (stops.length === 0 && last) last.element.tabIndex = 0;
  }

  #stopAt(element: HTMLElement): void {
    for (const row of this.rows) row.element.tabIndex = row.element === element ? 0 : -1;
  }
}
