export interface PageListener {
  /** The page is about to stand still, or to end. */
  away(): void;
  /** It goes on. */
  back(): void;
  /** It is on another network, or on one again. */
  networkChanged(): void;
}

/** Watches what becomes of the page: frozen, kept for a return (bfcache), closed; and its network. */
export function watchPage({ away, back, networkChanged }: PageListener): { close(): void } {
  const abort = new AbortController();
  // Chromium has it and tells of every new estimate of the speed; only another kind of network is news.
  const { connection } = navigator as { connection?: EventTarget & { type?: string } };
  let type = connection?.type;
  const compare = () => {
    if (connection?.type === type) return;
    type = connection?.type;
    networkChanged();
  };
  const listen = (target: EventTarget | undefined, name: string, heard: () => void) =>
    target?.addEventListener(name, heard, { signal: abort.signal });
  listen(document, 'freeze', away);
  listen(document, 'resume', back);
  // A page that listens is also given the time to say goodbye: peers then learn of a closed tab in milliseconds.
  listen(window, 'pagehide', away);
  listen(window, 'pageshow', back);
  listen(window, 'online', networkChanged);
  listen(connection, 'change', compare);
  return { close: () => abort.abort() };
}

/** Tells when nobody looks at the page any more: the last moment at which every browser still lets it do something. */
export function watchHidden(hidden: () => void): { close(): void } {
  const abort = new AbortController();
  const { signal } = abort;
  const look = () => {
    if (document.visibilityState === 'hidden') hidden();
  };
  // A script that runs in a worker of the app's has neither.
  globalThis.document?.addEventListener('visibilitychange', look, { signal });
  globalThis.addEventListener?.('pagehide', hidden, { signal });
  return { close: () => abort.abort() };
}
