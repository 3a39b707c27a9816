/** Joins a room and leaves it again and again in one page; tests look for what is left. */
import Hls from 'hls.js';
import { joinRoom } from '../../../sdk/index.ts';

const parameters = new URLSearchParams(location.search);
const read = (name: string) => parameters.get(name) ?? '';
const video = document.querySelector('video') as HTMLVideoElement;

/** Timers that are set and not yet cleared. */
const pending = { timeouts: new Set<number>(), intervals: new Set<number>() };

function watchTimers(): void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = window;
  const set = (handler: TimerHandler, delayMs?: number, ...rest: unknown[]): number => {
    const id = setTimeout(
      (...values: unknown[]) => {
        pending.timeouts.delete(id);
        if (typeof handler === 'function') handler(...values);
      },
      delayMs,
      ...rest,
    );
    pending.timeouts.add(id);
    return id;
  };
  const repeat = (handler: TimerHandler, delayMs?: number, ...rest: unknown[]): number => {
    const id = setInterval(handler, delayMs, ...rest);
    pending.intervals.add(id);
    return id;
  };
  const clear = (id?: number): void => {
    pending.timeouts.delete(id ?? -1);
    pending.intervals.delete(id ?? -1);
    clearTimeout(id);
    clearInterval(id);
  };
  Object.assign(window, {
    setTimeout: set,
    setInterval: repeat,
    clearTimeout: clear,
    clearInterval: clear,
  });
}

watchTimers();

interface Visit {
  linked: boolean;
  fromPeers: boolean;
  stored: boolean;
}

/** One visit: join, play, be linked and fed, keep something behind memory, leave. */
async function visit(options: Record<string, unknown>, withinMs: number): Promise<Visit> {
  const session = joinRoom({
    room: read('room'),
    signaling: read('signaling'),
    token: read('token'),
    media: video,
    upload: true,
    ...options,
  });
  const hls = new Hls(session.hls());
  hls.loadSource(read('src'));
  hls.attachMedia(video);
  const seen: Visit = { linked: false, fromPeers: false, stored: false };
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs && !(seen.linked && seen.fromPeers && seen.stored)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { neighbours, bytesFromPeers } = session.stats();
    seen.linked ||= neighbours.length > 0;
    seen.fromPeers ||= bytesFromPeers > 0;
    seen.stored ||= (await storedCount()) > 0;
  }
  await session.close();
  hls.destroy();
  return seen;
}

/** Segments in IndexedDB; 0 before there is a database. */
async function storedCount(): Promise<number> {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (!names.includes('holdfast')) return 0;
  return await new Promise((resolve, reject) => {
    const opening = indexedDB.open('holdfast');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const counting = database.transaction('segments').objectStore('segments').count();
      counting.onsuccess = () => {
        database.close();
        resolve(counting.result);
      };
    };
  });
}

/** Whether the database can be deleted at once, as it can when no connection to it is open. */
function isDatabaseFree(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase('holdfast');
    deleting.onblocked = () => resolve(false);
    deleting.onsuccess = () => resolve(true);
    deleting.onerror = () => reject(deleting.error);
  });
}

const visits = {
  visit,
  storedCount,
  isDatabaseFree,
  pending: () => ({ timeouts: pending.timeouts.size, intervals: pending.intervals.size }),
};

export type VisitsUnderTest = typeof visits;
declare global {
  interface Window {
    visits: VisitsUnderTest;
  }
}
window.visits = visits;
