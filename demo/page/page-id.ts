/** `crypto.randomUUID` is missing in pages that a phone opens by address, without HTTPS. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** The same after a reload, so that its lines are used again, and its viewers stay who they were in the chat. */
export function pageId(): string {
  const known = sessionStorage.getItem('page') ?? randomId();
  sessionStorage.setItem('page', known);
  return known;
}
