/** The classifier of messages under a clock: the page of `npm run bench -- messages`. */
import { createClassifierCore } from '../../../sdk/core/messages/classifier.ts';
import type { HashedHeader, LogRow } from '../../../sdk/core/messages/events.ts';
import { shippedModel } from '../../../sdk/core/messages/shipped/shipped.ts';
import { createMessageClassifier } from '../../../sdk/messages.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import type { MessageHeader } from '../../../signaling/protocol/messages.ts';

export interface Spread {
  count: number;
  medianMs: number;
  p99Ms: number;
  maxMs: number;
}

export interface LoadFigures {
  durationMs: number;
  messages: number;
  refused: number;
  rowsDropped: number;
  classify: Spread;
  /** Calls without an answer, in each sixth of the time. */
  waiting: { meanCount: number; maxCount: number }[];
}

const messagesPerSecond = 1_000;
const tickMs = 10;
const sixths = 6;
const ruleCalls = 20_000;
const classifyCalls = 5_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let lastId = 0;

/** Of a busy chat: 500 people, of whom few write most, in 3 rooms and some threads; answers and mentions of some. */
function nextHeader(): MessageHeader {
  lastId += 1;
  const person = (spread: number) => `user-${Math.floor(500 * Math.random() ** spread)}`;
  const isOneIn = (count: number) => Math.random() * count < 1;
  return {
    ...{ id: `message-${lastId}`, room: `room-${lastId % 3}`, from: person(3) },
    ...{ role: isOneIn(20) ? 'moderator' : 'viewer', kind: isOneIn(10) ? 'reaction' : 'chat' },
    ...{ sentAtMs: Date.now(), priority: 'normal' },
    ...(isOneIn(4) && { mentions: [person(1), isOneIn(5) ? 'user-me' : person(1)] }),
    ...(isOneIn(3) && { replyTo: `message-${Math.max(1, lastId - 20)}` }),
    ...(isOneIn(5) && { thread: `thread-${lastId % 40}` }),
  } as MessageHeader;
}

/** The ids themselves stand for their pseudonyms. */
function hashed(header: MessageHeader): HashedHeader {
  const { id, to = null, mentions = [], replyTo = null, thread = null, ...rest } = header;
  const { textLength = null } = header;
  return { ...rest, message: id, to, mentions, replyTo, thread, textLength, expiresAtMs: null };
}

function spreadOf(times: number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

const classifier = await createMessageClassifier({ me: 'user-me', adapt: true });

async function fill(): Promise<void> {
  for (let count = 0; count < limits.messageLogRowsMax; count += 500) {
    const headers = Array.from({ length: 500 }, nextHeader);
    await Promise.all(headers.map((header) => classifier.record({ type: 'seen', header })));
  }
}

/** What is done between two looks at the clock, many times. */
function measureRules(): Spread {
  const core = createClassifierCore({ me: 'user-me', model: shippedModel(), adapt: true });
  const rows = Array.from({ length: limits.messageLogRowsMax }, (_, index): LogRow => {
    const header = hashed(nextHeader());
    return { sequence: index + 1, atMs: header.sentAtMs, type: 'seen', header };
  });
  core.handle({ type: 'loaded', rows, settings: null }, Date.now());
  const times: number[] = [];
  for (let call = 0; call < ruleCalls; call += 1) {
    const header = hashed(nextHeader());
    const nowMs = Date.now();
    const startedAtMs = performance.now();
    core.classify(header, nowMs);
    times.push(performance.now() - startedAtMs);
    core.handle({ type: 'recorded', event: 'seen', header }, nowMs);
  }
  return spreadOf(times);
}

async function timed(call: () => Promise<unknown>, times: number[]): Promise<unknown> {
  const startedAtMs = performance.now();
  const answer = await call();
  times.push(performance.now() - startedAtMs);
  return answer;
}

async function measureClassify(): Promise<Spread> {
  const times: number[] = [];
  for (let call = 0; call < classifyCalls; call += 1) {
    const header = nextHeader();
    await timed(() => classifier.classify(header), times);
  }
  return spreadOf(times);
}

async function measureLoad(durationMs: number): Promise<LoadFigures> {
  const times: number[] = [];
  const samples: number[][] = Array.from({ length: sixths }, () => []);
  let [messages, waiting, refused] = [0, 0, 0];
  const watch = async (call: () => Promise<unknown>, isDone: (answer: never) => boolean) => {
    waiting += 1;
    const answer = await call();
    waiting -= 1;
    if (!isDone(answer as never)) refused += 1;
  };
  const startedAtMs = performance.now();
  const before = await classifier.state();
  for (let spentMs = 0; spentMs < durationMs; spentMs = performance.now() - startedAtMs) {
    // Before the next ones, so that what is left of the last tick counts, and not what comes with this.
    samples[Math.min(sixths - 1, Math.floor((spentMs * sixths) / durationMs))]?.push(waiting);
    for (; messages < (spentMs * messagesPerSecond) / 1_000; messages += 1) {
      const header = nextHeader();
      const classify = () => timed(() => classifier.classify(header), times);
      void watch(classify, ({ status }: { status: string }) => status === 'classified');
      const record = () => classifier.record({ type: 'seen', header });
      void watch(record, (answer: string) => answer === 'recorded');
    }
    await sleep(tickMs);
  }
  const spentMs = performance.now() - startedAtMs;
  const { storage } = await classifier.state();
  return {
    ...{ durationMs: spentMs, messages, refused, classify: spreadOf(times) },
    rowsDropped: storage.rowsDropped - before.storage.rowsDropped,
    waiting: samples.map((counts) => ({
      meanCount: counts.reduce((sum, count) => sum + count, 0) / counts.length,
      maxCount: Math.max(...counts),
    })),
  };
}

const messagesBench = {
  ...{ fill, measureRules, measureClassify, measureLoad },
  state: () => classifier.state(),
};
declare global {
  interface Window {
    messagesBench: typeof messagesBench;
  }
}
window.messagesBench = messagesBench;
