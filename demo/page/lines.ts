import type { EdgeName } from './servers.ts';
import { randomId } from './viewer.ts';

/** A name for a viewer's own way to its edge that nobody uses. One that is free again goes first: there are only so many. */
export function freeLine(edge: EdgeName, taken: ReadonlySet<string>): string {
  for (let seat = 1; ; seat++) {
    const line = `${pageId()}-${edge}-${seat}`;
    if (!taken.has(line)) return line;
  }
}

/** The same after a reload, so that its lines are used again. */
function pageId(): string {
  const known = sessionStorage.getItem('page') ?? randomId();
  sessionStorage.setItem('page', known);
  return known;
}
