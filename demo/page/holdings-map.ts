/** The map of what is held where: a row for each viewer, a column for each segment near the playheads. */
import { byId, giveTableRoles, make, setAttribute, setText } from './dom.ts';
import {
  type Cell,
  type HoldingsRow,
  type HoldingsView,
  type RoomReading,
  viewHoldings,
} from './holdings.ts';
import { roleLabel, speedWords, standingWords } from './outage-words.ts';
import type { Room } from './room.ts';
import { roleWords } from './text.ts';

/** So that a playhead glides; who wants less motion gets a step a second. */
const drawEveryMs = 250;
const drawCalmlyEveryMs = 1_000;
const columnsOnScreens = 14;
const columnsOnPhones = 11;
/** More rows than this are drawn lower. */
const rowsDense = 8;

interface Row {
  element: HTMLTableRowElement;
  badge: HTMLElement;
  edge: HTMLElement;
  track: HTMLElement;
  cells: HTMLElement[];
  playhead: HTMLElement;
  horizon: HTMLElement;
  left: HTMLElement;
  speed: HTMLElement;
}

export class HoldingsMap {
  readonly #room: Room;
  readonly #table = byId('holdings-table');
  readonly #body = byId('holdings-rows');
  readonly #head = byId('holdings-head');
  readonly #sentence = byId('holdings-sentence');
  readonly #horizon = byId('horizon');
  readonly #horizonNote = byId('horizon-note');
  readonly #rows = new Map<number, Row>();
  readonly #narrow = matchMedia('(max-width: 860px)');
  readonly #calmly = matchMedia('(prefers-reduced-motion: reduce)');
  #newest = { sequence: 0, atMs: 0 };
  /** The rest of the page tells how it stands. */
  view: HoldingsView | null = null;

