/** What the page shows of one viewer. */

import { edgeTitles } from '../server/edge-offers.ts';
import { SourceChart } from './chart.ts';
import { make, setAttribute, setText } from './dom.ts';
import {
  count,
  duration,
  edgeReasonWords,
  megabytes,
  roleWords,
  seconds,
  statusWords,
} from './text.ts';
import type { Viewer } from './viewer.ts';

/** A viewer who stands still and has not heard of its edge for so long does not know how the edge is. */
const edgeUnknownAfterMs = 4_000;

export class Tile {
  readonly element = make('article', 'tile');
  readonly chart: SourceChart;
  readonly #viewer: Viewer;
  /** When the edge last sent something, or was seen in another state. */
  #edgeHeard = { bytes: 0, health: '', atMs: performance.now() };
  readonly #role = make('span', 'role', 'joining');
  readonly #status = make('p', 'tile-status');
  readonly #buffer = make('dd');
  readonly #edgeName = make('dt');
  readonly #edge = make('dd');
  readonly #stalls = make('dd');
  readonly #fromEdge = make('dd');
  readonly #fromPeers = make('dd');
  readonly #uploaded = make('dd');
  readonly #gauge = make('span', 'gauge-fill');
  readonly #play = make('button', 'play', 'Play');
  readonly #plot = make('div', 'plot');

  constructor(viewer: Viewer, onRemove: () => void) {
    this.#viewer = viewer;
    const title = make('h3', 'tile-title', 'Viewer ', make('b', '', String(viewer.number)));
    title.id = `viewer-${viewer.number}`;
    this.element.setAttribute('aria-labelledby', title.id);
    this.element.dataset.number = String(viewer.number);
    const remove = make('button', 'remove', '×');
    remove.type = 'button';
    remove.setAttribute('aria-label', `Remove viewer ${viewer.number}`);
    remove.title = 'Remove this viewer';
    remove.addEventListener('click', onRemove);
    this.#play.type = 'button';
    this.#play.hidden = true;
    this.#play.addEventListener('click', () => viewer.play());
    this.#plot.setAttribute('role', 'img');
    this.element.append(
      make('header', 'tile-head', title, this.#role, this.#status, remove),
      make('div', 'screen', viewer.video, this.#play),
      this.#facts(),
      this.#plot,
      make(
        'dl',
        'totals',
        make('div', '', make('dt', '', 'edge'), this.#fromEdge),
        make('div', '', make('dt', '', 'viewers'), this.#fromPeers),
        make('div', '', make('dt', '', 'passed on'), this.#uploaded),
      ),
    );
    this.chart = new SourceChart(this.#plot);
  }

  /** Once a second. */
  render(nowMs: number): void {
    const { stats, stalledSinceMs, reason, blocked } = this.#viewer;
    const role = stats.groupRole;
    const { element } = this;
    element.dataset.role = role ?? 'none';
    setText(this.#role, role ?? stats.status);
    this.#role.title = role ? roleWords[role] : '';
    const stalled = stalledSinceMs !== null;
    element.dataset.state = stalled ? 'stalled' : stats.status;
    setText(
      this.#status,
      stalled
        ? `stands still for ${duration(nowMs - stalledSinceMs)}`
        : statusWords(stats.status, reason),
    );
    setText(this.#buffer, stats.bufferMs === null ? 'starting' : seconds(stats.bufferMs));
    this.#gauge.style.transform = `scaleX(${Math.min(1, (stats.bufferMs ?? 0) / 12_000).toFixed(2)})`;
    this.#renderEdge(nowMs, stalled);
    setText(
      this.#stalls,
      stats.stallCount === 0 ? 'none' : `${stats.stallCount}, ${seconds(stats.stallMs)} in all`,
    );
    setText(this.#fromEdge, megabytes(stats.bytesFromEdge));
    setText(this.#fromPeers, megabytes(stats.bytesFromPeers));
    setText(this.#uploaded, megabytes(stats.bytesToPeers));
    setAttribute(
      this.#plot,
      'aria-label',
      `${megabytes(stats.bytesFromEdge)} from the edge, ${megabytes(stats.bytesFromPeers)} from ${count(stats.neighbours.length, 'other viewer')}`,
    );
    this.#play.hidden = !blocked;
  }

  #renderEdge(nowMs: number, stalled: boolean): void {
    const { stats, edgeReason } = this.#viewer;
    setText(this.#edgeName, edgeTitles[this.#viewer.edge]);
    const { bytesFromEdge: bytes, edgeHealth: health } = stats;
    const heard = this.#edgeHeard;
    if (bytes !== heard.bytes || health !== heard.health) {
      this.#edgeHeard = { bytes, health, atMs: nowMs };
    }
    const silentMs = nowMs - this.#edgeHeard.atMs;
    if (health === 'healthy' && stalled && silentMs > edgeUnknownAfterMs) {
      setText(this.#edge, `not asked for ${duration(silentMs)}`);
      this.#edge.dataset.health = 'unknown';
      return;
    }
    const why = health === 'healthy' || !edgeReason ? '' : `, ${edgeReasonWords(edgeReason)}`;
    setText(this.#edge, `${health}${why}`);
    this.#edge.dataset.health = health;
  }

  close(): void {
    this.chart.close();
    this.element.remove();
  }

  #facts(): HTMLElement {
    const gauge = make('span', 'gauge', this.#gauge);
    gauge.setAttribute('aria-hidden', 'true');
    return make(
      'dl',
      'facts',
      make('div', 'fact-buffer', make('dt', '', 'buffer'), this.#buffer, gauge),
      make('div', '', this.#edgeName, this.#edge),
      make('div', '', make('dt', '', 'stalls'), this.#stalls),
    );
  }
}
