export interface TabsListener {
  /** What a viewer of the profile sent, as a structured clone; not yet checked. */
  onMessage(from: string, data: unknown): void;
}

export interface TabWatch {
  /** The viewer is in this profile. Comes at most once, before `onGone`. */
  onNear(): void;
  /** It never was, or is no more: closed, crashed, left. Comes at most once and last. */
  onGone(): void;
}

/** The viewers of one browser profile: tabs, frames and workers of one origin. */
export interface Tabs {
  /** From now on others find this viewer and can write to it; another id takes the place of an earlier one. */
  open(viewerId: string, listener: TabsListener): void;
  /** Returns the function that stops watching; nothing is told after that. */
  watch(viewerId: string, watch: TabWatch): () => void;
  /** Copies the message once. Whoever is not there gets nothing. Does nothing before `open`. */
  send(viewerId: string, data: unknown): void;
  /** Others see this viewer gone; `open` brings it back. */
  close(): void;
}
