/** The table of edges: what each offers, what a viewer makes of it, and which one is read from. */
import { type EdgeName, edgeNames } from '../server/edge-offers.ts';
import { byId, giveTableRoles, make, setAttribute, setText } from './dom.ts';
import { ChoiceWatch } from './edge-choice.ts';
import { minimum } from './edge-needs.ts';
import { type EdgeRow, edgesSentence, viewEdges } from './edge-rows.ts';
import { kpiWordsOf } from './edge-words.ts';
import type { Logbook } from './logbook.ts';
import { namesOf } from './outage-words.ts';
import type { Room } from './room.ts';
import { type DemoState, letterOf } from './servers.ts';
import type { Viewer } from './viewer.ts';

/** How long a row stays lit when the choice has changed. */
const litMs = 2_500;

interface Row {
  element: HTMLTableRowElement;
  note: HTMLElement;
  offers: HTMLElement;
  health: HTMLElement;
  measured: HTMLElement;
  predicted: HTMLElement;
  bar: HTMLElement;
  fill: HTMLElement;
  state: HTMLElement;
  words: HTMLElement;
  masters: HTMLElement;
  lit: ReturnType<typeof setTimeout> | undefined;
}

export class EdgesTable {
  readonly #room: Room;
  readonly #logbook: Logbook;
  readonly #watch = new ChoiceWatch();
  readonly #sentence = byId('edges-sentence');
  readonly #select = byId<HTMLSelectElement>('edges-viewer');
  readonly #rows: Record<EdgeName, Row>;
  /** What was shown last: only what changes for the same viewer is lit. */
  #shown: { viewer: number; chosen: EdgeName | null } | null = null;
  #masters = new Map<number, EdgeName>();

  constructor(room: Room, logbook: Logbook) {
    this.#room = room;
    this.#logbook = logbook;
    const rows = edgeNames.map((edge): [EdgeName, Row] => [edge, makeRow(edge)]);
    byId('edges-rows').append(...rows.map(([, { element }]) => element));
    this.#rows = Object.fromEntries(rows) as Record<EdgeName, Row>;
    giveTableRoles(byId('edges-table'));
    const needs = `Asked for: ${kpiWordsOf(minimum)}, or better.`;
    setText(byId('edges-needs'), `${needs} The shorter the bar, the better the score.`);
  }

