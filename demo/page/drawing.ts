/** Who feeds whom, drawn like a sea chart: arrows as wide as the bytes of the last seconds. */
import type { Role } from '../../signaling/protocol/index.ts';
import { makeSvg, setAttribute, setText } from './dom.ts';
import type { Flow } from './flows.ts';
import {
  arrowPath,
  drawingSize,
  nodeRadius,
  outwards,
  type Point,
  serverPlaces,
  viewerPlaces,
} from './places.ts';
import { type FaultName, letterOf, type ServerName, serverTitles } from './servers.ts';

export interface DrawnViewer {
  /** Key of its flows. */
  key: string;
  /** Number in this page; empty for viewers of other pages. */
  label: string;
  role: Role | null;
  stalled: boolean;
  /** Its edge gives it nothing, or not all kinds of things. */
  isCutOff: boolean;
  bufferMs: number | null;
}

export interface DrawnServer {
  fault: FaultName;
  /** Viewers of this page are not sent there now. */
  isQuiet: boolean;
}

export interface DrawingModel {
  servers: Record<ServerName, DrawnServer>;
  viewers: DrawnViewer[];
  flows: Flow[];
}

const serverRadius = 17;
/** One viewer's stream at its full rate is drawn so wide. */
const fullRateWidth = 4.5;
const fullBytesPerSecond = 180_000;

interface ViewerNode {
  group: SVGGElement;
  ring: SVGCircleElement;
  body: SVGCircleElement;
  label: SVGTextElement;
  sounding: SVGTextElement;
}

export class Drawing {
  readonly #svg: SVGSVGElement;
  readonly #text = makeSvg('desc', { id: 'drawing-text' });
  readonly #arrows = makeSvg('g', { class: 'arrows' });
  readonly #nodes = makeSvg('g', { class: 'nodes' });
  readonly #servers = new Map<ServerName, { group: SVGGElement; note: SVGTextElement }>();
  readonly #viewers = new Map<string, ViewerNode>();
  readonly #paths = new Map<string, SVGPathElement>();

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
    svg.setAttribute('viewBox', `0 0 ${drawingSize.width} ${drawingSize.height}`);
    svg.append(this.#text, markers(), shore(), this.#arrows, this.#nodes);
    for (const name of Object.keys(serverTitles) as ServerName[]) this.#addServer(name);
  }

  update({ servers, viewers, flows }: DrawingModel): void {
    for (const [name, { group, note }] of this.#servers) {
      const { fault, isQuiet } = servers[name];
      setAttribute(group, 'data-fault', fault);
      setAttribute(group, 'data-quiet', String(isQuiet));
      setText(note, fault === 'none' ? '' : fault);
    }
    const places = new Map<string, { at: Point; radius: number }>();
    for (const name of this.#servers.keys()) {
      places.set(name, { at: serverPlaces[name], radius: serverRadius });
    }
    const radius = nodeRadius(viewers.length);
    for (const [index, at] of viewerPlaces(viewers.length).entries()) {
      const viewer = viewers[index];
      if (!viewer) continue;
      places.set(viewer.key, { at, radius });
      this.#drawViewer(viewer, at, radius);
    }
    for (const [key, { group }] of this.#viewers) {
      if (places.has(key)) continue;
      group.remove();
      this.#viewers.delete(key);
    }
    this.#drawFlows(flows, places);
    setText(this.#text, describe(viewers, flows));
  }

  /** Lets everything but this viewer and its arrows step back; null ends it. */
  highlight(key: string | null): void {
    this.#svg.classList.toggle('is-highlighting', key !== null);
    for (const [viewer, { group }] of this.#viewers) {
      group.classList.toggle('is-lit', viewer === key);
    }
    for (const [flow, path] of this.#paths) {
      path.classList.toggle('is-lit', key !== null && flow.split('>').includes(key));
    }
  }

  #addServer(name: ServerName): void {
    const { x, y } = serverPlaces[name];
    const group = makeSvg('g', {
      class: `server server-${name}`,
      transform: `translate(${x} ${y})`,
    });
    const title = makeSvg('text', { y: name === 'origin' ? 34 : 4.5, class: 'server-label' });
    title.textContent = name === 'origin' ? 'Origin' : letterOf(name);
    const note = makeSvg('text', { y: name === 'origin' ? 47 : 32, class: 'server-note' });
    const shape =
      name === 'origin'
        ? makeSvg('path', {
            d: 'M0-15 3.600-4.900 14.300-4.600 5.800 1.900 8.800 12.100 0 6.100-8.800 12.100-5.800 1.900-14.300-4.600-3.600-4.900Z',
            class: 'server-shape',
          })
        : makeSvg('rect', { x: -14, y: -14, width: 28, height: 28, rx: 4, class: 'server-shape' });
    const cross = makeSvg('path', { d: 'M-19-19 19 19M19-19-19 19', class: 'server-cross' });
    group.append(shape, cross, title, note);
    this.#nodes.append(group);
    this.#servers.set(name, { group, note });
  }

