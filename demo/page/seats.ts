/** Who a viewer of this page is in the drawing and in the chat. */
import { type Person, vacantRole } from './chat/people.ts';
import type { DrawnViewer } from './drawing.ts';
import { pageId } from './page-id.ts';
import type { Viewer } from './viewer.ts';

export function keyOf(viewer: Viewer): string {
  return `viewer:${viewer.number}`;
}

export function drawnOf(viewer: Viewer): DrawnViewer {
  const { groupRole, bufferMs, edgeHealth } = viewer.stats;
  return {
    key: keyOf(viewer),
    label: String(viewer.number),
    role: groupRole,
    stalled: viewer.stalledSinceMs !== null,
    isCutOff: edgeHealth === 'dark' || edgeHealth === 'partial',
    bufferMs,
  };
}

/** The same after a reload: what it wrote stays its own. */
export function personOf(number: number, others: readonly Viewer[]): Person {
  const role = vacantRole(others.map(({ person }) => person.role));
  return { subject: `${pageId()}-${number}`, name: `Viewer ${number}`, role };
}
