/** Small helpers for the page's elements. */

/** @throws Error when the page has no such element: it and the scripts belong together. */
export function byId<Type extends Element = HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as unknown as Type;
}

/** Makes an element with classes and children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Writes only what changed: every write costs a layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

const roles = { TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TR: 'row', TD: 'cell' };

/** Tables and their parts are no tables any more to those who listen, where a phone's layout takes them apart. */
export function giveTableRoles(root: HTMLElement): void {
  for (const element of [root, ...root.querySelectorAll<HTMLElement>('*')]) {
    const role = roles[element.tagName as keyof typeof roles];
    if (role) element.setAttribute('role', role);
    if (element instanceof HTMLTableCellElement && element.scope)
      element.setAttribute('role', element.scope === 'row' ? 'rowheader' : 'columnheader');
  }
}