  #drawViewer(viewer: DrawnViewer, at: Point, radius: number): void {
    const node = this.#viewers.get(viewer.key) ?? this.#addViewer(viewer.key);
    const kind = viewer.label === '' ? 'other' : (viewer.role ?? 'none');
    setAttribute(
      node.group,
      'class',
      `viewer viewer-${kind}${viewer.isCutOff ? ' is-cut-off' : ''}${viewer.stalled ? ' is-stalled' : ''}`,
    );
    node.group.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
    const size = viewer.label === '' ? radius * 0.6 : radius;
    setAttribute(node.body, 'r', String(size));
    setAttribute(node.ring, 'r', String(size + 4));
    setText(node.label, viewer.label);
    const out = outwards(at);
    setAttribute(node.sounding, 'x', (out.x * (radius + 14)).toFixed(1));
    setAttribute(node.sounding, 'y', (out.y * (radius + 13) + 4.5).toFixed(1));
    setText(node.sounding, viewer.bufferMs === null ? '' : (viewer.bufferMs / 1_000).toFixed(0));
  }

  #addViewer(key: string): ViewerNode {
    const node: ViewerNode = {
      group: makeSvg('g', { class: 'viewer' }),
      ring: makeSvg('circle', { class: 'viewer-ring' }),
      body: makeSvg('circle', { class: 'viewer-body' }),
      label: makeSvg('text', { y: 4.5, class: 'viewer-label' }),
      sounding: makeSvg('text', { class: 'sounding' }),
    };
    node.group.append(node.ring, node.body, node.label, node.sounding);
    this.#nodes.append(node.group);
    this.#viewers.set(key, node);
    return node;
  }

  #drawFlows(flows: Flow[], places: Map<string, { at: Point; radius: number }>): void {
    const drawn = new Set<string>();
    for (const { from, to, bytesPerSecond } of flows) {
      const start = places.get(from);
      const end = places.get(to);
      if (!start || !end) continue;
      const key = `${from}>${to}`;
      drawn.add(key);
      const path = this.#paths.get(key) ?? this.#addPath(key, from);
      setAttribute(path, 'd', arrowPath(start.at, end.at, start.radius, end.radius));
      const share = Math.min(1.6, bytesPerSecond / fullBytesPerSecond);
      path.style.strokeWidth = (0.8 + share * (fullRateWidth - 0.8)).toFixed(2);
      path.style.setProperty('--strength', Math.min(1, 0.15 + share * 3).toFixed(2));
    }
    for (const [key, path] of this.#paths) {
      if (drawn.has(key)) continue;
      path.remove();
      this.#paths.delete(key);
    }
  }

  #addPath(key: string, from: string): SVGPathElement {
    const source = from === 'origin' ? 'origin' : from.startsWith('edge-') ? 'edge' : 'peers';
    const path = makeSvg('path', {
      class: `arrow arrow-${source}`,
      'marker-end': `url(#head-${source})`,
    });
    this.#arrows.append(path);
    this.#paths.set(key, path);
    return path;
  }
}

/** The drawing in words, for those who do not see it. */
function describe(viewers: DrawnViewer[], flows: Flow[]): string {
  const names = new Map<string, string>([
    ...Object.entries(serverTitles),
    ...viewers.map(({ key, label }): [string, string] => [
      key,
      label ? `viewer ${label}` : 'a viewer of another page',
    ]),
  ]);
  const fed = new Map<string, string[]>();
  for (const { from, to } of flows) {
    fed.set(from, [...(fed.get(from) ?? []), names.get(to) ?? 'somebody who left']);
  }
  const sentences = [...fed].map(
    ([from, to]) => `${names.get(from) ?? 'Somebody'} feeds ${to.join(', ')}.`,
  );
  return sentences.join(' ') || 'Nothing flows yet.';
}

function markers(): SVGDefsElement {
  const definitions = makeSvg('defs');
  for (const source of ['origin', 'edge', 'peers']) {
    const marker = makeSvg('marker', {
      id: `head-${source}`,
      viewBox: '0 0 8 8',
      refX: 4,
      refY: 4,
      markerWidth: 12,
      markerHeight: 12,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    });
    marker.append(makeSvg('path', { d: 'M0 .6 8 4 0 7.400Z', class: `head head-${source}` }));
    definitions.append(marker);
  }
  return definitions;
}

/** Land with the servers, and lines of equal depth off its coast. */
function shore(): SVGGElement {
  const group = makeSvg('g', { class: 'shore' });
  // Four pieces of curve from the top of the drawing to its bottom.
  const coast =
    'C158 14 141 22 144 40S163 66 158 84 137 102 140 121 150 138 147 153 133 169 138 189 ' +
    '161 203 160 222 142 240 146 259 159 270 154 288 157 308 152 320';
  for (const [index, offset] of [66, 44, 24].entries()) {
    const path = makeSvg('path', {
      d: `M0 0H${160}${coast}H0Z`,
      transform: `translate(${offset} 0)`,
      class: `depth depth-${index}`,
    });
    group.append(path);
  }
  group.append(makeSvg('path', { d: `M0 0H160${coast}H0Z`, class: 'land' }));
  const ashore = makeSvg('text', { x: 12, y: 22, class: 'land-label' });
  ashore.textContent = 'Servers';
  const atSea = makeSvg('text', { x: 448, y: 279, class: 'sea-label' });
  atSea.textContent = 'the room';
  group.append(ashore, atSea);
  return group;
}
