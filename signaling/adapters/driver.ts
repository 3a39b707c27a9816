interface WakeAt {
  type: 'wakeAt';
  atMs: number;
}

export interface DriverOptions<Event, Effect> {
  core: { handle(event: Event, nowMs: number): Effect[] };
  nowMs: () => number;
  perform: (effect: Exclude<Effect, WakeAt>) => void;
  /** A mistake of ours: what is left of the event is not done, later ones are. */
  failed: (event: Event, error: unknown) => void;
  /** After the effects of all events that are there. */
  rested?: () => void;
}

/** Feeds events to a core one after another and performs its effects; has the one timer for them. */
export interface Driver<Event> {
  handle(event: Event): void;
  /** No timer fires any more. */
  close(): void;
}

export function createDriver<
  Event extends { type: string },
  Effect extends { type: string } | WakeAt,
>(options: DriverOptions<Event | { type: 'woke' }, Effect>): Driver<Event> {
  const { core, nowMs, perform, failed, rested } = options;
  const queue: (Event | { type: 'woke' })[] = [];
  let busy = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function wakeAt(atMs: number): void {
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => handle({ type: 'woke' }), Math.max(1, atMs - nowMs()));
  }

  function handle(event: Event | { type: 'woke' }): void {
    // Performing an effect can close a socket, which is an event: it waits until the effects are through.
    queue.push(event);
    if (busy) return;
    busy = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        for (const effect of core.handle(next, nowMs())) {
          if (isWakeAt(effect)) wakeAt(effect.atMs);
          else perform(effect as Exclude<Effect, WakeAt>);
        }
      } catch (error) {
        failed(next, error);
      }
    }
    busy = false;
    rested?.();
  }

  return {
    handle,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function isWakeAt(effect: { type: string } | WakeAt): effect is WakeAt {
  return effect.type === 'wakeAt';
}
