/** The panel that says of one message why it is marked or not, and takes the reader's own word. */
import { byId, make, setText } from '../dom.ts';
import type { Row } from './rows.ts';
import { excerpt } from './rows.ts';
import { logitOf, type Mark, type WhyView } from './why.ts';

export interface WhyPanelOptions {
  onMark: (row: Row, mark: Mark) => void;
  onReply: (row: Row) => void;
  onReact: (row: Row, emoji: string) => void;
  onRemove: (row: Row) => void;
  onClose: () => void;
}

/** What may be done with a message beyond marking it. */
export interface Rights {
  mayRemove: boolean;
  /** Nobody marks or answers what it wrote itself. */
  isOwn: boolean;
}

/** Of those that fonts without coloured pictures have, too. */
const emojis = ['♥', '☺', '✔'];
/** Ends of the scale in logits: 0.1 % and 99.9 %. */
const scaleEnd = 7;

export class WhyPanel {
  readonly #options: WhyPanelOptions;
  readonly #panel = byId('why');
  readonly #title = byId('why-title');
  readonly #reason = byId('why-reason');
  readonly #message = byId('why-message');
  readonly #bars = byId('why-bars');
  readonly #sum = byId('why-sum');
  readonly #rules = byId('why-rules');
  readonly #chance = byId('why-chance');
  readonly #needed = byId('why-needed');
  readonly #details = byId('why-details');
  readonly #actions = byId('why-actions');
  #row: Row | null = null;

  constructor(options: WhyPanelOptions) {
    this.#options = options;
    const act = (id: string, action: (row: Row) => void) =>
      byId(id).addEventListener('click', () => {
        if (this.#row) action(this.#row);
      });
    act('why-important', (row) => options.onMark(row, 'important'));
    act('why-not-important', (row) => options.onMark(row, 'notImportant'));
    act('why-dismiss', (row) => options.onMark(row, 'dismissed'));
    act('why-reply', (row) => options.onReply(row));
    act('why-remove', (row) => options.onRemove(row));
    byId('why-close').addEventListener('click', () => options.onClose());
    byId('why-emojis').append(...emojis.map((emoji) => this.#emoji(emoji)));
    this.#panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') options.onClose();
    });
  }

  get row(): Row | null {
    return this.#row;
  }

  get isFocused(): boolean {
    return this.#panel.contains(document.activeElement);
  }

  /** It will be about this one as soon as it is known why. */
  point(row: Row): void {
    this.#row = row;
  }

  close(): void {
    this.#row = null;
    this.#panel.dataset.state = 'empty';
  }

  /** `view` is null where nothing is known of why. */
  show(row: Row, name: string, view: WhyView | null, rights: Rights, isOpened: boolean): void {
    Object.assign(this.#panel.dataset, { state: isOpened ? 'opened' : 'shown' });
    this.#panel.dataset.important = String(view?.isImportant ?? false);
    setText(this.#message, `${name}: ${excerpt(row.entry.message.text)}`);
    setText(this.#title, view?.title ?? 'Not decided');
    setText(this.#reason, view?.reason ?? 'Nothing is known of this message here.');
    this.#details.hidden = view === null;
    for (const id of ['why-important', 'why-not-important', 'why-dismiss'])
      byId<HTMLButtonElement>(id).disabled = rights.isOwn || view === null;
    byId<HTMLButtonElement>('why-dismiss').disabled ||= view?.isImportant !== true;
    byId('why-remove').hidden = !rights.mayRemove;
    this.#actions.hidden = false;
    if (view) this.#draw(view);
  }

  #draw(view: WhyView): void {
    this.#bars.replaceChildren(
      ...view.bars.map(({ kind, text, logit, words, share }) => {
        const fill = make('span', 'why-fill');
        fill.style.inlineSize = `${(share * 50).toFixed(1)}%`;
        const track = make('span', 'why-track', fill);
        track.setAttribute('aria-hidden', 'true');
        const value = make('data', 'why-value', words);
        value.value = String(logit);
        const row = make('li', 'why-bar', make('span', 'why-text', text), track, value);
        Object.assign(row.dataset, { kind, sign: logit < 0 ? 'minus' : 'plus' });
        return row;
      }),
    );
    setText(this.#sum, view.sum);
    this.#sum.dataset.logit = String(view.logit);
    this.#rules.replaceChildren(
      ...view.rules.map(({ text, words }) =>
        make('li', '', make('span', 'why-value', words), ` ${text}`),
      ),
    );
    byId('why-learned').hidden = !view.isExplicit;
    this.#chance.style.inlineSize = place(view.chance);
    this.#needed.style.insetInlineStart = place(view.threshold);
  }

  #emoji(emoji: string): HTMLElement {
    const button = make('button', 'emoji', emoji);
    button.type = 'button';
    button.setAttribute('aria-label', `React with ${emoji}`);
    button.addEventListener('click', () => {
      if (this.#row) this.#options.onReact(this.#row, emoji);
    });
    return button;
  }
}

/** Small chances lie far apart on this scale, as they do in what is told of them. */
function place(probability: number): string {
  const share = (logitOf(probability) + scaleEnd) / (2 * scaleEnd);
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`;
}
