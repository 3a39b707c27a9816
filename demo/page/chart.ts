/** Where a viewer's media came from, over the last minute: two stacked areas. */
import UPlot from 'uplot';

const secondsShown = 60;
/** A segment arrives every two seconds in one piece: the mean over two of them is what flows. */
const meanOverSeconds = 4;
/** The better rendition at its full rate. */
const usualBytesPerSecond = 200_000;
/** A burst at the start may reach over the edge: the rest of the minute matters more. */
const bytesPerSecondShownMax = 400_000;

export class SourceChart {
  readonly #plot: UPlot;
  readonly #times: number[] = [];
  readonly #edge: number[] = [];
  readonly #total: number[] = [];
  readonly #recent: { edge: number; peers: number }[] = [];
  readonly #resized: ResizeObserver;

  constructor(host: HTMLElement) {
    this.#plot = new UPlot(options(host), [[], [], []], host);
    this.#resized = new ResizeObserver(() => {
      if (host.clientWidth > 0) {
        this.#plot.setSize({ width: host.clientWidth, height: host.clientHeight });
      }
    });
    this.#resized.observe(host);
  }

  /** Once a second, with the bytes of that second. */
  push(nowMs: number, edge: number, peers: number, draw: boolean): void {
    this.#recent.push({ edge, peers });
    if (this.#recent.length > meanOverSeconds) this.#recent.shift();
    const meanEdge = mean(this.#recent.map((item) => item.edge));
    this.#times.push(nowMs / 1_000);
    this.#edge.push(meanEdge);
    this.#total.push(meanEdge + mean(this.#recent.map((item) => item.peers)));
    for (const series of [this.#times, this.#edge, this.#total]) {
      if (series.length > secondsShown + 2) series.shift();
    }
    if (!draw) return;
    this.#plot.batch(() => {
      this.#plot.setData([this.#times, this.#total, this.#edge], false);
      this.#plot.setScale('x', { min: nowMs / 1_000 - secondsShown, max: nowMs / 1_000 });
      const peak = Math.min(bytesPerSecondShownMax, Math.max(usualBytesPerSecond, ...this.#total));
      this.#plot.setScale('y', { min: 0, max: peak * 1.05 });
    });
  }

  /** Colours come from the style sheet; call after they have changed. */
  redraw(): void {
    this.#plot.redraw();
  }

  close(): void {
    this.#resized.disconnect();
    this.#plot.destroy();
  }
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / meanOverSeconds;
}

function options(host: HTMLElement): UPlot.Options {
  const colour = (name: string) => () => colourOf(host, name);
  const stepped = UPlot.paths.stepped?.({ align: 1 }) ?? null;
  const area = (label: string, name: string): UPlot.Series => ({
    label,
    stroke: colour(name),
    fill: colour(`${name}-fill`),
    width: 1.25,
    points: { show: false },
    ...(stepped && { paths: stepped }),
  });
  return {
    width: Math.max(40, host.clientWidth),
    height: Math.max(30, host.clientHeight),
    padding: [4, 0, 2, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { auto: false, range: (_plot, min, max) => [min, max] } },
    axes: [
      { show: false },
      {
        side: 1,
        size: 30,
        gap: 4,
        font: '10px "Instrument Sans Variable", sans-serif',
        stroke: colour('--ink-soft'),
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { show: false },
        splits: () => [0, 200_000],
        values: (_plot, splits) =>
          splits.map((value) => (value === 0 ? '' : String(value / 1_000))),
      },
    ],
    series: [{}, area('other viewers', '--peers'), area('the edge', '--edge')],
  };
}

/** A variable of the style sheet as the plain colour that a canvas takes. */
function colourOf(host: HTMLElement, name: string): string {
  // Any property of type colour would do: it resolves `light-dark()`, which reading the variable does not.
  host.style.outlineColor = `var(${name})`;
  const colour = getComputedStyle(host).outlineColor;
  host.style.outlineColor = '';
  return colour;
}