  /** Once a second. */
  update(state: DemoState | null): void {
    const { viewers } = this.#room;
    const choosers = viewers.map((viewer) => {
      const { stats } = viewer;
      const edge = edgeNames.find((name) => name === stats.edgeId) ?? null;
      const isMaster = stats.groupRole === 'master';
      return { number: viewer.number, isMaster, edge, seen: stats };
    });
    for (const text of this.#watch.update(choosers)) this.#logbook.write(text);
    if (document.hidden || !state) return;
    const masters = choosers.flatMap(({ number, isMaster, edge }) =>
      isMaster && edge ? [{ number, edge }] : [],
    );
    const viewer = this.#viewer(masters[0]?.number ?? null);
    const seen = choosers.find(({ number }) => number === viewer?.number)?.seen;
    const rows = viewEdges({
      edges: state.servers,
      seen: seen ?? { edges: [], edgesExcluded: [] },
      masters,
    });
    setText(this.#sentence, edgesSentence(rows));
    for (const row of rows) draw(this.#rows[row.edge], row);
    this.#light(viewer, rows, masters);
  }

  /** Who is looked at; fills the list of who can be. */
  #viewer(master: number | null): Viewer | undefined {
    const { viewers } = this.#room;
    const first = master ?? viewers[0]?.number ?? null;
    const options = [
      ['', first === null ? 'a viewer' : `the master, viewer ${first}`],
      ...viewers.map(({ number }) => [String(number), `viewer ${number}`]),
    ] as const;
    const { value } = this.#select;
    const shown = [...this.#select.options];
    if (shown.map((option) => option.value).join() !== options.map(([key]) => key).join()) {
      this.#select.replaceChildren(...options.map(([key, text]) => new Option(text, key)));
      if (options.some(([key]) => key === value)) this.#select.value = value;
    } else if (shown[0]) setText(shown[0], options[0][1]);
    const wanted = this.#select.value === '' ? first : Number(this.#select.value);
    return viewers.find(({ number }) => number === wanted);
  }

  #light(
    viewer: Viewer | undefined,
    rows: readonly EdgeRow[],
    masters: readonly { number: number; edge: EdgeName }[],
  ): void {
    const chosen = rows.find(({ state }) => state === 'chosen')?.edge ?? null;
    const before = this.#shown;
    const number = viewer?.number ?? 0;
    const isNew = before?.viewer === number && chosen !== null && chosen !== before.chosen;
    const lit = new Set(isNew && before.chosen !== null ? [chosen] : []);
    for (const master of masters) {
      const from = this.#masters.get(master.number);
      if (from !== undefined && from !== master.edge) lit.add(master.edge);
    }
    for (const edge of lit) light(this.#rows[edge]);
    // While nothing is chosen what was before still counts.
    this.#shown = {
      viewer: number,
      chosen: chosen ?? (before?.viewer === number ? before.chosen : null),
    };
    this.#masters = new Map(masters.map((master) => [master.number, master.edge]));
  }
}

function makeRow(edge: EdgeName): Row {
  const row = {
    element: make('tr', 'edge-row'),
    note: make('span', 'edge-note'),
    offers: make('span', 'edge-offers'),
    health: make('span', 'edge-health'),
    measured: make('span'),
    predicted: make('span', 'edge-predicted'),
    bar: make('span', 'score'),
    fill: make('span', 'score-fill'),
    state: make('span', 'edge-state'),
    words: make('span', 'edge-words'),
    masters: make('span', 'edge-masters'),
    lit: undefined,
  };
  const name = make('th', 'edge-name', make('b', 'edge-badge', letterOf(edge)), row.note);
  name.scope = 'row';
  name.setAttribute('aria-label', `Edge ${letterOf(edge)}`);
  row.bar.setAttribute('role', 'img');
  row.bar.append(row.fill);
  row.element.dataset.edge = edge;
  row.element.append(
    name,
    make('td', 'offers-cell', row.offers, row.health),
    make('td', 'measured-cell', row.measured),
    make('td', 'score-cell', row.predicted, row.bar),
    make('td', 'state-cell', row.state, row.masters, row.words),
  );
  return row;
}

const stateWords: Record<EdgeRow['state'], string> = {
  chosen: 'chosen',
  shared: 'in use',
  ready: 'standing by',
  failing: 'failing',
  out: 'not used',
  gone: 'gone',
};

function draw(drawn: Row, row: EdgeRow): void {
  const { element, bar } = drawn;
  setAttribute(element, 'data-state', row.state);
  setAttribute(element, 'data-reason', row.code);
  setText(drawn.note, row.standsInFor ? `for ${letterOf(row.standsInFor)}` : '');
  drawn.note.title = row.standsInFor ? `Took the place of edge ${letterOf(row.standsInFor)}` : '';
  setText(drawn.offers, row.offers);
  setText(drawn.health, row.health);
  setAttribute(drawn.health, 'data-silent', String(row.isSilent));
  setText(drawn.measured, row.measured);
  setText(drawn.predicted, row.predicted);
  bar.hidden = row.scoreShare === null;
  setAttribute(bar, 'aria-label', `score ${row.score}, the lower the better`);
  bar.title = `Score ${row.score}: the lower, the better`;
  drawn.fill.style.transform = `scaleX(${(row.scoreShare ?? 0).toFixed(3)})`;
  setText(drawn.state, stateWords[row.state]);
  setText(drawn.words, row.words);
  drawn.words.title = row.code;
  const { masters } = row;
  setText(drawn.masters, masters.length > 0 ? `by ${namesOf(masters)}` : '');
}

function light(row: Row): void {
  clearTimeout(row.lit);
  row.element.classList.add('is-lit');
  row.lit = setTimeout(() => row.element.classList.remove('is-lit'), litMs);
}
