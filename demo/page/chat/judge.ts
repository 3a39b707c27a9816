/** Decides for the reader which rows are marked, says why, and logs what the reader does with them. */
import type { MessageHeader } from '../../../sdk/index.ts';
import type { LogEvent } from '../../../sdk/messages.ts';
import { byId, setText } from '../dom.ts';
import type { Look } from './list.ts';
import { ChatList } from './list.ts';
import { Reader } from './reader.ts';
import type { Row } from './rows.ts';
import { ThresholdControl } from './threshold-control.ts';
import { type Mark, viewWhy } from './why.ts';
import { type Rights, WhyPanel } from './why-panel.ts';

export interface JudgeOptions {
  nameOf: (row: Row) => string;
  rightsOf: (row: Row) => Rights;
  onName: (row: Row) => void;
  onReply: (row: Row) => void;
  onReact: (row: Row, emoji: string) => void;
  onRemove: (row: Row) => void;
  /** In words. */
  onTrouble: (trouble: string) => void;
}

/** Who stays on a message for so long has looked at it. */
const viewedAfterMs = 1_000;

const markEvents = {
  important: 'markedImportant',
  notImportant: 'markedNotImportant',
  dismissed: 'dismissed',
} as const;

export class Judge {
  readonly list: ChatList;
  readonly #options: JudgeOptions;
  readonly #panel: WhyPanel;
  readonly #control: ThresholdControl;
  #reader: Reader | null = null;
  #threshold = 0.5;
  /** Opened by the reader: it stays when the pointer goes elsewhere. */
  #isOpened = false;
  #isDrawing = false;
  #viewing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.list = new ChatList({
      onLook: (row, how) => this.#look(row, how),
      onLeave: () => clearTimeout(this.#viewing),
      onName: options.onName,
      onEscape: () => this.#close(),
    });
    this.#panel = new WhyPanel({
      onMark: (row, mark) => void this.#mark(row, mark),
      onReply: options.onReply,
      onReact: options.onReact,
      onRemove: options.onRemove,
      onClose: () => this.#close(),
    });
    this.#control = new ThresholdControl({
      onThreshold: (probability) => void this.#setThreshold(probability),
      onWipe: () => void this.#wipe(),
    });
  }

  /** Another viewer is the reader from now on; null while there is none. */
  become(subject: string | null): void {
    this.#close();
    this.list.clear();
    const closed = this.#reader?.close() ?? Promise.resolve();
    this.#reader = subject === null ? null : new Reader(subject, closed);
    void this.refresh();
  }

  /** A row that was added; `events` are logged once it was decided. */
  async take(row: Row, events: readonly LogEvent[]): Promise<void> {
    const decided = this.#reader?.classify(row.entry.message.header);
    for (const { type, header } of events) this.record(type, header);
    row.verdict = (await decided) ?? null;
    this.#draw();
  }

  record(type: LogEvent['type'], header: MessageHeader): void {
    void this.#reader?.record(type, header);
  }

  remove(id: string): void {
    if (this.#panel.row?.entry.message.header.id === id) this.#close();
    this.list.remove(id);
    this.#draw();
  }

  /** Once a second, and when something was set. */
  async refresh(): Promise<void> {
    const reader = this.#reader;
    const state = (await reader?.state()) ?? null;
    if (reader !== this.#reader) return;
    this.#control.render(state, reader?.failure ?? 'Nobody reads.');
    if (!state || state.threshold === this.#threshold) return;
    this.#threshold = state.threshold;
    this.#draw();
    const { row } = this.#panel;
    if (row) await this.#show(row);
  }

  /** Once for all that were decided since the last picture. */
  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      const marked = this.list.draw(this.#threshold);
      setText(byId('chat-count'), marked > 0 ? String(marked) : '');
    });
  }

  #look(row: Row, how: Look): void {
    const isSame = row === this.#panel.row;
    if (how === 'pointed' && (this.#isOpened || this.#panel.isFocused)) return;
    if (how === 'opened' && isSame && this.#isOpened) return this.#close();
    this.#isOpened = how === 'opened' || (isSame && this.#isOpened);
    clearTimeout(this.#viewing);
    const viewed = () => this.#viewed(row);
    if (how === 'opened') viewed();
    else this.#viewing = setTimeout(viewed, viewedAfterMs);
    void this.#show(row);
  }

  #viewed(row: Row): void {
    if (!this.#options.rightsOf(row).isOwn) this.record('viewed', row.entry.message.header);
  }

  async #show(row: Row): Promise<void> {
    this.list.mark(row, this.#isOpened);
    this.#panel.point(row);
    const explanation = (await this.#reader?.explain(row.entry.message.header.id)) ?? null;
    // Something else is looked at by now.
    if (this.#panel.row !== row) return;
    const view = explanation && viewWhy(explanation, row.mark, this.#threshold);
    const { nameOf, rightsOf } = this.#options;
    this.#panel.show(row, nameOf(row), view, rightsOf(row), this.#isOpened);
  }

  #close(): void {
    clearTimeout(this.#viewing);
    this.#isOpened = false;
    const { row, isFocused } = this.#panel;
    this.#panel.close();
    this.list.mark(null, false);
    if (isFocused && row) row.element.focus();
  }

  async #mark(row: Row, mark: Mark): Promise<void> {
    row.mark = mark;
    this.record(markEvents[mark], row.entry.message.header);
    this.#draw();
    await this.#show(row);
    await this.refresh();
  }

  async #setThreshold(probability: number | null): Promise<void> {
    await this.#tried(this.#reader?.setThreshold(probability));
    await this.refresh();
  }

  async #tried(asked: Promise<void> | undefined): Promise<void> {
    const trouble = await asked?.catch((error: Error) => error.message);
    this.#options.onTrouble(trouble ?? '');
  }

  /** Rows are decided anew, as if they had just come to somebody of whom nothing is known. */
  async #wipe(): Promise<void> {
    await this.#tried(this.#reader?.wipe());
    this.#close();
    for (const row of this.list.rows) {
      row.mark = null;
      void this.take(row, []);
    }
    await this.refresh();
  }
}
