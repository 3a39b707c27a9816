/** Where the drawing puts its nodes: servers ashore on the left, viewers at sea on a ring. Pure. */
import type { ServerName } from './servers.ts';

export interface Point {
  x: number;
  y: number;
}

export const drawingSize = { width: 460, height: 290 };

export const serverPlaces: Record<ServerName, Point> = {
  origin: { x: 38, y: 145 },
  'edge-a': { x: 112, y: 48 },
  'edge-b': { x: 112, y: 112 },
  'edge-c': { x: 112, y: 176 },
  'edge-d': { x: 112, y: 240 },
};

const centre: Point = { x: 312, y: 145 };
const radius: Point = { x: 104, y: 100 };

/** Radius of a viewer's node among so many. */
export function nodeRadius(nodes: number): number {
  if (nodes <= 8) return 16;
  return nodes <= 16 ? 12.5 : 9;
}

/** The first is nearest to the shore at the top; the rest follow clockwise. */
export function viewerPlaces(nodes: number): Point[] {
  if (nodes === 1) return [{ x: centre.x - 40, y: centre.y }];
  // Started half a step off, no viewer lies on the line between the edges and another one.
  return Array.from({ length: nodes }, (_, index) => {
    const angle = ((index + 0.5) / nodes) * 2 * Math.PI - Math.PI;
    return {
      x: centre.x + radius.x * Math.cos(angle),
      y: centre.y + radius.y * Math.sin(angle),
    };
  });
}

/** Direction away from the middle of the ring. */
export function outwards({ x, y }: Point): Point {
  const length = Math.hypot(x - centre.x, y - centre.y) || 1;
  return { x: (x - centre.x) / length, y: (y - centre.y) / length };
}

/** A curve from one node's rim to another's, bent to its right so that both directions are seen. */
export function arrowPath(from: Point, to: Point, fromRadius: number, toRadius: number): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const bend = Math.min(26, length * 0.12);
  const middle = {
    x: (from.x + to.x) / 2 - along.y * bend,
    y: (from.y + to.y) / 2 + along.x * bend,
  };
  const start = towards(from, middle, fromRadius + 2);
  const end = towards(to, middle, toRadius + 8);
  const text = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${text(start)} Q${text(middle)} ${text(end)}`;
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return {
    x: from.x + ((to.x - from.x) / length) * distance,
    y: from.y + ((to.y - from.y) / length) * distance,
  };
}
