import { limits as defaults } from '../../protocol/index.ts';
import { assert } from '../assert.ts';
import type { Messages, MessagesEffect, MessagesEvent, MessagesOptions } from './events.ts';
import { remove } from './removing.ts';
import { send } from './sending.ts';
import type { Context } from './state.ts';
import { join, leave, sweep, tellDue } from './telling.ts';

/**
 * The messages of all rooms of one process: who may send what, who is told when, what newcomers get. Decides only: no
 * clock, no timer, no I/O. A message costs work in proportion to its room once an interval, and nothing before.
 */
export function createMessages(options: MessagesOptions = {}): Messages {
  const limits = { ...defaults, ...options.limits };
  const context: Context = {
    limits,
    ...{ rooms: new Map(), viewers: new Map(), busy: new Set(), busyViewers: 0 },
    ...{ remembering: new Set(), empty: new Set(), keptBytes: 0, keptCount: 0 },
    ...{ senders: new Map(), repeats: new Map(), effects: [], nowMs: 0 },
  };
  let toldAtMs = 0;
  let sweptAtMs = 0;
  let announcedMs: number | null = null;

  /** Instants lie on a grid, so that all rooms share a wake-up. */
  const nextMs = (intervalMs: number) => (Math.floor(context.nowMs / intervalMs) + 1) * intervalMs;
  const periodOf = (atMs: number, intervalMs: number) => Math.floor(atMs / intervalMs);

  function runDue(): void {
    const { nowMs } = context;
    const { messagesIntervalMs, messagesSweepMs } = limits;
    if (periodOf(nowMs, messagesIntervalMs) > periodOf(toldAtMs, messagesIntervalMs)) {
      toldAtMs = nowMs;
      tellDue(context);
    }
    if (periodOf(nowMs, messagesSweepMs) > periodOf(sweptAtMs, messagesSweepMs)) {
      sweptAtMs = nowMs;
      sweep(context);
    }
  }

  function announceWake(): void {
    const { busy, empty, remembering, senders, repeats } = context;
    const toSweep = empty.size + remembering.size + senders.size + repeats.size;
    if (busy.size + toSweep === 0) return;
    const atMs = nextMs(busy.size > 0 ? limits.messagesIntervalMs : limits.messagesSweepMs);
    if (atMs === announcedMs) return;
    assert(atMs > context.nowMs, 'a wake-up lies in the future');
    announcedMs = atMs;
    context.effects.push({ type: 'wakeAt', atMs });
  }

  return {
    handle(event, nowMs) {
      context.nowMs = Math.max(context.nowMs, nowMs);
      const effects: MessagesEffect[] = [];
      context.effects = effects;
      if (event.type === 'woke' || (announcedMs !== null && announcedMs <= context.nowMs))
        announcedMs = null;
      runDue();
      dispatch(context, event);
      announceWake();
      context.effects = [];
      return effects;
    },
    stats: () => ({
      rooms: context.rooms.size,
      viewers: context.viewers.size,
      kept: context.keptCount,
      keptBytes: context.keptBytes,
      senders: context.senders.size,
      repeats: context.repeats.size,
    }),
  };
}

function dispatch(context: Context, event: MessagesEvent): void {
  if (event.type === 'viewerJoined') join(context, event);
  else if (event.type === 'viewerLeft') leave(context, event.connectionId);
  else if (event.type !== 'woke') {
    const viewer = context.viewers.get(event.connectionId);
    if (!viewer) return;
    if (event.type === 'sent') send(context, viewer, event.frame, event.messageId);
    else remove(context, viewer, event.frame);
  }
}