  constructor(room: Room) {
    this.#room = room;
    giveTableRoles(this.#table);
  }

  /** Draws until the page goes. */
  start(): void {
    if (!document.hidden) this.draw(performance.now());
    setTimeout(() => this.start(), this.#calmly.matches ? drawCalmlyEveryMs : drawEveryMs);
  }

  draw(nowMs: number): void {
    const view = viewHoldings(this.#read(nowMs));
    this.view = view;
    const { rows, columns, phase, leftMs } = view;
    setText(this.#sentence, view.sentence);
    setAttribute(this.#table, 'data-phase', phase);
    this.#table.classList.toggle('is-dense', rows.length > rowsDense);
    setText(this.#horizon, leftMs === null ? '–' : (leftMs / 1_000).toFixed(1));
    setAttribute(this.#horizon, 'data-phase', phase);
    setText(this.#horizonNote, horizonNote(view));
    this.#drawHead(columns, view.horizon);
    for (const [number, { element }] of this.#rows) {
      if (rows.some((row) => row.number === number)) continue;
      element.remove();
      this.#rows.delete(number);
    }
    for (const row of rows) this.#drawRow(row, view);
  }

  #read(nowMs: number): RoomReading {
    const viewers = this.#room.viewers;
    const readings = viewers.map((viewer) => viewer.reading(nowMs));
    const newest = Math.max(
      0,
      ...readings.flatMap(({ segments }) =>
        segments
          .filter(({ heldShare }) => heldShare === 1)
          .map(({ segmentId }) => Number(/#(\d+)$/.exec(segmentId)?.[1] ?? 0)),
      ),
    );
    if (newest !== this.#newest.sequence) this.#newest = { sequence: newest, atMs: nowMs };
    return {
      viewers: readings,
      others: this.#room.othersCount,
      horizonAgeMs: nowMs - this.#newest.atMs,
      segmentMs: viewers.find(({ segmentMs }) => segmentMs !== null)?.segmentMs ?? 2_000,
      columnCount: this.#narrow.matches ? columnsOnPhones : columnsOnScreens,
    };
  }

  /** The last digits of each segment's number. */
  #drawHead(columns: readonly number[], horizon: number | null): void {
    const head = this.#head;
    while (head.childElementCount > columns.length) head.lastElementChild?.remove();
    while (head.childElementCount < columns.length) head.append(make('span'));
    for (const [index, sequence] of columns.entries()) {
      const label = head.children[index];
      if (label) setText(label, String(sequence % 100).padStart(2, '0'));
    }
    place(head, '--horizon', horizon, columns.length);
  }

  #drawRow(row: HoldingsRow, { columns, horizon, phase }: HoldingsView): void {
    const drawn = this.#rows.get(row.number) ?? this.#addRow(row.number);
    const { standing, role } = row;
    setAttribute(drawn.element, 'data-standing', standing ?? 'none');
    setAttribute(drawn.badge, 'data-role', role ?? 'none');
    setText(drawn.badge, standing ? standingWords[standing].label : roleLabel(role));
    drawn.badge.title = standing ? standingWords[standing].means : role ? roleWords[role] : '';
    setText(drawn.edge, row.edge);
    drawn.edge.title = row.edge;
    setAttribute(drawn.edge, 'data-health', row.health);
    setAttribute(drawn.track, 'aria-label', `Viewer ${row.number} ${row.description}`);
    while (drawn.cells.length > columns.length) drawn.cells.pop()?.remove();
    while (drawn.cells.length < columns.length) {
      const cell = make('span', 'cell');
      drawn.playhead.before(cell);
      drawn.cells.push(cell);
    }
    for (const [index, cell] of row.cells.entries()) {
      const element = drawn.cells[index];
      if (!element) continue;
      drawCell(element, cell);
      setAttribute(element, 'data-played', String(index + 1 <= (row.playhead ?? 0)));
    }
    place(drawn.playhead, '--at', row.playhead, columns.length);
    drawn.playhead.classList.toggle('is-stalled', row.isStalled);
    place(drawn.horizon, '--at', horizon, columns.length);
    const { leftMs } = row;
    setText(drawn.left, leftMs === null ? '–' : `${(leftMs / 1_000).toFixed(1)} s`);
    const isShort = phase !== 'calm' && leftMs !== null && leftMs < 4_000;
    drawn.left.classList.toggle('is-short', isShort);
    setText(drawn.speed, row.isStalled ? 'stands still' : speedWords(row.playbackRate));
    drawn.speed.classList.toggle('is-stalled', row.isStalled);
  }

  #addRow(number: number): Row {
    const badge = make('span', 'standing');
    const edge = make('span', 'holdings-edge');
    const playhead = make('i', 'playhead');
    const horizon = make('i', 'horizon-line');
    const track = make('div', 'track', playhead, horizon);
    track.setAttribute('role', 'img');
    const left = make('span', 'holdings-left');
    const speed = make('span', 'holdings-speed');
    const name = make('th', '', make('span', '', 'Viewer ', make('b', '', String(number))), badge);
    name.scope = 'row';
    const element = make(
      'tr',
      '',
      name,
      make('td', 'edge-cell', edge),
      make('td', 'track-cell', track),
      make('td', 'left-cell', left, speed),
    );
    element.dataset.number = String(number);
    giveTableRoles(element);
    this.#body.append(element);
    const row = { element, badge, edge, track, cells: [], playhead, horizon, left, speed };
    this.#rows.set(number, row);
    return row;
  }
}

function drawCell(element: HTMLElement, cell: Cell): void {
  const { kind, source, share, isComing, isKept } = cell;
  setAttribute(element, 'data-kind', kind);
  setAttribute(element, 'data-source', source ?? 'none');
  setAttribute(element, 'data-kept', String(isKept));
  setAttribute(element, 'data-coming', String(isComing));
  setAttribute(element, 'style', kind === 'part' ? `--share:${Math.round(share * 100)}%` : '');
}

/** Puts a mark so many columns from the left. */
function place(element: HTMLElement, name: string, column: number | null, columns: number): void {
  element.classList.toggle('is-placed', column !== null);
  if (column !== null) element.style.setProperty(name, `${((column / columns) * 100).toFixed(2)}%`);
}

function horizonNote({ phase, leftMs }: HoldingsView): string {
  if (leftMs === null) return 'nobody plays yet';
  if (phase !== 'total') return 'held ahead, and more is coming';
  return leftMs === 0 ? 'all that was held has been played' : 'left to play; nothing new comes';
}
